"""The one door for interactions: each is handed to Tanjun or miru and counted while it is answered."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import hikari
import miru
import tanjun

from bot.in_flight import InFlight
from bot.shards import GuildNames

Watch = Callable[[hikari.PartialInteraction], contextlib.AbstractContextManager[None]]
"""What surrounds the answering of one interaction, e.g. to take its time."""


class Intake:
    """Takes the place of both libraries' own listeners, once they have opened."""

    def __init__(
        self,
        bot: hikari.GatewayBot,
        commands: tanjun.Client,
        views: miru.Client,
        in_flight: InFlight,
        names: GuildNames,
        watch: Watch = contextlib.nullcontext,
    ) -> None:
        self._watch = watch
        self._commands = commands
        self._views = views
        self._in_flight = in_flight
        self._names = names
        for listener in tuple(bot.event_manager.get_listeners(hikari.InteractionCreateEvent)):
            bot.event_manager.unsubscribe(hikari.InteractionCreateEvent, listener)
        bot.event_manager.subscribe(hikari.InteractionCreateEvent, self._take)

    async def _take(self, event: hikari.InteractionCreateEvent) -> None:
        with self._in_flight.answering(), self._watch(event.interaction):
            match event.interaction:
                case hikari.ComponentInteraction():
                    await self._views.handle_component_interaction(event.interaction)
                case hikari.ModalInteraction():
                    await self._views.handle_modal_interaction(event.interaction)
                case hikari.AutocompleteInteraction(guild_id=guild):
                    await self._names.known(event.shard, guild)
                    await self._commands.on_interaction_create_event(event)
                case _:
                    await self._commands.on_interaction_create_event(event)
