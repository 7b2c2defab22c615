"""What a run counts over all of its processes: workers hand in their counters, the first one adds them up."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any, Protocol, runtime_checkable

import pytest

tallies: defaultdict[str, Counter[str]] = defaultdict(Counter)
"""Counters by name; a module keeps the one it counts with."""


@runtime_checkable
class Worker(Protocol):
    """The configuration of a process that runs tests for another one."""

    workeroutput: dict[str, Any]


class Node(Protocol):
    """A worker as the first process sees it; without an output where it died."""

    workeroutput: dict[str, Any]


def counting_for_another(config: pytest.Config) -> bool:
    """Whether another process adds this one's counts up and judges them."""
    return isinstance(config, Worker)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand the counts in."""
    if isinstance(session.config, Worker):
        session.config.workeroutput["tallies"] = {name: dict(counts) for name, counts in tallies.items()}


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Node) -> None:
    """Add a worker's counts."""
    for name, counts in getattr(node, "workeroutput", {}).get("tallies", {}).items():
        tallies[name].update(counts)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how much the queue's rules were played; other counts are told where they are judged."""
    for what, count in tallies["queue against its model"].items():
        terminalreporter.write_line(f"queue against its model: {count} {what}")
