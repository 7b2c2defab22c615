"""Says at the end of the run how much the tests of the queue's rules have played."""

from __future__ import annotations

import sys

import pytest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    table = sys.modules.get("tests.state.table")
    if table is not None and table.played:
        for what, count in table.played.items():
            terminalreporter.write_line(f"queue against its model: {count} {what}")
