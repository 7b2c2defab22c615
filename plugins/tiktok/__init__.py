"""`/tiktok`: whose TikTok handle is whose, and the lives this server listens to."""

from __future__ import annotations

import alluka
import tanjun

from bot.router import Router
from plugins.tiktok import connections, handles
from plugins.tiktok.group import routes, tiktok

__all__ = ["connections", "handles", "load", "tiktok"]

component = tanjun.Component(name="tiktok").load_from_scope()


@component.with_on_open
async def register(router: alluka.Injected[Router]) -> None:
    """Puts this feature's buttons where presses are routed, each time a bot opens."""
    router.include(routes)


load = component.make_loader()
