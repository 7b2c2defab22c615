"""Tests in a browser need a Chromium: without one they are skipped, told in one line; in CI they fail."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Protocol

import pytest

from tests.sandbox.page.browser import CHROMIUM, Chromium, chromium

REASON = "no Chromium here: apt-get install chromium"

needs_chromium = pytest.mark.skipif(CHROMIUM is None and os.environ.get("CI") != "true", reason=REASON)


@pytest.fixture(scope="session")
async def browser(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Chromium]:
    """One Chromium for the run; a tab opens in a tenth of the time it takes to start."""
    async with chromium(tmp_path_factory.mktemp("chromium")) as running:
        yield running


class Terminal(Protocol):
    """What of pytest's terminal is needed here."""

    @property
    def stats(self) -> Mapping[str, Sequence[pytest.TestReport]]: ...

    def write_line(self, line: str) -> None: ...


def pytest_terminal_summary(terminalreporter: Terminal) -> None:
    skipped = [each for each in terminalreporter.stats.get("skipped", ()) if REASON in str(each.longrepr)]
    if skipped:
        terminalreporter.write_line(
            f"No Chromium here (Debian: apt-get install chromium): tests in a browser skipped: {len(skipped)}"
        )
