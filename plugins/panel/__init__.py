"""The reviewer panel: its presses, and the forms it opens."""

from __future__ import annotations

import alluka
import miru
import tanjun

from bot.in_flight import InFlight
from bot.router import Router
from components.panel import PanelView
from plugins.panel.forms import routes
from plugins.panel.presses import Presses
from state.configure import Configuration
from state.queue import Queue

component = tanjun.Component(name="panel").load_from_scope()


@component.with_on_open
async def register(
    router: alluka.Injected[Router],
    views: alluka.Injected[miru.Client],
    queue: alluka.Injected[Queue],
    configuration: alluka.Injected[Configuration],
    in_flight: alluka.Injected[InFlight],
) -> None:
    """Starts the one view that serves every panel, old or new."""
    router.include(routes)
    views.start_view(PanelView(Presses(queue, configuration), in_flight.answering), bind_to=None)


load = component.make_loader()
