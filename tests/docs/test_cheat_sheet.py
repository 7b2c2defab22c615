"""Every command of docs/redis.md, taken from the page and run on a live queue, answers its question.

They run through redis-py with the words a shell would make of them and, where there is a `redis-cli`, through
a shell and that as well.
"""

from __future__ import annotations

import asyncio
import os
import re
import shlex
import shutil
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest
from redis.asyncio import Redis

from bot import embedded
from bot.documentation import DOCS
from persistence import recovery
from persistence.archive import Archive
from persistence.pool import open_pool
from state import keys, score
from state.configure import Configuration
from state.connection import connect
from state.feed import Feed
from state.lease import HOLDER, Lease
from state.points import Points
from state.queue import Queue
from state.scripts import Actor, Scripts
from tests.conftest import open_blank
from tests.stage import Stage, until
from tests.state.show import ALICE, HANDLE, MIA, Show

_QUESTION = re.compile(r"^### (?P<question>.+?\?)\n(?P<body>.*?)(?=^##)", re.MULTILINE | re.DOTALL)
_BLOCK = re.compile(r"```sh\n(.*?)```", re.DOTALL)
_NUMBER_OF_SONG = "$(printf %012d $N)"


def commands() -> dict[str, str]:
    """Question to its one command."""
    page = (DOCS / "redis.md").read_text(encoding="utf-8")
    found: dict[str, str] = {}
    for match in _QUESTION.finditer(page):
        blocks = [block for block in _BLOCK.findall(match["body"]) if block.startswith("redis-cli")]
        assert len(blocks) == 1, f"{match['question']} has {len(blocks)} commands"
        assert re.search(r"```\n\n\S.{30,}", match["body"].rpartition("```sh")[2]), "how is the answer read?"
        found[match["question"]] = blocks[0].strip()
    return found


COMMANDS = commands()
READING = ("HGETALL", "ZRANGE", "MGET", "EVAL_RO", "SORT_RO", "PUBSUB", "CONFIG")


@dataclass
class Night:
    """A live show, and somebody who looks at it with the commands of the page."""

    redis: Redis
    show: Show
    lines: Callable[[str], Any]

    @property
    def guild(self) -> int:
        return self.show.guild

    async def ask(
        self, question: str, *, user: int = 0, number: int = 0, change: tuple[str, str] = ("", "")
    ) -> str:
        """The answer as text, one value a line, as redis-cli prints it into a pipe."""
        command = COMMANDS[question].replace(*change) if change[0] else COMMANDS[question]
        return await self.lines(command, G=self.guild, U=user, N=number)


async def through_python(redis: Redis, command: str, **values: int) -> str:
    text = command.replace(_NUMBER_OF_SONG, f"{values['N']:012d}")
    for name, value in values.items():
        text = text.replace(f"${name}", str(value))
    program, *words = shlex.split(text)
    assert program == "redis-cli" and "$" not in text
    answer: Any = await redis.execute_command(*words)
    return "\n".join(_flat(answer))


def _flat(answer: Any) -> list[str]:
    if isinstance(answer, dict):
        return [line for pair in answer.items() for part in pair for line in _flat(part)]
    if isinstance(answer, list | tuple):
        return [line for part in answer for line in _flat(part)]
    if isinstance(answer, float):
        return [f"{answer:.17g}"]
    return ["" if answer is None else str(answer)]


async def through_a_shell(url: str, command: str, **values: int) -> str:
    socket = url.removeprefix("unix://")
    line = f"alias redis-cli='redis-cli -s {socket}'\n{command}\n"
    process = await asyncio.create_subprocess_exec(
        "/bin/sh",
        "-euc",
        line,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={"PATH": os.environ["PATH"], **{name: str(value) for name, value in values.items()}},
    )
    out, _ = await asyncio.wait_for(process.communicate(), 10)
    assert process.returncode == 0, out.decode()
    return out.decode().strip("\n")


WAYS = [
    "redis-py",
    pytest.param(
        "redis-cli", marks=pytest.mark.skipif(shutil.which("redis-cli") is None, reason="no redis-cli here")
    ),
]


@pytest.fixture(scope="module")
async def server_url(servers: Path) -> AsyncIterator[str]:
    """A server as a show has it, on which no bot archives what the tests do."""
    async with embedded.valkey(servers / "night") as server:
        yield server.url


@pytest.fixture(params=WAYS)
async def night(request: pytest.FixtureRequest, server_url: str, guild: int) -> AsyncIterator[Night]:
    redis = connect(server_url)
    scripts = Scripts(redis, lambda guild: open_blank(redis, guild))
    configuration = Configuration(redis, scripts, Feed(redis))
    show = Show(redis, Queue(redis, scripts), Points(redis, scripts), configuration, guild)
    await show.opening()

    async def lines(command: str, **values: int) -> str:
        if request.param == "redis-cli":
            return await through_a_shell(server_url, command, **values)
        return await through_python(redis, command, **values)

    yield Night(redis, show, lines)
    await redis.aclose()


async def next_by_the_board(night: Night) -> list[str]:
    board = await night.show.queue.board(night.guild, count=1)
    first = board.songs[0]
    return [str(first.number), first.title, first.artist, first.user_name, str(first.tier), str(first.state)]


async def test_what_is_playing(night: Night) -> None:
    assert (await night.ask("What is playing?")) == ""
    await night.show.next()
    lines = (await night.ask("What is playing?")).split("\n")
    assert lines[lines.index("title") + 1] == "Neon rain"
    assert lines[lines.index("mover_name") + 1] == "Mia"


async def test_who_is_next_is_what_next_plays(night: Night) -> None:
    question = "Who is next?"
    queue, show = night.show.queue, night.show
    assert (await night.ask(question)).split("\n") == await next_by_the_board(night)
    await show.next()
    # Locked, bumped to be the second, bumped beyond the end: whatever is first, the answer and Next agree.
    await queue.bump(night.guild, show.request(), MIA, 2, 1)
    await queue.bump(night.guild, show.request(), MIA, 5, 100)
    for _ in range(5):
        said = (await night.ask(question)).split("\n")
        assert said == await next_by_the_board(night)
        await show.next()
        board = await queue.board(night.guild)
        assert board.playing is not None and said[1] == board.playing.title
    assert await night.ask(question) == "nobody"


async def test_the_next_ten_in_order(night: Night) -> None:
    await night.show.next()
    lines = (await night.ask("Which are the next ten?")).split("\n")
    board = await night.show.queue.board(night.guild, count=10)
    assert len(board.songs) == 5
    assert lines == [
        text
        for song in board.songs
        for text in (str(song.number), str(song.tier), song.user_name, song.title)
    ]


async def test_why_a_song_is_at_place_7(night: Night) -> None:
    question = "Why is a song at place 7?"
    for count in range(3):
        await night.show.submit(Actor(20 + count, f"Late {count}"), f"Late {count}")
    board = await night.show.queue.board(night.guild, count=8)
    lines = (await night.ask(question)).split("\n")
    assert len(lines) == 14
    assert int(lines[12]) == board.songs[6].number
    scores = lines[1::2]
    arrivals = [await night.redis.hget(keys.song(night.guild, number), "seq") for number in (1, 2)]
    assert scores[:2] == [str(score.paid(25, int(arrivals[0]))), str(score.paid(10, int(arrivals[1])))]
    assert scores[2:] == ["-5010", "-310", "-100", "-10", "-10"]
    await night.show.next()
    first = (await night.ask(question)).split("\n")[1]
    assert first.startswith("-89") and len(first) == 17, "the announced song is locked"


async def test_who_was_bumped(night: Night) -> None:
    await night.show.next()
    await night.show.queue.bump(night.guild, night.show.request(), MIA, 2, 3)
    turn, song, due = (await night.ask("Who was bumped, and until when?")).split("\n")
    board = await night.show.queue.board(night.guild, count=10)
    assert int(song) == 2 and turn == "1"
    assert board.songs[int(due) - int(turn) - 1].number == 2


async def test_what_happened_in_the_last_minute(night: Night) -> None:
    question = "What happened in the last minute?"
    await night.show.queue.promote(night.guild, night.show.request(), MIA, 3, 20)
    lines = (await night.ask(question)).split("\n")
    revision = await night.redis.get(keys.revision(night.guild))
    assert len(lines) == int(str(revision))
    assert lines[0].startswith(f"{revision}-0 promoted #3 by Mia {{")
    assert orjson.loads(lines[0].partition("{")[1] + lines[0].partition("{")[2])["to"] == 20
    assert await night.ask(question, change=(':events" 60', ':events" -5')) == ""


async def test_who_pressed_next(night: Night) -> None:
    question = "Who pressed Next?"
    assert await night.ask(question) == ""
    await night.show.next()
    await night.show.next()
    newest, oldest = (await night.ask(question)).split("\n")
    assert re.fullmatch(r"\d+ s ago Mia \(9001\) played #2", newest)
    assert re.fullmatch(r"\d+ s ago Mia \(9001\) played #1", oldest)


async def test_which_process_holds_which_lease(night: Night) -> None:
    name = keys.lease(night.guild, "displays")
    async with Lease(night.redis, name).held() as lease:
        lines = (await night.ask("Which process holds which lease?")).split("\n")
        (mine,) = [line for line in lines if line.startswith(name)]
        assert re.fullmatch(rf"{re.escape(name)} = {lease.token} {re.escape(HOLDER)}:\w+, \d+ ms left", mine)
    assert name not in await night.ask("Which process holds which lease?")


async def test_which_processes_are_listening(night: Night) -> None:
    question = "Which processes are listening?"
    before = int((await night.ask(question)).split("\n")[1])
    feed = Feed(night.redis)
    await feed.open()
    assert int((await night.ask(question)).split("\n")[1]) == before + 1
    await feed.close()


async def test_how_far_behind_the_archive_is(night: Night, database_url: str) -> None:
    question = "How far behind is the archive?"
    revision = await night.redis.get(keys.revision(night.guild))
    assert (await night.ask(question)).split("\n")[0] == revision
    pool = await open_pool(database_url)
    archive = Archive(pool)
    reached = await archive.append(night.guild, await recovery.entries(night.guild, 0, 500, night.redis))
    assert reached == int(str(revision))
    await recovery.restore(night.guild, night.redis, archive)
    assert (await night.ask(question)).split("\n") == [revision, revision]
    await night.show.next()
    moves, archived = map(int, (await night.ask(question)).split("\n"))
    assert moves - archived == 1
    await pool.close()


async def test_what_one_artist_owns(night: Night) -> None:
    lines = (await night.ask("What does one artist own?", user=ALICE.id)).split("\n")
    assert lines == [
        "points 30",
        f"handle {HANDLE} points 70",
        "#1 waiting in tier 25: Neon rain",
        "#3 waiting in tier 0: Low tide",
    ]
    assert await night.ask("What does one artist own?", user=4711) == "points 0"


async def test_what_is_known_of_one_song(night: Night) -> None:
    lines = (await night.ask("What is known of one song?", number=2)).split("\n")
    fields = dict(zip(lines[::2], lines[1::2], strict=True))
    assert fields["title"] == "Paper moon" and fields["state"] == "waiting" and fields["by_name"] == "Theo"


async def test_which_settings_are_not_the_default(night: Night) -> None:
    question = "Which settings are not the default?"
    assert await night.ask(question) == ""
    await night.show.change(cap="50")
    assert (await night.ask(question)).split("\n") == ["cap", "50"]


async def test_whether_anything_grows(night: Night) -> None:
    lines = (await night.ask("Is anything growing?")).split("\n")
    sizes = {name: int(size) for name, size in (line.split(" ") for line in lines)}
    revision = await night.redis.get(keys.revision(night.guild))
    assert sizes["events"] == int(str(revision))
    assert (sizes["number"], sizes["queue"], sizes["points:user"], sizes["links"]) == (6, 6, 4, 1)
    # Whatever may hold many things is asked for.
    grows = {
        key.name
        for key in keys.TABLE.values()
        if key.type in ("zset", "stream", "hash")
        and "<" not in key.name
        and not key.bound.startswith("fixed")
    } - {"ladder", "displays"}
    assert grows <= set(sizes)


async def test_whether_this_redis_is_safe(night: Night) -> None:
    lines = (await night.ask("Is this Redis safe?")).split("\n")
    found = dict(zip(lines[::2], lines[1::2], strict=True))
    assert found == {"appendonly": "yes", "appendfsync": "always", "maxmemory-policy": "noeviction"}
    await night.redis.config_set("appendfsync", "everysec")
    assert "everysec" in await night.ask("Is this Redis safe?")
    await night.redis.config_set("appendfsync", "always")


@pytest.mark.parametrize("way", WAYS)
async def test_a_stuck_display_is_seen_painted_anew_and_taken_out(
    stage: Stage, stage_redis_url: str, way: str
) -> None:
    stores = stage.app.stores

    async def ask(question: str) -> str:
        if way == "redis-cli":
            return await through_a_shell(stage_redis_url, COMMANDS[question], G=stage.id, U=0, N=0)
        return await through_python(stores.redis, COMMANDS[question], G=stage.id, U=0, N=0)

    await stage.display("public", stage.queue)
    (message,) = stage.queue.messages
    # What a message shows is written down after its place is.
    await until(lambda: stores.redis.exists(f"sl:{{{stage.id}}}:painted:public"))
    shows = (await ask("What does a display show, and is it off?")).split("\n")
    facts = dict(zip(shows[::2], shows[1::2], strict=True))
    assert facts["message"] == str(message.id) and "off" not in facts

    def edits() -> int:
        return sum(
            request.method == "PATCH" and request.path.endswith(f"/messages/{message.id}")
            for request in stage.discord.requests
        )

    before = edits()
    deleted, heard = (await ask("How is a display painted anew?")).split("\n")
    assert deleted == "1" and int(heard) > 0

    async def edited() -> bool:
        return edits() > before

    await until(edited)

    assert str(message.id) in await ask("How is a stuck display taken out?")
    assert await stores.configuration.displays(stage.id) == {}
    assert await ask("How is a stuck display taken out?") == "there is no such display"
    # The archive takes the event like any other, so a restore knows that the display is gone.
    revision = int(str(await stores.redis.get(keys.revision(stage.id))))

    async def archived() -> bool:
        return await stores.archive.cursor(stage.id) == revision

    await until(archived)
    state = await stores.archive.live(stage.id)
    assert state is not None and not [row for row in state.rows if row.name == "displays"]
    last = await stores.archive.event(stage.id, revision)
    assert last is not None and (last.kind, last.by_name) == ("displays", "redis-cli")


def test_every_question_of_the_page_is_asked_here() -> None:
    here = Path(__file__).read_text(encoding="utf-8")
    assert not [question for question in COMMANDS if f'"{question}"' not in here]


def test_only_two_commands_can_change_anything() -> None:
    words = {question: command.split()[1] for question, command in COMMANDS.items()}
    assert set(words.values()) <= {*READING, "EVAL"}
    changing = {question for question, word in words.items() if word == "EVAL"}
    assert changing == {"How is a display painted anew?", "How is a stuck display taken out?"}
