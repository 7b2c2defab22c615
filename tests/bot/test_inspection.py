"""`skipline inspect`: the same answers as the commands of docs/redis.md, in readable form."""

from __future__ import annotations

import asyncio
import io
import re
import secrets
from pathlib import Path

import pytest
from redis.asyncio import Redis
from rich.console import Console

from bot import embedded
from bot.inspection import Missing, inspect
from bot.inspection.printing import show as print_all
from state import keys
from state.configure import Configuration
from state.connection import connect
from state.feed import Feed
from state.ladder import LINES
from state.lease import HOLDER, Lease
from state.points import Points
from state.queue import Queue
from state.scripts import Actor, Scripts
from tests.bot.test_cli import run
from tests.stage import Stage
from tests.state.raw import Keys, dump
from tests.state.show import ALICE, HANDLE, MIA, Show

TOKEN = "MTIz.a.b"


def show_on(redis: Redis, scripts: Scripts, guild: int) -> Show:
    configuration = Configuration(redis, scripts, Feed(redis))
    return Show(redis, Queue(redis, scripts), Points(redis, scripts), configuration, guild)


@pytest.fixture
async def show(redis: Redis, scripts: Scripts, guild: int) -> Show:
    show = show_on(redis, scripts, guild)
    await show.opening()
    return show


async def printed(redis: Redis, guild: int) -> str:
    file = io.StringIO()
    print_all(await inspect(redis, guild), Console(file=file, width=160, highlight=False))
    return file.getvalue()


def part(text: str, title: str) -> list[list[str]]:
    """The rows of one table, cells apart."""
    lines = text[text.index(f"\n{title}") + 1 :].split("\n\n")[0].split("\n")
    return [re.split(r"\s{2,}", line.strip()) for line in lines[2:]]


async def test_what_plays_and_what_comes_next_and_why(show: Show) -> None:
    await show.next()
    await show.queue.bump(show.guild, show.request(), MIA, 6, 2)
    text = await printed(show.redis, show.guild)
    assert "5 waiting, 0 pending, 0 held." in text
    assert re.search(
        r"Now plays #1 Neon rain — Alice's band, by Alice \(11\), 25\+ Skip, since \d+ s ago", text
    )
    rows = part(text, "Next (5 of 5)")
    board = await show.queue.board(show.guild)
    assert [row[1] for row in rows] == [f"#{song.number}" for song in board.songs]
    assert [row[-1] for row in rows] == [
        "10 Skip, locked: its place was announced",
        "Free, 5,010 points",
        "Free, 310 points",
        "Free, 100 points",
        "Free, bumped: due in 7 turns",
    ]
    await show.approved(ALICE, "Another", 15)
    arrival = await show.redis.hget(keys.song(show.guild, 7), "seq")
    assert f"15 Skip, arrival {arrival}" in await printed(show.redis, show.guild)


async def test_pending_and_held_and_the_last_ten_moves(show: Show) -> None:
    await show.submit(ALICE, "Claimed", claimed=20)
    await show.queue.hold(show.guild, show.request(), MIA, 4)
    await show.change(cap="70")
    text = await printed(show.redis, show.guild)
    assert part(text, "Pending (1)") == [["#7", "Claimed — Alice's band", "Alice (11)", "20 Skip", "0 s ago"]]
    assert part(text, "Held (1)")[0][:5] == ["#4", "Glass — Bruno's band", "Bruno (12)", "Free", "Mia"]
    moves = part(text, "Last moves")
    assert len(moves) == 10
    revision = int(str(await show.redis.get(keys.revision(show.guild))))
    assert [int(row[0]) for row in moves] == list(range(revision, revision - 10, -1))
    assert moves[0][2:] == ["settings", "cap: default → 70", "Mia (9001)"]
    assert moves[1][2:] == ["held", "#4 Glass", "was waiting", "Mia (9001)"]


async def test_points_are_told_by_whose_they_are(show: Show) -> None:
    for _ in range(3):
        await show.next()
    text = await printed(show.redis, show.guild)
    assert "takes 5010 points of 13" in text and f"user 11 +20; handle {HANDLE} +70" in text


async def test_displays_and_what_they_show(stage: Stage) -> None:
    stores = stage.app.stores
    await stage.display("public", stage.queue)
    await stores.configuration.set_display(stage.id, secrets.token_hex(4), MIA, "pending", (1, 0))
    async with asyncio.timeout(5):
        while not await stores.redis.exists(keys.painted(stage.id, "pending")):  # noqa: ASYNC110 - Redis has it
            await asyncio.sleep(0.01)
    (message,) = stage.queue.messages
    pending, public = part(await printed(stores.redis, stage.id), "Displays")
    digest = await stores.redis.hget(keys.painted(stage.id, "public"), "digest")
    assert public == ["public", str(stage.queue.id), str(message.id), f"the content with the hash {digest}"]
    assert pending == ["pending", "1", "0", "off: Discord refused with 10003"]


async def test_leases_with_holder_and_time_left(show: Show) -> None:
    async with Lease(show.redis, keys.lease(show.guild, "displays")).held():
        (row,) = [
            row for row in part(await printed(show.redis, show.guild), "Leases") if row[0] == "displays"
        ]
    assert row[1].startswith(f"{HOLDER}:") and row[2].isdigit()
    assert 0 < float(row[3].removesuffix(" s")) <= 8


async def test_settings_that_differ(show: Show) -> None:
    assert "All settings are as they come" not in await printed(show.redis, show.guild)
    assert "Settings that differ: all settings are as they come." in await printed(show.redis, show.guild)
    await show.change(cap="70", paused="1", limit_0="1", closed_10="0")
    rows = part(await printed(show.redis, show.guild), "Settings that differ")
    # What was set to its default does not differ.
    assert rows == [["cap", "70", "0"], ["paused", "1", "0"]]


async def test_a_ladder_of_their_own_is_told_by_its_names(redis: Redis, scripts: Scripts, guild: int) -> None:
    show = show_on(redis, scripts, guild)
    await show.configuration.set_ladder(guild, show.request(), MIA, LINES)
    await show.approved(ALICE, "Twice", 20)
    text = await printed(redis, guild)
    assert part(text, "Next (1 of 1)")[0][-1].startswith("DoubleSkip, arrival")
    assert part(text, "Settings that differ")[0][:2] == ["ladder", "BackToBack, DoubleSkip, Skip, Free"]


async def test_memory_by_key_with_what_nobody_documented(show: Show) -> None:
    await show.redis.set(keys.key(show.guild, "odd"), "x" * 100_000)
    rows = {row[0]: row for row in part(await printed(show.redis, show.guild), "Memory")}
    assert len(rows) == 10
    assert rows["odd"][-1] == "NOT DOCUMENTED"
    assert rows["song:<number>"][1] == "6" and int(rows["song:<number>"][2].replace(",", "")) > 1000
    await show.redis.delete(keys.key(show.guild, "odd"))


async def test_how_safe_the_server_is(show: Show) -> None:
    assert "Redis durability: appendonly is no -> set it to yes" in await printed(show.redis, show.guild)


async def test_nothing_is_changed(show: Show) -> None:
    async def everything() -> Keys:
        # A bot on the same server may archive meanwhile.
        found = await dump(show.redis, show.guild)
        return {name: value for name, value in found.items() if name != "archived"}

    before = await everything()
    await printed(show.redis, show.guild)
    assert await everything() == before


async def test_what_people_typed_is_shown_as_text(show: Show) -> None:
    hostile = Actor(66, "[red]\x1b[31mRed\nline")
    await show.submit(hostile, "[bold]\x1b]0;title\x07 evil\u202e")
    await show.submit(hostile, "claimed [/]", claimed=10)
    text = await printed(show.redis, show.guild)
    assert "[bold]]0;title evil — " in text and "[red][31mRed line (66)" in text and "claimed [/]" in text
    assert "\x1b]" not in text and "\u202e" not in text


async def test_an_unknown_server_and_one_whose_state_is_lost(redis: Redis, show: Show) -> None:
    with pytest.raises(Missing, match=rf"This Redis knows no server {show.guild + 10**6}; it knows "):
        await inspect(redis, show.guild + 10**6)
    await redis.sadd(keys.GUILDS, str(show.guild))
    await redis.delete(keys.revision(show.guild))
    with pytest.raises(Missing, match="is not in Redis; a bot that needs it rebuilds it"):
        await inspect(redis, show.guild)
    assert not await redis.exists(keys.revision(show.guild))
    await redis.srem(keys.GUILDS, str(show.guild))


async def test_how_far_behind_the_archive_is_and_the_command_on_an_embedded_server(
    servers: Path, guild: int
) -> None:
    # A server of its own, on which no bot archives anything.
    data_dir = servers / secrets.token_hex(3)
    given = {"DISCORD_BOT_TOKEN": TOKEN, "SKIPLINE_DATA_DIR": str(data_dir)}
    code, out, err = await run("inspect", str(guild), cwd=servers, **given)
    assert (code, out) == (1, "")
    assert re.fullmatch(r"skipline: The embedded Redis in .+ is not running, .+ Nothing was started\.\n", err)
    assert not await asyncio.to_thread(data_dir.exists)
    async with embedded.valkey(data_dir, durable=False) as server:
        redis = connect(server.url)

        async def opener(guild: int) -> None:
            await redis.set(keys.revision(guild), "0", nx=True)

        await show_on(redis, Scripts(redis, opener), guild).opening()
        revision = int(str(await redis.get(keys.revision(guild))))
        assert f"none of the {revision} moves is known" in await printed(redis, guild)
        await redis.set(keys.archived(guild), revision - 2)
        text = await printed(redis, guild)
        assert re.search(rf"2 of {revision} moves are not in it yet, the oldest made \d+ s ago", text)
        await redis.set(keys.archived(guild), revision)
        code, out, err = await run("inspect", str(guild), cwd=servers, **given)
        assert (code, err) == (0, "")
        assert "6 waiting" in out and "Neon rain — Alice's band" in out
        assert f"all {revision} moves are in it" in out
        code, out, err = await run("inspect", "4711", cwd=servers, **given)
        assert (code, out, err) == (1, "", "skipline: This Redis knows no server 4711; it knows none yet.\n")
        await redis.aclose()


async def test_a_redis_that_does_not_answer_is_one_sentence(tmp_path: Path) -> None:
    code, out, err = await run(
        "inspect", "5", cwd=tmp_path, DISCORD_BOT_TOKEN=TOKEN, REDIS_URL="unix:///nowhere/redis.sock"
    )
    assert (code, out) == (1, "")
    assert err.startswith("skipline: Redis cannot be read at REDIS_URL (") and err.count("\n") == 1


async def test_what_is_no_server_id_is_told(tmp_path: Path) -> None:
    code, _, err = await run("inspect", "Late Night", cwd=tmp_path)
    assert code == 2 and "a server's id has digits only" in err
