"""`/queue`: the list, one's own songs in it, the public page, and for reviewers what comes in and goes."""

from __future__ import annotations

import alluka
import tanjun

from bot.router import Router
from plugins.queue import gates, listing, page
from plugins.queue.group import queue_, routes

__all__ = ["gates", "listing", "load", "page", "queue_"]

component = tanjun.Component(name="queue").load_from_scope()


@component.with_on_open
async def register(router: alluka.Injected[Router]) -> None:
    """Puts this feature's buttons where presses are routed, each time a bot opens."""
    router.include(routes)


load = component.make_loader()
