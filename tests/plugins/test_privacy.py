"""`/privacy`: a person is planted everywhere, sees all of it, and is then found nowhere."""

from __future__ import annotations

import re
import secrets
import zlib
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import orjson
import pytest

from persistence import recovery
from persistence.archive_rows import BULKY, BULKY_FAMILY
from persistence.backups import Cause, moment
from persistence.backups.document import LiveKey
from persistence.errors import Unavailable
from persistence.events import Effect, Event
from sandbox.discord import Person
from state.live_events import LiveEvent, LiveKind
from state.live_records import LiveSession, Viewer
from state.points import PointsChange
from state.scripts import Actor
from state.song import NewSong
from tests.stage import Stage, until

NAME = "Quillonia Vex"
HANDLE = 7333456789012345699
TIKTOK, LATER = "quillonia.vex", "quillonia.later"
OTHER_VIEWER = 7123456789012345600
WORDS = re.compile(rf"{NAME}|{NAME.replace(' ', '%20')}|{HANDLE}|{TIKTOK}|{LATER}")
MIA = Actor(77, "Mia")


async def bytes_of(content: bytes) -> AsyncIterator[bytes]:
    yield content


async def settled(stage: Stage) -> None:
    """Waits until all is archived and nothing is owed to anybody."""
    redis = stage.app.stores.redis
    prefix = f"sl:{{{stage.id}}}:"

    async def done() -> bool:
        names = (f"{prefix}rev", f"{prefix}archived", f"{prefix}noticed")
        revision, archived, noticed = await redis.mget(*names)
        return revision == archived == noticed and not await redis.exists(f"{prefix}owed")

    await until(done, timeout=15)


async def plant(stage: Stage, person: Person) -> None:
    """Everything a person can leave behind, as an artist and as a reviewer."""
    stores, guild = stage.app.stores, stage.id
    queue, who = stores.queue, Actor(int(person.id), person.name)
    await stage.configure(limit_0="0", limit_pending="0", lock="0", cooldown="0")

    async def submit(by: Actor, title: str, tier: int = 0, **more: Any) -> int:
        song = NewSong(title, f"{by.name} Band", by.id, by.name, **more)
        number = (await queue.submit(guild, secrets.token_hex(8), by, song)).song.number
        if tier:
            await queue.promote(guild, secrets.token_hex(8), MIA, number, tier)
        return number

    def request() -> str:
        return secrets.token_hex(8)

    stored = await stores.files.keep(bytes_of(b"ID3\x04" + bytes(60)), f"{NAME}.mp3")
    other = Actor(int(stage.bruno.id), "Bruno")
    played = await submit(who, f"{NAME} played", 25, track=f"soundcloud:{NAME}/one", note=f"by {NAME}")
    theirs = await submit(other, "Glass", 20)
    await queue.next(guild, request(), who)
    await queue.next(guild, request(), MIA)
    await queue.review(guild, request(), MIA, played, score=9, note=f"well done {NAME}")
    await queue.review(guild, request(), who, theirs, score=3, note="a bit thin")
    free = await submit(who, f"{NAME} free", track=f"soundcloud:{NAME}/two", link=f"https://x.test/{NAME}")
    await stores.points.add(guild, request(), MIA, [PointsChange("user", who.id, 50)])
    await stores.points.link(guild, request(), who, HANDLE, who.id, name=f"@{NAME}")
    await stores.points.add(guild, request(), MIA, [PointsChange("handle", HANDLE, 70)])
    await queue.next(guild, request(), MIA)
    await queue.undo(guild, request(), who)
    held = await submit(who, f"{NAME} held", 15)
    await queue.hold(guild, request(), who, held)
    bumped = await submit(who, f"{NAME} bumped", 15)
    await queue.bump(guild, request(), MIA, bumped, 2)
    pending = NewSong(f"{NAME} pends", NAME, who.id, who.name, claimed=10, file=stored.name, file_name=NAME)
    await queue.submit(guild, request(), who, pending)
    gone = await submit(who, f"{NAME} gone", 5)
    await queue.remove(guild, request(), MIA, gone, reason=f"{NAME} asked for it")
    kept = await submit(other, "Low tide", 10)
    await queue.promote(guild, request(), who, kept, 15)
    bye = await submit(other, "Bye", 10)
    await queue.remove(guild, request(), who, bye, reason="not tonight")
    await queue.bookmark(guild, request(), who, theirs)
    await queue.bookmark(guild, request(), MIA, played)
    question = orjson.dumps({"user": str(who.id), "tier": 5}).decode()
    await stores.redis.set(f"sl:{{{guild}}}:question:1", question, ex=600)
    await stores.notices.choose(guild, request(), who, quiet=True)
    await stores.configuration.change(guild, request(), who, {"cap": "90"})
    await watch_a_live(stage, who, kept)
    await spend_and_prove(stage, who)
    await queue.next(guild, request(), who)
    await settled(stage)
    await stores.backups.take(guild, Cause.ASKED)
    await submit(who, f"{NAME} late", 5)
    await queue.edit(guild, request(), who, free, {"title": f"{NAME} anew"})
    await settled(stage)
    await stores.backups.take(guild, Cause.ASKED)
    fork = Event(
        revision=1,
        kind="submitted",
        at=1,
        by_id=who.id,
        by_name=NAME,
        effects=(
            Effect("h", "song:000000000099", "user", str(who.id)),
            Effect("h", "song:000000000099", "title", NAME),
        ),
    )
    await stores.archive.note_fork(guild, [fork])


async def watch_a_live(stage: Stage, who: Actor, song: int) -> None:
    """What a linked viewer leaves in a live: points, coins, a song of another's that was lifted, a row."""
    stores, guild, at = stage.app.stores, stage.id, 1_795_000_000_000
    live = stores.live
    session = (await live.begin(guild, "mia.live", 6000, 71, at)).session

    def gift(message: int, viewer: int, coins: int, name: str) -> LiveEvent:
        return LiveEvent(LiveKind.GIFT, message, at, viewer, name=name, price=coins, gift=1, count=1)

    await live.support(guild, "support", who, [HANDLE], song)
    lifted = await live.ingest(guild, session, [gift(1, HANDLE, 1000, TIKTOK)])
    assert [each.song.number for each in lifted.promotions] == [song]
    await live.ingest(guild, session, [gift(2, HANDLE, 130, TIKTOK), gift(3, OTHER_VIEWER, 70, "somebody")])
    # And an older live that PostgreSQL has.
    then = datetime(2026, 11, 1, 20, tzinfo=UTC)
    over = LiveSession(session=99, host="mia.live", host_id=6000, rooms=[70], started_at=then, ended_at=then)
    rows = [
        Viewer(handle_id=id_, name=name, user_id=user, likes=3, first_at=then, last_at=then)
        for id_, name, user in ((HANDLE, TIKTOK, who.id), (OTHER_VIEWER, "somebody", None))
    ]
    await stores.sessions.save(guild, over, rows)


async def spend_and_prove(stage: Stage, who: Actor) -> None:
    """A wallet with a purchase, a name that is awaited, codes that were asked for and typed."""
    stores, guild = stage.app.stores, stage.id
    await stores.wallet.give(guild, "coins", MIA, who.id, 500, reason="a prize")
    offer = (await stores.wallet.quote(guild, who.id)).offers[0]
    tier = 20 if offer.song.tier < 20 else 25
    cost = (await stores.wallet.quote(guild, who.id)).cost(offer, tier)
    assert cost is not None
    await stores.wallet.buy(guild, "buy", who, offer.song.number, tier, expected=cost)
    await stores.handles.claim(guild, "later", MIA, who.id, LATER, force=True)
    await stores.handles.start(guild, "code", who, "quillonia.new")
    await stores.handles.prove(guild, "chat", "ZZZZZ", HANDLE, TIKTOK)
    await stores.points.leaderboard(guild, who.id)


async def in_redis(stage: Stage, words: re.Pattern[str]) -> list[str]:
    """Every key of every guild that holds one of the words, in its name or in its value."""
    redis: Any = stage.app.stores.redis
    found: list[str] = []
    async for name in redis.scan_iter("*", count=5000):
        match await redis.type(name):
            case "string":
                value: Any = await redis.get(name)
            case "hash":
                value = await redis.hgetall(name)
            case "zset":
                value = await redis.zrange(name, 0, -1, withscores=True)
            case "set":
                value = await redis.smembers(name)
            case "stream":
                value = await redis.xrange(name)
            case _:
                continue
        if words.search(f"{name} {value!r}"):
            found.append(f"{name}: {words.search(f'{name} {value!r}')}")
    return found


async def in_postgres(url: str, words: re.Pattern[str]) -> list[str]:
    """Every column of every table that holds one of the words."""
    connection = await asyncpg.connect(url)
    found: list[str] = []
    try:
        columns = await connection.fetch(
            "SELECT table_name, column_name, data_type FROM information_schema.columns "
            "WHERE table_schema = 'public' ORDER BY 1, 2"
        )
        for table, column, type_ in columns:
            for (value,) in await connection.fetch(f'SELECT "{column}" FROM "{table}"'):
                text = zlib.decompress(value).decode() if type_ == "bytea" and value else str(value)
                if words.search(text):
                    found.append(f"{table}.{column}: {words.search(text)}")
    finally:
        await connection.close()
    return found


def in_files(folder: Path, words: re.Pattern[str]) -> list[str]:
    """Every file of the data directory that holds one of the words, in its name or in its content."""
    return [
        str(path)
        for path in folder.rglob("*")
        if words.search(path.name) or (path.is_file() and words.search(path.read_bytes().decode("latin-1")))
    ]


@pytest.fixture
async def person(stage: Stage) -> Person:
    person = stage.guild.join(NAME)
    await plant(stage, person)
    return person


def in_every_version(live: Mapping[str, LiveKey]) -> dict[str, LiveKey]:
    """What the archive keeps every version of: not the counters of viewers of a live."""
    return {
        name: key for name, key in live.items() if name not in BULKY and not name.startswith(BULKY_FAMILY)
    }


async def test_a_forgotten_person_is_found_nowhere(
    stage: Stage, person: Person, session_database_url: str
) -> None:
    stores, folder = stage.app.stores, stage.app.settings.data_dir
    words = re.compile(rf"{person.id}|{WORDS.pattern}")
    before = await in_redis(stage, words)
    assert len(before) > 12, before
    tables = {each.partition(".")[0] for each in await in_postgres(session_database_url, words)}
    assert tables == {*("backups", "events", "gaps", "ledger", "live", "session_viewers", "submissions")}
    stored = set(stores.files.names())
    assert len(in_files(folder, words)) == 2 and stored
    glass = await stores.queue.song(stage.id, 2)
    others = [song.number for song in (await stores.queue.board(stage.id)).songs if song.user != person.id]

    reply = await person.command("privacy delete", stage.submissions)
    assert reply.ephemeral and "Nobody can bring it back" in reply.text and reply.message is not None
    foreign = await stage.alice.press(reply.message, f"s1:privacy.delete:{person.id}", forge=True)
    assert "older message" in foreign.text
    assert len(await in_redis(stage, words)) >= len(before)
    pressed = await person.press(reply.message, label="Yes, delete it all")
    message = await pressed.settled()
    await message.channel.wait_for(lambda _: "Done." in message.text, timeout=10)
    assert "files deleted: 1" in message.text and not message.components

    await settled(stage)
    assert await in_redis(stage, words) == []
    assert await in_postgres(session_database_url, words) == []
    assert in_files(folder, words) == [] and len(stored - set(stores.files.names())) == 1

    # What is others' stays, in its order; the review they wrote is nobody's now.
    board = await stores.queue.board(stage.id)
    assert [song.number for song in board.songs] == others
    again = await stores.queue.song(stage.id, 2)
    assert again is not None and glass is not None and again.title == glass.title
    assert again.user == glass.user and again.state == glass.state
    # Neither is what others gave on the live, nor the song that the person's gift had lifted.
    assert await stores.live.bank(stage.id, handle=OTHER_VIEWER) == 70
    assert [row.name for row in (await stores.sessions.viewers(stage.id, 99))[0]] == ["somebody"]
    assert (await stores.ledger.sums(stage.id)).get(person.id) is None
    # The archive still tells exactly how the live state came to be, and a rebuild brings nobody back.
    live = (await moment.read(stage.id, stores.redis)).keys
    events = [event for event in await stores.archive.events(stage.id, 0, 10_000)]
    assert in_every_version(moment.follow({}, events)) == in_every_version(live)
    await recovery.restore(stage.id, stores.redis, stores.archive)
    assert (await moment.read(stage.id, stores.redis)).keys == live
    for entry in await stores.backups.store.entries(stage.id):
        assert not await stores.backups.store.verify(entry)
    assert await in_redis(stage, words) == []
    await stores.queue.next(stage.id, "on", MIA)

    found = await (await person.command("privacy export", stage.submissions)).settled()
    held = orjson.loads(found.attachments[0].content)
    assert not held["redis"] and not held["postgres"] and not held["backups"] and not held["files"]


async def test_what_was_not_finished_is_finished_by_the_next(
    stage: Stage, person: Person, session_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever step fails: the person is told, asks again, and is found nowhere then."""
    words = re.compile(rf"{person.id}|{WORDS.pattern}")

    async def away(*_: object) -> int:
        raise Unavailable

    for step in (
        "persistence.privacy.archived._rewrite",
        "persistence.privacy.archived._forget_live",
        "persistence.privacy.archived._forget_gaps",
        "persistence.backups.store.BackupStore.rewrite",
    ):
        reply = await person.command("privacy delete", stage.submissions)
        assert reply.message is not None
        with monkeypatch.context() as broken:
            broken.setattr(step, away)
            pressed = await person.press(reply.message, label="Yes, delete it all")
            told = await pressed.followup()
        assert "Not everything could be deleted yet" in told.text, step
    await stage.app.stores.privacy.forget(stage.id, "last", person.id)
    await settled(stage)
    assert await in_redis(stage, words) == []
    assert await in_postgres(session_database_url, words) == []
    assert in_files(stage.app.settings.data_dir, words) == []


async def test_deleting_twice_is_as_good_as_once(stage: Stage, person: Person) -> None:
    privacy = stage.app.stores.privacy
    first = await privacy.forget(stage.id, "one", person.id)
    assert first.songs > 5 and first.files == 1 and first.backups == 2
    revision = await stage.app.stores.redis.get(f"sl:{{{stage.id}}}:rev")
    second = await privacy.forget(stage.id, "two", person.id)
    assert (second.songs, second.files, second.backups) == (0, 0, 0)
    assert await stage.app.stores.redis.get(f"sl:{{{stage.id}}}:rev") == revision


async def test_the_export_has_everything_of_the_caller_and_nobody_else(stage: Stage, person: Person) -> None:
    reply = await person.command("privacy export", stage.submissions)
    message = await reply.settled()
    assert reply.ephemeral and "in this server" in message.text
    content = message.attachments[0].content
    held = orjson.loads(content)
    assert held["user"] == str(person.id) and NAME in held["names"]
    assert {"points:user", "links", "quiet", f"handles:{person.id}", "undo", "events"} <= set(held["redis"])
    assert {"wallet", "bank:user", "coins", "earning", "viewers", "names", "awaited"} <= set(held["redis"])
    assert held["redis"]["viewers"] == {str(HANDLE): TIKTOK} and f"proof:{person.id}" in held["redis"]
    assert {row["cause"] for row in held["postgres"]["ledger"]} >= {"given", "bought"}
    assert {row["name"] for row in held["postgres"]["session_viewers"]} == {TIKTOK}
    assert any(song.get("title") == f"{NAME} held" for song in held["redis"].values() if "title" in song)
    assert {"events", "live", "submissions"} <= set(held["postgres"])
    assert len(held["backups"]) == 2 and held["files"][0]["stored"] is True
    for foreign in ("Glass", "Low tide", "Bruno", str(stage.bruno.id), "somebody", str(OTHER_VIEWER)):
        assert foreign not in content.decode()


async def test_a_handle_that_is_anothers_by_now_stays_theirs(stage: Stage) -> None:
    stores, guild, bruno = stage.app.stores, stage.id, int(stage.bruno.id)
    await stores.points.link(guild, "l", MIA, HANDLE, int(stage.alice.id), name=f"@{TIKTOK}")
    await stores.points.add(guild, "p", MIA, [PointsChange("handle", HANDLE, 70)])
    await stores.points.link(guild, "f", MIA, HANDLE, bruno, name=f"@{TIKTOK}", force=True)
    await settled(stage)
    await stores.privacy.forget(guild, "gone", int(stage.alice.id))
    assert await stores.points.of_user(guild, bruno) == 70
    held = await stores.privacy.export(guild, int(stage.alice.id))
    assert not held["redis"] and not held["postgres"] and not held["tiktok_ids"]
    assert (await stores.privacy.export(guild, bruno))["tiktok_ids"] == [str(HANDLE)]


async def test_whoever_says_no_keeps_all(stage: Stage) -> None:
    reply = await stage.alice.command("privacy delete", stage.submissions)
    assert reply.message is not None
    await stage.alice.press(reply.message, label="Keep it")
    assert reply.message.text == "Nothing was deleted." and not reply.message.components


async def test_a_stranger_has_nothing(stage: Stage) -> None:
    message = await (await stage.stranger.command("privacy export", stage.submissions)).settled()
    held = orjson.loads(message.attachments[0].content)
    assert not held["redis"] and not held["postgres"] and not held["files"]
    gone = await stage.app.stores.privacy.forget(stage.id, "none", int(stage.stranger.id))
    assert gone.songs == 0
