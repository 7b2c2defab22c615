"""TikTok hosts a guild wants: wanted once, lost and back once, and who else wants the same."""

from __future__ import annotations

import asyncio
from typing import cast

import pytest
from redis.asyncio import Redis

from state import keys
from state.hosts import Host, Hosts, Outage, Status, wanted
from state.refusal import Reason, Refused
from state.scripts import Actor, Scripts
from state.sign_gate import SharedSignGate
from state.timers import Timers

MIA = Actor(9001, "Mia")
BOT = Actor(0, "Skipline")


@pytest.fixture
def hosts(redis: Redis, scripts: Scripts) -> Hosts:
    return Hosts(redis, scripts)


async def test_wanted_until_somebody_says_otherwise(hosts: Hosts, guild: int) -> None:
    await hosts.connect(guild, "1", MIA, "dj_mara")
    (host,) = await hosts.all(guild)
    assert (host.handle, host.wanted, host.outage) == ("dj_mara", True, None)
    assert (host.by, host.by_name) == (MIA.id, MIA.name)
    with pytest.raises(Refused) as refused:
        await hosts.connect(guild, "2", MIA, "dj_mara")
    assert refused.value.reason is Reason.UNCHANGED
    await hosts.known(guild, "3", BOT, "dj_mara", 7 * 10**18)
    await hosts.disconnect(guild, "4", MIA, "dj_mara")
    (host,) = await hosts.all(guild)
    assert not host.wanted and host.id == 7 * 10**18
    for late in (
        hosts.disconnect(guild, "5", MIA, "dj_mara"),
        hosts.lost(guild, "6", BOT, "dj_mara", "reconnecting", 5),
        hosts.back(guild, "7", BOT, "dj_mara"),
        hosts.disconnect(guild, "8", MIA, "nobody"),
    ):
        with pytest.raises(Refused):
            await late


async def test_an_outage_is_noted_once_and_ends_once(hosts: Hosts, guild: int, redis: Redis) -> None:
    await hosts.connect(guild, "1", MIA, "dj_mara")
    lost = [hosts.lost(guild, f"l{n}", BOT, "dj_mara", "sign_down", 1_700_000_000_000 + n) for n in range(5)]
    results = await asyncio.gather(*lost, return_exceptions=True)
    assert sum(result is None for result in results) == 1
    (host,) = await hosts.all(guild)
    assert isinstance(host.outage, Outage) and host.outage.why == "sign_down"
    assert host.outage.since // 10 == 170_000_000_000
    back = [hosts.back(guild, f"b{n}", BOT, "dj_mara") for n in range(5)]
    results = await asyncio.gather(*back, return_exceptions=True)
    assert sum(result is None for result in results) == 1
    assert (await hosts.all(guild))[0].outage is None
    entries = cast("list[tuple[str, dict[str, str]]]", await redis.xrange(keys.events(guild)))
    kinds = [entry["kind"] for _, entry in entries]
    assert kinds == ["host_connected", "host_lost", "host_back"]


async def test_what_breaks_is_lost_at_its_moment_unless_it_is_back(
    hosts: Hosts, guild: int, redis: Redis, scripts: Scripts
) -> None:
    timers = Timers(scripts)
    await hosts.connect(guild, "1", MIA, "dj_mara")
    await hosts.broke(guild, "2", BOT, "dj_mara", "reconnecting", 1_700_000_000_000, 30)
    # The process that takes over begins to count anew, and that counts for nothing.
    with pytest.raises(Refused):
        await hosts.broke(guild, "3", BOT, "dj_mara", "sign_down", 1_700_000_009_000, 30)
    assert await timers.claim(guild, ["outage"]) == ([], pytest.approx(30, abs=2))
    await hosts.back(guild, "4", BOT, "dj_mara")
    assert await timers.claim(guild, ["outage"]) == ([], None)
    with pytest.raises(Refused):
        await hosts.lost(guild, "5", BOT, "dj_mara", None)
    await hosts.broke(guild, "6", BOT, "dj_mara", "reconnecting", 1_700_000_020_000, -1)
    (claim,), _ = await timers.claim(guild, ["outage"])
    assert (claim.kind, claim.what) == ("outage", "dj_mara")
    await hosts.lost(guild, "7", BOT, claim.what, None)
    assert (await hosts.all(guild))[0].outage == Outage(1_700_000_020_000, "reconnecting")
    assert not await timers.done(claim), "the move has done away with it"
    await hosts.back(guild, "8", BOT, "dj_mara")
    await hosts.broke(guild, "9", BOT, "dj_mara", "blocked", 1_700_000_030_000, 30)
    await hosts.disconnect(guild, "10", MIA, "dj_mara")
    assert await timers.claim(guild, ["outage"]) == ([], None)
    entries = cast("list[tuple[str, dict[str, str]]]", await redis.xrange(keys.events(guild)))
    assert [entry["kind"].removeprefix("host_") for _, entry in entries] == [
        *("connected", "broke", "mended", "broke", "lost", "back", "broke", "disconnected")
    ]


async def test_the_end_is_told_of_what_was_told(hosts: Hosts, guild: int) -> None:
    await hosts.connect(guild, "1", MIA, "dj_mara")
    await hosts.lost(guild, "2", BOT, "dj_mara", "blocked", 5)
    await hosts.back(guild, "3", BOT, "dj_mara")
    assert (await hosts.all(guild))[0].over is None, "nobody was told that it was lost"
    await hosts.lost(guild, "4", BOT, "dj_mara", "blocked", 6)
    await hosts.told(guild, "5", BOT, "dj_mara", 6)
    with pytest.raises(Refused):
        await hosts.told(guild, "6", BOT, "dj_mara", 6)
    assert (await hosts.all(guild))[0].outage == Outage(6, "blocked", told=True)
    await hosts.back(guild, "7", BOT, "dj_mara")
    (host,) = await hosts.all(guild)
    assert host.outage is None and host.over is not None and host.over[0] == 6
    await hosts.told(guild, "8", BOT, "dj_mara", 6)
    assert (await hosts.all(guild))[0].over is None


async def test_a_guild_wants_ten_and_remembers_a_few_more(hosts: Hosts, guild: int) -> None:
    for number in range(10):
        await hosts.connect(guild, f"c{number}", MIA, f"host{number}")
    with pytest.raises(Refused) as refused:
        await hosts.connect(guild, "more", MIA, "one_more")
    assert refused.value.reason is Reason.LIMIT and refused.value.facts["limit"] == 10
    for number in range(40):
        await hosts.disconnect(guild, f"d{number}", MIA, f"host{number}")
        await hosts.connect(guild, f"e{number}", MIA, f"host{number + 10}")
    known = await hosts.all(guild)
    assert len(known) == 25
    assert {host.handle for host in known[:10]} == {f"host{number}" for number in range(40, 50)}
    assert [host.wanted for host in known] == [True] * 10 + [False] * 15


async def test_who_wants_which_host(hosts: Hosts, guild: int, redis: Redis) -> None:
    other = guild + 10**6
    for each in (guild, other):
        await redis.sadd(keys.GUILDS, str(each))
        await hosts.connect(each, "1", MIA, f"shared_{guild % 10**6}")
    await hosts.connect(other, "2", MIA, "only_there")
    await hosts.disconnect(other, "3", MIA, "only_there")
    found = await wanted(redis)
    assert sorted(found[f"shared_{guild % 10**6}"]) == sorted([guild, other])
    assert other not in found.get("only_there", [])


async def test_a_status_stands_while_somebody_writes_it(hosts: Hosts, guild: int, redis: Redis) -> None:
    assert await hosts.status(guild, "dj_mara") is None
    status = Status("limited", 5, "429", next_try=9, room=7 * 10**18, session=3, per_minute=12, process="a:1")
    await hosts.show_status(guild, "dj_mara", status)
    assert await hosts.status(guild, "dj_mara") == status
    assert 0 < await redis.ttl(f"sl:{{{guild}}}:host:dj_mara") <= 60


async def test_a_host_survives_its_json(hosts: Hosts) -> None:
    text = '{"wanted":true,"by":"1","by_name":"M","at":"5","id":"7","outage":{"since":"9","why":"x"}}'
    assert Host.from_json("a", text) == Host("a", True, 1, "M", 5, 7, Outage(9, "x"))


async def test_one_gate_for_all_processes(redis: Redis) -> None:
    await redis.delete("sl:{sign}:turn", "sl:{sign}:closed")
    first, second = SharedSignGate(redis, 0.2), SharedSignGate(redis, 0.2)
    loop = asyncio.get_running_loop()
    began = loop.time()
    await asyncio.gather(*(gate.pass_() for gate in (first, second, first)))
    assert loop.time() - began >= 0.35, "three passes are two spacings apart"
    await first.limited(0.3)
    await first.limited(0.05)
    assert 0.1 < await second.closed_for() <= 0.3
    began = loop.time()
    await second.pass_()
    assert loop.time() - began >= 0.1
