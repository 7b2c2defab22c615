"""Thousands of random moves from several clients: the queue does at every step what the model does."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis.asyncio import Redis

from state.connection import connect
from tests.conftest import _guilds
from tests.state import raw
from tests.state.plays import KINDS, LADDERS, SETTINGS, Client, Op
from tests.state.table import Table

_DICE = st.integers(0, 719)
_OPS = st.lists(st.tuples(st.sampled_from(KINDS), _DICE, _DICE, _DICE), min_size=30, max_size=120)


@pytest.fixture(scope="session")
async def clients(quiet_redis_url: str) -> AsyncIterator[list[Client]]:
    """Three processes."""
    connections: list[Redis] = [connect(quiet_redis_url) for _ in range(3)]
    yield [Client.on(connection) for connection in connections]
    for connection in connections:
        await connection.aclose()


@pytest.mark.parametrize("ladder", LADDERS)
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(ops=_OPS)
async def test_any_moves(clients: list[Client], ladder: str, ops: list[Op]) -> None:
    table = Table(clients, next(_guilds), ladder)
    await table.sit()
    for op in ops:
        await table.play(op)
    await table.inspect()
    await table.drain()
    await raw.forget(clients[0].redis, table.guild)


@pytest.mark.parametrize("ladder", LADDERS)
async def test_a_long_session(
    clients: list[Client], guild: int, ladder: str, request: pytest.FixtureRequest
) -> None:
    """A cluster adds nothing to the rules, so there it need not be that long."""
    dice = random.Random(f"a long session on {ladder}")
    table = Table(clients, guild, ladder)
    await table.sit()
    for _ in range(200 if request.config.getoption("--cluster") else 1000):
        await table.play(_throw(dice))
    await table.inspect()
    await table.drain()


@pytest.mark.parametrize("every", [0, 1, 3])
@pytest.mark.parametrize("rounds", ["0", "1"])
async def test_a_fair_session_of_few_artists(
    clients: list[Client], guild: int, rounds: str, every: int
) -> None:
    """Four artists with many songs each: the rules of fairness decide every place, and change meanwhile."""
    dice = random.Random(f"fair {rounds} {every}")
    table = Table(clients, guild, dice.choice(list(LADDERS)))
    await table.sit()
    await _set(table, "limit:0", "0")
    for step in range(160):
        if step % 50 == 0:
            await _set(table, "limit:pending", "1" if step % 100 else None)
            await _set(table, "fair:paid", str(every) if every and step % 200 else None)
            await _set(table, "fair:round_robin", rounds if step % 150 else None)
        kind, a, b, c = _throw(dice)
        if kind in ("submit", "claim"):
            a, b = dice.randrange(4), b * 3  # no track, so that none is a duplicate
        elif kind in ("clear", "ladder"):
            kind = "approve"
        await table.play((kind, a, b, c))
    await table.inspect()
    await table.drain()


async def _set(table: Table, name: str, value: str | None) -> None:
    if table.model.settings.get(name) != value:
        await table.play(("change", SETTINGS.index((name, value)), 0, 0))


@pytest.mark.parametrize("ladder", LADDERS)
async def test_moves_at_the_same_moment(clients: list[Client], guild: int, ladder: str) -> None:
    dice = random.Random(f"the same moment on {ladder}")
    table = Table(clients, guild, ladder)
    await table.sit()
    for _ in range(60):
        ops = [_throw(dice) for _ in range(dice.randint(2, 6))]
        await table.together([op for op in ops if op[0] != "again"])
    await table.inspect()
    await table.drain()


def _throw(dice: random.Random) -> Op:
    return dice.choice(KINDS), dice.randrange(720), dice.randrange(720), dice.randrange(720)
