"""Every way to hand in a song: `/submit`, the portal's buttons, a link or file dropped in the channel."""

from __future__ import annotations

import alluka
import tanjun

from bot.router import Router
from components.dropped import reads_messages
from plugins.submit import commands, drops, portal
from plugins.submit.commands import submit

__all__ = ["component", "load", "submit"]

component = tanjun.Component(name="submit").load_from_scope()


@component.with_on_open
async def register(router: alluka.Injected[Router], client: alluka.Injected[tanjun.abc.Client]) -> None:
    """Puts this feature's forms and buttons where answers are routed, each time a bot opens."""
    router.include(commands.routes)
    router.include(drops.routes)
    router.include(portal.routes)
    if reads_messages(client.shards):
        listening = drops.Drops(client)
        client.metadata[drops.Drops] = listening
        listening.open()


@component.with_on_close
async def leave(client: alluka.Injected[tanjun.abc.Client]) -> None:
    """Stops listening."""
    listening = client.metadata.pop(drops.Drops, None)
    if listening is not None:
        listening.close()


load = component.make_loader()
