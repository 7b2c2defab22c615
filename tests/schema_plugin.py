"""Holds the REST traffic of every sandbox of the run against Discord's published schema.

One line in the terminal summary, and a failed run where anything broke the schema. A test that breaks it on
purpose does so with requests the sandbox refuses, which are not counted against the run.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import pytest

from sandbox.discord.schema import Exchange, Report, Schema, find_schema
from tests.tallies import counting_for_another, tallies

SHOWN = 40


class Listeners(Protocol):
    """Where a sandbox takes callbacks."""

    def append(self, listener: Callable[[Exchange], None], /) -> None:
        """Have a callback called with every exchange once it is answered."""
        ...


class Watched(Protocol):
    """What of a sandbox is needed here."""

    @property
    def on_exchange(self) -> Listeners:
        """The callbacks of every exchange."""
        ...


class Run:
    """The schema, opened at first need, and the tally of this run."""

    def __init__(self) -> None:
        self.report = Report(tallies["schema"], tallies["schema details"])
        self.schema: Schema | None = None

    @property
    def absent(self) -> bool:
        """Whether the schema was looked for in vain."""
        return bool(self.report.counts["absent"])

    def open(self) -> Schema | None:
        """Give the schema, or None where its file is nowhere."""
        if self.schema is None and not self.absent:
            path = find_schema()
            self.schema = None if path is None else Schema(path)
            self.report.counts["absent"] = path is None
        return self.schema

    def take(self, exchange: Exchange) -> None:
        """Judge an exchange at once: its bodies may be live objects that change later."""
        if self.schema is not None:
            self.report.add(exchange, self.schema.check(exchange))


run = Run()


def watch(sandbox: Watched) -> None:
    """Look at everything a sandbox receives from here on; the sandbox fixture calls this."""
    if run.open() is not None:
        sandbox.on_exchange.append(run.take)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail the run where the schema was broken though every test passed."""
    if counting_for_another(session.config):
        return
    if run.report.broken and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the result where any traffic was looked at or would have been."""
    if run.absent:
        terminalreporter.write_line(
            "Discord's schema was not found: requests were not held against it (skipped)."
        )
    elif run.report.checked:
        terminalreporter.write_line(
            run.report.line(), red=bool(run.report.broken), bold=bool(run.report.broken)
        )
        for text, count in run.report.details.most_common(SHOWN):
            terminalreporter.write_line(f"  {count} x {text}")
        if len(run.report.details) > SHOWN:
            terminalreporter.write_line(f"  and {len(run.report.details) - SHOWN} more kinds")
