"""`/settings`: everything a server can choose, for those who manage it."""

from __future__ import annotations

import alluka
import tanjun

from bot.router import Router
from plugins.settings import file, ladder, values
from plugins.settings.group import routes, settings_

__all__ = ["file", "ladder", "load", "settings_", "values"]

component = tanjun.Component(name="settings").load_from_scope()


@component.with_on_open
async def register(router: alluka.Injected[Router]) -> None:
    """Puts this feature's buttons and forms where presses are routed, each time a bot opens."""
    router.include(routes)


load = component.make_loader()
