"""A process that was paused until its connections were another's: it may still breathe, but not write."""

from __future__ import annotations

import logging
import secrets
import signal
import time

import pytest

from bot.errors import Reporter
from bot.live.__main__ import books_of
from bot.live.listener import Listener
from integrations.tiktok.events import Like, Viewer
from integrations.tiktok.status import State, Status
from sandbox.tiktok import ROSE, TikTok
from state.refusal import Fenced
from state.scripts import Actor, Fence
from tests.live.acts import SECONDS, booked, connect, kinds, session_of, stands
from tests.live.conftest import Spawn
from tests.stage import Stage, until

_log = logging.getLogger(__name__)


@pytest.mark.timeout(90)
async def test_a_paused_process_is_replaced_and_closes_its_connection_when_it_wakes_up(
    stage: Stage, tiktok: TikTok, spawn: Spawn
) -> None:
    host = tiktok.host(f"dj_{secrets.token_hex(3)}")
    live, anna = host.go_live(), tiktok.viewer("anna")
    await connect(stage, host.name)
    one, other = await spawn(), await spawn()
    status = await stands(stage, host, "live", 40)
    session = await session_of(stage, host)
    anna.gift(live, ROSE, 30)
    await booked(stage, session.id, coins=30)
    holder = one if f":{one.pid}:" in status.process else other
    holder.send_signal(signal.SIGSTOP)
    began = time.monotonic()
    # Its own connection stands: the system keeps it up.
    await tiktok.wait_until(lambda: len(live.connections) == 2, 15)
    took = time.monotonic() - began
    _log.info("taken over: TikTok, SIGSTOP after %.2f s", took)
    assert took < 10
    anna.gift(live, ROSE, 5)
    await booked(stage, session.id, coins=35)
    moves = await kinds(stage, "session")
    holder.send_signal(signal.SIGCONT)
    await tiktok.wait_until(lambda: len(live.connections) == 1, 10)
    anna.gift(live, ROSE, 2)
    kept = await booked(stage, session.id, coins=37)
    assert (kept.state, len(kept.gaps), await kinds(stage, "session")) == ("live", 1, moves)
    assert tiktok.books.of(host.name).total.coins == 37

    async def by_the_heir() -> bool:
        shown = await stage.app.stores.hosts.status(stage.id, host.name)
        return shown is not None and shown.state == "live" and f":{holder.pid}:" not in shown.process

    await until(by_the_heir, SECONDS)


@pytest.mark.timeout(90)
@pytest.mark.parametrize(("end", "seconds"), [(signal.SIGKILL, 10.0), (signal.SIGTERM, 3.0)])
async def test_another_process_listens_soon(
    stage: Stage, tiktok: TikTok, spawn: Spawn, end: signal.Signals, seconds: float
) -> None:
    host = tiktok.host(f"dj_{secrets.token_hex(3)}")
    live = host.go_live()
    await connect(stage, host.name)
    one, other = await spawn(), await spawn()
    status = await stands(stage, host, "live", 40)
    # The other one waits for the lease by now.
    await until(lambda: _both_hear(stage), 20)
    holder = one if f":{one.pid}:" in status.process else other
    (connection,) = live.connections
    # Two signatures are 2 s apart; the first was only just given.
    holder.send_signal(end)
    began = time.monotonic()
    await tiktok.wait_until(lambda: any(each is not connection for each in live.connections), 20)
    took = time.monotonic() - began
    _log.info("taken over: TikTok, %s after %.2f s", end.name, took)
    assert took < seconds


async def test_who_wakes_up_takes_nothing_back_that_the_next_one_said(stage: Stage) -> None:
    """Two listeners of one host, the first of which knows nothing of the second."""
    handle, stores = f"dj_{secrets.token_hex(3)}", stage.app.stores
    await stores.hosts.connect(stage.id, secrets.token_hex(8), Actor(1, "test"), handle)
    first, second = (_listener(stage, handle, token) for token in (1, 2))
    now = time.time_ns() // 1_000_000
    live = Status(handle, State.LIVE, now, host_id=6, room=71)
    await first.adopt(stage.id)
    await first.turned(live)
    (session,) = await stores.live.open(stage.id)
    await second.adopt(stage.id)
    await second.turned(live)
    before = await stores.live.session(stage.id, session.id), await stores.hosts.status(stage.id, handle)
    moves = await kinds(stage, "session"), await kinds(stage, "host_lost")
    # It wakes up and finds that TikTok closed its connection long ago.
    lost = Status(handle, State.RECONNECTING, now, "gone", room=71, lost_at=now - 60_000, failures=1)
    await first.turned(lost)
    await first.look(lost)
    await first.show(lost)
    await first.left(stage.id)
    after = await stores.live.session(stage.id, session.id), await stores.hosts.status(stage.id, handle)
    assert after == before and before[0] is not None and before[0].state == "live"
    assert (await kinds(stage, "session"), await kinds(stage, "host_lost")) == moves
    # What it heard is news all the same, and the end of its connection.
    third = _listener(stage, handle, 1)
    third.guilds.add(stage.id)
    third._sessions[stage.id] = session.id
    await third.turned(lost)
    like = Like(1, 71, now, Viewer(7, "anna", "Anna"), count=3, total=3)
    with pytest.raises(Fenced):
        await third.heard(71, [like])
    await second.heard(71, [like])
    assert (await booked(stage, session.id, likes_seen=3)).state == "live"


def _listener(stage: Stage, handle: str, token: int) -> Listener:
    books = books_of(stage.app.stores, Fence(f"tiktok:{handle}", token))
    return Listener(handle, books.live, books.hosts, books.chat, Reporter(), patience=0.0)


async def _both_hear(stage: Stage) -> bool:
    """Whether three clients hear the changes: the bot, and either process."""
    clients = await stage.app.stores.redis.client_list()
    return sum(each.get("sub") == "1" for each in clients) >= 3
