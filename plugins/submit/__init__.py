"""Every way to hand in a song: `/submit`, the portal's buttons, a link or file dropped in the channel."""

from __future__ import annotations

import alluka
import tanjun

from bot.router import Router
from plugins.submit import commands
from plugins.submit.commands import submit

__all__ = ["component", "load", "submit"]

component = tanjun.Component(name="submit").load_from_scope()


@component.with_on_open
async def register(router: alluka.Injected[Router]) -> None:
    """Puts this feature's forms and buttons where answers are routed, each time a bot opens."""
    router.include(commands.routes)


load = component.make_loader()
