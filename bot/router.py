"""Buttons and selects whose custom_id carries data, and modals that outlive a restart.

A custom_id reads `s1:<name>:<arg>:<arg>`: a version, the name of a handler, and data. Whoever sends one can
make it up, so it says what is meant and never who may do it: handlers check the permission and the state
again. One `Router` serves all guilds and keeps nothing between presses.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable
from typing import Generic, TypeAlias, TypeVar
from urllib.parse import quote, unquote

import alluka
import hikari

from bot.answers import Responder, explain, tell
from bot.errors import Reporter
from components.texts import say

__all__ = ["Press", "Router", "Submission", "decode", "encode", "modal_values"]

VERSION = "s1"
LONGEST_CUSTOM_ID = 100

# Discord wants an answer within 3 s; what takes longer promises one first.
_DEFER_AFTER = 2.0
_NAME = re.compile(r"[a-z][a-z0-9._-]{0,31}")

_LOG = logging.getLogger("skipline.router")

_InteractionT = TypeVar("_InteractionT", hikari.ComponentInteraction, hikari.ModalInteraction)
_T = TypeVar("_T")


def encode(name: str, *args: object) -> str:
    """Return the custom_id for handler `name` with `args` as text.

    Raises ValueError when the name is malformed or the result is longer than Discord's 100 characters.
    """
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is not a handler name")
    custom_id = ":".join((VERSION, name, *(quote(str(arg), safe="") for arg in args)))
    if len(custom_id) > LONGEST_CUSTOM_ID:
        raise ValueError(
            f"custom_id of {len(custom_id)} characters for {name!r}; at most {LONGEST_CUSTOM_ID}"
        )
    return custom_id


def decode(custom_id: str) -> tuple[str, tuple[str, ...]] | None:
    """Return handler name and args, or None for anything `encode` cannot have made. Never raises."""
    version, *parts = custom_id.split(":")
    if version != VERSION or not parts or not _NAME.fullmatch(parts[0]):
        return None
    args = tuple(unquote(part) for part in parts[1:])
    if [quote(arg, safe="") for arg in args] != parts[1:]:
        return None
    return parts[0], args


def modal_values(interaction: hikari.ModalInteraction) -> dict[str, str]:
    """Return what was typed, by the custom_id of each text input, surrounding blanks removed.

    hikari 2.7 drops everything in a modal but text inputs in action rows.
    """
    return {
        component.custom_id: (component.value or "").strip()
        for row in interaction.components
        for component in row
    }


class _Received(Responder, Generic[_InteractionT]):
    """What a handler gets: the interaction, the data of its custom_id, ways to answer, the dependencies."""

    interaction: _InteractionT

    def __init__(
        self, interaction: _InteractionT, args: tuple[str, ...], injector: alluka.abc.Client
    ) -> None:
        super().__init__(interaction)
        self.args = args
        self._injector = injector

    def get(self, kind: type[_T]) -> _T:
        """Return the dependency of that type. Raises KeyError when the composition root provides none."""
        return self._injector.get_type_dependency(kind)


class Press(_Received[hikari.ComponentInteraction]):
    """A pressed button or a choice from a select menu."""

    @property
    def values(self) -> tuple[str, ...]:
        """What was chosen from a select menu."""
        return tuple(self.interaction.values)


class Submission(_Received[hikari.ModalInteraction]):
    """A submitted modal."""

    @property
    def values(self) -> dict[str, str]:
        """What was typed, by the custom_id of each text input."""
        return modal_values(self.interaction)


PressHandler: TypeAlias = Callable[[Press], Awaitable[None]]
SubmissionHandler: TypeAlias = Callable[[Submission], Awaitable[None]]


class Router:
    """The handlers of one bot, by name. A plugin registers its own; the composition root attaches it."""

    def __init__(self) -> None:
        self._components: dict[str, PressHandler] = {}
        self._modals: dict[str, SubmissionHandler] = {}

    def component(self, name: str) -> Callable[[PressHandler], PressHandler]:
        """Register the handler of a button or select. Raises ValueError for a malformed or taken name."""

        def register(handler: PressHandler) -> PressHandler:
            _add(self._components, name, handler)
            return handler

        return register

    def modal(self, name: str) -> Callable[[SubmissionHandler], SubmissionHandler]:
        """Register the handler of a modal. Raises ValueError for a malformed or taken name."""

        def register(handler: SubmissionHandler) -> SubmissionHandler:
            _add(self._modals, name, handler)
            return handler

        return register

    def include(self, other: Router) -> None:
        """Take over all handlers of another router. Raises ValueError when a name is taken."""
        for name, press in other._components.items():
            _add(self._components, name, press)
        for name, submission in other._modals.items():
            _add(self._modals, name, submission)

    def forget(self, module: str) -> None:
        """Drop the handlers that a module, or any part of that package, defined: it is to be replaced."""
        for handlers in (self._components, self._modals):
            for name, handler in tuple(handlers.items()):
                defined = getattr(handler, "__module__", "")
                if defined == module or defined.startswith(f"{module}."):
                    del handlers[name]

    @property
    def component_names(self) -> frozenset[str]:
        """The names of all buttons and selects that have a handler."""
        return frozenset(self._components)

    @property
    def modal_names(self) -> frozenset[str]:
        """The names of all modals that have a handler."""
        return frozenset(self._modals)

    async def press(
        self, interaction: hikari.ComponentInteraction, injector: alluka.abc.Client, reporter: Reporter
    ) -> None:
        """Answer a component nobody else knows. Never raises."""
        known = decode(interaction.custom_id)
        handler = self._components.get(known[0]) if known else None
        if known is None or handler is None:
            await tell(interaction, say("errors.old_button", str(interaction.locale)))
            return
        press = Press(interaction, known[1], injector)
        await _run(handler(press), press, f"component {known[0]}", reporter)

    async def submit(
        self, interaction: hikari.ModalInteraction, injector: alluka.abc.Client, reporter: Reporter
    ) -> None:
        """Answer a modal nobody else knows. Never raises."""
        known = decode(interaction.custom_id)
        handler = self._modals.get(known[0]) if known else None
        if known is None or handler is None:
            await tell(interaction, say("errors.old_form", str(interaction.locale)))
            return
        submission = Submission(interaction, known[1], injector)
        await _run(handler(submission), submission, f"modal {known[0]}", reporter)


_HandlerT = TypeVar("_HandlerT")


def _add(handlers: dict[str, _HandlerT], name: str, handler: _HandlerT) -> None:
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is not a handler name")
    if name in handlers:
        raise ValueError(f"there is a handler for {name!r} already")
    handlers[name] = handler


async def _run(handling: Awaitable[None], responder: Responder, where: str, reporter: Reporter) -> None:
    task = asyncio.ensure_future(handling)
    try:
        done, _ = await asyncio.wait({task}, timeout=_DEFER_AFTER)
        if not done:
            await _promise(responder, where)
        await task
    except Exception as error:
        if (text := explain(error, where, reporter, str(responder.interaction.locale))) is None:
            return
        try:
            await responder.respond(text)
        except Exception as failure:
            reporter.report(failure, f"{where}, telling of a fault")


async def _promise(responder: Responder, where: str) -> None:
    try:
        await responder.defer()
    except hikari.HikariError as error:
        # What the handler does goes on and counts, even if its answer can no longer be shown.
        _LOG.warning("Could not promise an answer to %s: %s", where, error)
