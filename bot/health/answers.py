"""Counts interactions and takes the time from an interaction's arrival to its first answer.

The interaction being answered is known by a context variable, which tasks and timers begun on its behalf
inherit. All libraries answer through three methods of hikari's REST client, so those are where a first answer
is seen, whoever gives it: a command, a view, or the promise that is made after two seconds.
"""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Awaitable, Generator
from contextvars import ContextVar
from typing import Any, Final, Literal

import hikari
import tanjun

from bot import rest_client
from bot.answers import already_answered
from bot.errors import Reporter, Unavailable, UserError, unavailable
from bot.health.figures import Figures
from bot.router import decode

Outcome = Literal["answered", "refused", "unavailable", "failed", "unanswered"]

LATE_SECONDS: Final = 10.0
"""After which no first answer is waited for; Discord takes none after 3."""

MOST_COMMANDS: Final = 300
"""Names that get figures of their own; Discord allows 100 commands, some of ours have several parts."""

OTHER: Final = "other"

_STATIC: Final = re.compile(r"[a-z][a-z_:.-]{0,39}")
_GROUPS: Final = frozenset({hikari.OptionType.SUB_COMMAND, hikari.OptionType.SUB_COMMAND_GROUP})


class _Taken:
    """One interaction: counted once both its first answer is given and its handler has returned."""

    __slots__ = ("_answers", "_began", "_command", "_counted", "_first", "_returned", "outcome")

    def __init__(self, answers: Answers, command: str) -> None:
        self._answers = answers
        self._command = command
        self._began = time.perf_counter()
        self._first = self._returned = self._counted = False
        self.outcome: Outcome = "answered"

    def first(self) -> None:
        """Discord has an answer."""
        if not self._first and not self._counted:
            self._first = True
            self._answers.figures.first_answer(self._command, time.perf_counter() - self._began)
            self._settle()

    def returned(self) -> None:
        """Whoever was called has returned; a view goes on in a task of its own."""
        self._returned = True
        self._settle()

    def give_up(self, now: float) -> None:
        """Counts it as unanswered when it is too late for an answer."""
        if now - self._began > LATE_SECONDS and not self._counted:
            if not self._first:
                self.outcome = "unanswered"
            self._count()

    def _settle(self) -> None:
        if self._first and self._returned:
            self._count()

    def _count(self) -> None:
        if not self._counted:
            self._counted = True
            self._answers.open.discard(self)
            self._answers.figures.interaction(self._command, self.outcome)


_current: ContextVar[_Taken | None] = ContextVar("interaction", default=None)


class Answers:
    """Watches the interactions of one process."""

    def __init__(self, figures: Figures) -> None:
        self.figures = figures
        self.open: set[_Taken] = set()
        self._names: set[str] = set()
        figures.before_scrape(self._sweep)

    @contextlib.contextmanager
    def watch(self, interaction: hikari.PartialInteraction) -> Generator[None]:
        """Surrounds the answering of one interaction."""
        taken = _Taken(self, self._name(interaction))
        self.open.add(taken)
        if len(self.open) % 1000 == 0:
            # Where nobody asks for the figures, those that were never answered must not pile up.
            self._sweep()
        token = _current.set(taken)
        try:
            yield
        finally:
            _current.reset(token)
            taken.returned()

    def install(self, bot: hikari.GatewayBot, commands: tanjun.Client) -> None:
        """Has first answers and the refusals of commands seen; once, after the hooks are in place."""
        rest_client.install(bot.rest, _TimedREST)
        assert commands.hooks is not None, "the hooks that answer refusals are in place"
        commands.hooks.add_on_error(_note_refusal)

    def _sweep(self) -> None:
        now = time.perf_counter()
        for taken in tuple(self.open):
            taken.give_up(now)

    def _name(self, interaction: hikari.PartialInteraction) -> str:
        name = name_of(interaction)
        if name not in self._names:
            if len(self._names) >= MOST_COMMANDS:
                return OTHER
            self._names.add(name)
        return name


class CountingReporter(Reporter):
    """A reporter that also notes what became of the interaction in hand, and counts faults."""

    def __init__(self, figures: Figures) -> None:
        super().__init__()
        self._figures = figures

    def report(self, error: BaseException, where: str) -> str:
        """Log and count."""
        outcome: Outcome = "failed" if unavailable(error) is None else "unavailable"
        self._figures.fault(outcome)
        _note(outcome)
        return super().report(error, where)


async def _note_refusal(_: tanjun.abc.Context, error: Exception) -> None:
    if isinstance(error, UserError):
        _note("unavailable" if isinstance(error, Unavailable) else "refused")


def _note(outcome: Outcome) -> None:
    taken = _current.get()
    if taken is not None:
        taken.outcome = outcome


class _TimedREST(rest_client.REST):
    __slots__ = ()

    async def create_interaction_response(self, *args: Any, **kwargs: Any) -> Any:
        return await _timed(super().create_interaction_response(*args, **kwargs))

    async def create_modal_response(self, *args: Any, **kwargs: Any) -> Any:
        return await _timed(super().create_modal_response(*args, **kwargs))

    async def create_autocomplete_response(self, *args: Any, **kwargs: Any) -> Any:
        return await _timed(super().create_autocomplete_response(*args, **kwargs))


async def _timed(call: Awaitable[Any]) -> Any:
    taken = _current.get()
    try:
        answer = await call
    except hikari.BadRequestError as refused:
        if taken is not None and already_answered(refused):
            taken.first()
        raise
    if taken is not None:
        taken.first()
    return answer


def name_of(interaction: hikari.PartialInteraction) -> str:
    """What was used, as a word or a few that do not grow with people: `/queue show`, `button claim`."""
    match interaction:
        case hikari.CommandInteraction() | hikari.AutocompleteInteraction():
            words = [interaction.command_name]
            options: Any = interaction.options
            while options and options[0].type in _GROUPS:
                words.append(options[0].name)
                options = options[0].options
            mark = "typing /" if isinstance(interaction, hikari.AutocompleteInteraction) else "/"
            return mark + " ".join(words)
        case hikari.ComponentInteraction():
            return f"button {_static(interaction.custom_id)}"
        case hikari.ModalInteraction():
            return f"form {_static(interaction.custom_id)}"
        case _:
            return OTHER


def _static(custom_id: str) -> str:
    known = decode(custom_id)
    if known is not None:
        return known[0]
    # What has digits in it may be drawn anew for each message.
    return custom_id if _STATIC.fullmatch(custom_id) else OTHER
