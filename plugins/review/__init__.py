"""`/review`: the moves of the queue as commands, for reviewers."""

from __future__ import annotations

import alluka
import tanjun

from bot.router import Router
from plugins.review import claims, moves
from plugins.review.desk import review, routes
from plugins.review.history import songs_of_person
from plugins.review.notes import score_this

__all__ = ["claims", "component", "load", "moves", "review", "score_this", "songs_of_person"]

component = tanjun.Component(name="review").load_from_scope()


@component.with_on_open
async def register(router: alluka.Injected[Router]) -> None:
    """Puts this feature's buttons where presses are routed, each time a bot opens."""
    router.include(routes)


load = component.make_loader()
