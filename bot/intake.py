"""The one door for interactions: hands each to Tanjun or miru and knows what is still being answered."""

from __future__ import annotations

import asyncio

import hikari
import miru
import tanjun


class Intake:
    """Takes the place of both libraries' own listeners, so that a stopping process can finish its answers."""

    def __init__(self, bot: hikari.GatewayBot, commands: tanjun.Client, views: miru.Client) -> None:
        self._commands = commands
        self._views = views
        self._in_flight = 0
        self._idle = asyncio.Event()
        self._idle.set()
        for listener in tuple(bot.event_manager.get_listeners(hikari.InteractionCreateEvent)):
            bot.event_manager.unsubscribe(hikari.InteractionCreateEvent, listener)
        bot.event_manager.subscribe(hikari.InteractionCreateEvent, self._take)

    async def _take(self, event: hikari.InteractionCreateEvent) -> None:
        self.begin()
        try:
            match event.interaction:
                case hikari.ComponentInteraction():
                    await self._views.handle_component_interaction(event.interaction)
                case hikari.ModalInteraction():
                    await self._views.handle_modal_interaction(event.interaction)
                case _:
                    await self._commands.on_interaction_create_event(event)
        finally:
            self.end()

    def begin(self) -> None:
        """Counts one answer in the making; a miru callback outlives the call that started it."""
        self._in_flight += 1
        self._idle.clear()

    def end(self) -> None:
        """Counts it as given."""
        self._in_flight -= 1
        if not self._in_flight:
            self._idle.set()

    async def drained(self) -> None:
        """Waits until every interaction taken so far is answered; put a time-out around it."""
        quiet = 0
        # A view's callback runs in a task of its own that starts a turn of the loop later: look again.
        while quiet < 3:
            if not self._idle.is_set():
                await self._idle.wait()
                quiet = 0
            await asyncio.sleep(0)
            quiet += 1
