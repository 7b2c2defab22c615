"""Has the slowest tests run first, so that the run does not end with one process that has only these left.

Under `--dist worksteal` each process begins with an even share of all tests in a row, and idle ones take from
its end. Tests of several bots take 10 to 30 s, nearly all of it waiting, and there are more of them than a
process can run in its share of the time. So no more than two processes run these, beside those that compute.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol, TypeVar, runtime_checkable

import pytest

BOTS = "tests/processes/"
LIVES = "tests/live/"
RULES = ("tests/state/test_rules.py", "tests/state/test_cluster.py")

_Item = TypeVar("_Item")


@runtime_checkable
class Worker(Protocol):
    """The configuration of a process that runs some of the tests."""

    workerinput: dict[str, int]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if isinstance(config, Worker):
        bots, lives, rules = (
            [each for each in items if each.nodeid.startswith(where)] for where in (BOTS, LIVES, RULES)
        )
        rest = [each for each in items if not each.nodeid.startswith((BOTS, LIVES, *RULES))]
        first = [bots[::2], bots[1::2], lives, rules]
        items[:] = dealt(first, rest, config.workerinput["workercount"])


def dealt(first: Sequence[Sequence[_Item]], rest: Sequence[_Item], workers: int) -> Iterator[_Item]:
    """All of them, in even shares as xdist cuts them; each of `first` stands at the front of one."""
    left, total = list(rest), len(rest) + sum(map(len, first))
    for share in range(workers):
        size = total // (workers - share)
        front = [item for items in first[share::workers] for item in items]
        more = max(0, size - len(front)) if share + 1 < workers else len(left)
        yield from front
        yield from left[:more]
        total -= size
        del left[:more]
