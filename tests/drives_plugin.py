"""Notes which command, button, select and form was driven in this run, by one who may and by one who may not.

"May not" is taken from what the bot answered: a sentence that names the missing right. A line in the terminal
summary; the whole run fails where something was never driven, a run of a part does not.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from tests.tallies import counting_for_another, tallies

if TYPE_CHECKING:
    from sandbox.discord import Exchange, Sandbox
    from tests.doors import Doors

COMMAND, COMPONENT, AUTOCOMPLETE, MODAL = 2, 3, 4, 5

EVERYBODY: Mapping[str, str] = {
    "help.section": "shows what is for the presser, whatever it says",
    "portal.again": "offers the presser's own songs",
    "portal.file": "everybody may submit",
    "portal.history": "shows the presser's own songs",
    "portal.link": "everybody may submit",
    "portal.points": "shows the presser's own points",
    "privacy.delete": "forgets the presser; drawn for somebody else it counts as outdated",
    "privacy.keep": "changes nothing",
    "queue.page": "the list is for everybody, and a page of it is answered to the presser alone",
    "submit.form": "everybody may submit",
    "points.page": "the leaderboard is for everybody, and a page of it is answered to the presser alone",
    "skip.buy": "pays from the presser's own wallet what the presser alone was asked",
    "wallet.page": "shows the presser's own wallet, whatever it says",
    "mine.open": "everybody has songs of their own, or none",
    "mine.page": "shows the presser's own songs, whatever it says",
}
"""Buttons, selects and forms that nobody is refused, with the reason. Commands say it in `commands.md`."""


class Found(Protocol):
    """What of an interaction is needed here."""

    type: int
    data: dict[str, Any]
    command_type: int


class Tally:
    """What there is to be driven and what was, by the name of the door."""

    def __init__(self, counters: Mapping[str, Counter[str]] | None = None) -> None:
        counters = defaultdict(Counter[str]) if counters is None else counters
        self.doors = counters["doors"]
        self.open = counters["open doors"]
        self.may = counters["may"]
        self.may_not = counters["may not"]
        self._refusals: tuple[str, ...] = ()

    def know(self, doors: Doors) -> None:
        """Remembers what there is to be driven."""
        self.doors.update((*doors.commands, *doors.components, *doors.modals, *doors.views))
        self.open.update(name for name, each in doors.commands.items() if each.who == "everybody")
        self.open.update(EVERYBODY.keys())

    def take(self, found: Found, body: Any) -> None:
        """Counts one answer, or part of one."""
        if found.type == AUTOCOMPLETE:
            return
        said = "\n".join(_texts(body))
        counter = self.may_not if any(text in said for text in self._sentences()) else self.may
        counter[door(found)] += 1

    def _sentences(self) -> tuple[str, ...]:
        if not self._refusals:
            from components.texts import say

            self._refusals = tuple(say(key) for key in REFUSALS)
        return self._refusals

    def missing(self) -> tuple[list[str], list[str]]:
        """Doors nobody who may has driven, and those nobody who may not has tried."""
        names = self.doors.keys()
        return sorted(names - self.may.keys()), sorted(names - self.may_not.keys() - self.open.keys())


REFUSALS = (
    "common.reviewers_only",
    "drop.not_yours",
    "points.reviewers_only",
    "common.managers_only",
    "mysubmissions.foreign",
)

tally = Tally(tallies)


def door(found: Found) -> str:
    """The name of what was driven: `review next`, `panel:next`, or the name in a routed custom_id."""
    if found.type == COMMAND:
        return " ".join(_path(found.data))
    custom_id = str(found.data["custom_id"])
    version, _, rest = custom_id.partition(":")
    return rest.partition(":")[0] if version == "s1" else custom_id


def _path(data: Mapping[str, Any]) -> Iterator[str]:
    yield str(data["name"])
    for option in data.get("options") or ():
        if option.get("type") in (1, 2):
            yield from _path(option)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)


def watch(sandbox: Sandbox) -> None:
    """Looks at every answer from here on; the sandbox fixture calls this."""
    sandbox.on_exchange.append(_listener(sandbox))


def _listener(sandbox: Sandbox) -> Callable[[Exchange], None]:
    def listen(exchange: Exchange) -> None:
        parts = exchange.path.split("/")
        if exchange.ok and len(parts) > 3 and parts[1] in ("interactions", "webhooks"):
            found = sandbox.interactions.find(parts[3])
            if found is not None and exchange.body is not None:
                tally.take(found, exchange.body)

    return listen


def whole(config: pytest.Config) -> bool:
    """Whether all tests were asked for."""
    option = config.option
    return config.args_source is pytest.Config.ArgsSource.TESTPATHS and not (
        option.keyword or option.markexpr or getattr(option, "lf", False) or getattr(option, "deselect", None)
    )


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail the whole run where something was never driven though every test passed."""
    if counting_for_another(session.config):
        return
    if session.exitstatus == pytest.ExitCode.OK and whole(session.config) and any(tally.missing()):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print what was driven, after a whole run."""
    if not tally.doors or not whole(config):
        return
    never, unrefused = tally.missing()
    terminalreporter.write_line(
        f"commands, buttons, selects and forms: {len(tally.doors)}; "
        f"never driven by one who may: {len(never)}; never tried by one who may not: {len(unrefused)}"
    )
    for text, names in (("may", never), ("may not", unrefused)):
        if names:
            terminalreporter.write_line(f"  {text}: {', '.join(names)}")
