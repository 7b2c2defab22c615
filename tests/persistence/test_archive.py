"""The archive takes every move exactly once and can tell what Redis holds, and what ever was submitted."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest

from persistence import archive_rows
from persistence.archive import Archive, LiveRow, LiveState
from persistence.errors import Forked, Malformed, Unavailable
from persistence.events import Effect, from_entry, to_entry
from persistence.pool import Pool, open_pool
from tests.persistence.moves import event, submit

SONG = "song:000000000001"


def hash_(name: str, **fields: str | None) -> list[Effect]:
    return [Effect("h", name, field, value) for field, value in fields.items()]


async def live(archive: Archive, guild: int) -> LiveState:
    state = await archive.live(guild)
    assert state is not None
    return state


async def test_an_unknown_guild(archive: Archive, guild: int) -> None:
    assert await archive.cursor(guild) is None
    assert await archive.live(guild) is None
    assert await archive.guilds() == []
    assert await archive.last_event_at(guild) is None
    assert await archive.history(guild) == [] and await archive.gaps(guild) == []


async def test_a_move_comes_back_as_it_went_in(archive: Archive, guild: int) -> None:
    given = event(
        1, submit(1), song=1, by_id=2**62, by_name="Mia \U0001f3b5", data={"from": None, "list": [1, "zwei"]}
    )
    assert await archive.append(guild, [given]) == 1
    assert await archive.event(guild, 1) == given
    assert await archive.events(guild) == [given]
    assert await archive.event(guild, 2) is None
    assert await archive.guilds() == [guild]
    assert await archive.last_event_at(guild) == datetime(2026, 9, 21, 14, 13, 20, 1000, tzinfo=UTC)


async def test_of_a_live_the_last_values_are_kept_and_not_each_version(archive: Archive, guild: int) -> None:
    viewers = hash_("session:1:viewers", **{str(10**18 + n): f"{n} 0" for n in range(100)})
    lifted = hash_(SONG, tier="5")
    effects = [*viewers, *lifted]
    moves = [event(n, effects, kind="live", data={"session": 1, "counts": {"like": n}}) for n in (1, 2, 3)]
    await archive.append(guild, moves)
    assert [(each.kind, each.data, list(each.effects)) for each in await archive.events(guild)] == [
        (each.kind, each.data, lifted) for each in moves
    ]
    assert {(row.field, row.value) for row in (await live(archive, guild)).rows} == {
        (effect.field, effect.value) for effect in effects
    }
    assert await archive.append(guild, moves) == 3


async def test_repeating_and_overlapping_changes_nothing_twice(archive: Archive, guild: int) -> None:
    moves = [event(revision, submit(revision)) for revision in range(1, 21)]
    assert await archive.append(guild, moves[:10]) == 10
    assert await archive.append(guild, moves[:10]) == 10
    assert await archive.append(guild, moves[3:15]) == 15
    assert await archive.append(guild, []) == 15
    results = await asyncio.gather(*(archive.append(guild, moves) for _ in range(4)))
    assert results == [20] * 4
    assert await archive.events(guild) == moves
    assert [song.number for song in await archive.history(guild)] == list(range(20, 0, -1))


async def test_guilds_stay_apart(archive: Archive, guild: int) -> None:
    await archive.append(guild, [event(1, submit(1))])
    await archive.append(guild + 1, [event(1, submit(1, title="Other")), event(2)])
    assert await archive.cursors() == {guild: 1, guild + 1: 2}
    assert [song.title for song in await archive.history(guild)] == ["Song 1"]


async def test_missing_revisions_are_noted(archive: Archive, guild: int) -> None:
    await archive.append(guild, [event(3), event(4), event(7)])
    assert [(gap.first_rev, gap.last_rev, gap.kind) for gap in await archive.gaps(guild)] == [
        (1, 2, "missing"),
        (5, 6, "missing"),
    ]
    assert await archive.inexact() == {guild}
    assert not (await live(archive, guild)).exact
    rows = [LiveRow("queue", "z", "a", "1"), LiveRow("seq", "s", "", "9"), LiveRow(SONG, "h", "title", "x")]
    assert not await archive.replace_live(guild, 6, rows)
    assert await archive.replace_live(guild, 7, rows)
    state = await live(archive, guild)
    assert state.exact and sorted(state.rows, key=lambda row: row.name) == sorted(
        rows, key=lambda row: row.name
    )
    assert [song.title for song in await archive.history(guild)] == ["x"]


async def test_events_out_of_order_are_a_mistake(archive: Archive, guild: int) -> None:
    with pytest.raises(ValueError, match="order"):
        await archive.append(guild, [event(2), event(1)])
    assert await archive.cursor(guild) is None


async def test_another_move_under_the_same_revision_is_a_fork(archive: Archive, guild: int) -> None:
    await archive.append(guild, [event(1), event(2)])
    with pytest.raises(Forked):
        await archive.append(guild, [event(2, request="other"), event(3)])
    with pytest.raises(Forked):
        await archive.append(guild, [event(2, at=5), event(3)])
    assert await archive.cursor(guild) == 2
    for _ in range(2):
        await archive.note_fork(guild, [event(2, request="other")])
    (gap,) = await archive.gaps(guild)
    assert (gap.first_rev, gap.last_rev, gap.kind) == (2, 2, "forked")
    assert gap.entries == [event(2, request="other")]


async def test_live_follows_writes_and_removals(archive: Archive, guild: int) -> None:
    def row(name: str, type_: str, field: str, value: str) -> LiveRow:
        return LiveRow(name, type_, field, value)

    await archive.append(
        guild,
        [
            event(1, [Effect("s", "seq", None, "1"), Effect("z", "queue", "a", "-2599999999999999")]),
            event(2, [*hash_("now", song="1", since="5"), Effect("z", "queue", "b", "9007199254740991")]),
            event(3, [Effect("s", "seq", None, "2"), Effect("z", "queue", "a", None)]),
        ],
    )
    assert (await live(archive, guild)).rows == [
        row("now", "h", "since", "5"),
        row("now", "h", "song", "1"),
        row("queue", "z", "b", "9007199254740991"),
        row("seq", "s", "", "2"),
    ]
    await archive.append(
        guild,
        [
            event(4, [Effect("h", "now", None, None), *hash_("now", song="2")]),
            event(5, [Effect("z", "queue", "b", None), Effect("s", "seq", None, None)]),
            event(6, [*hash_("links", a="1"), Effect("h", "links", None, None)]),
        ],
    )
    state = await live(archive, guild)
    assert state.rows == [row("now", "h", "song", "2")]
    assert state.revision == 6 and state.exact


async def test_submissions_outlive_their_hash(archive: Archive, guild: int) -> None:
    fields = {
        "title": "One",
        "user": "5",
        "user_name": "Ann",
        "state": "waiting",
        "number": "1",
        "tier": "20",
    }
    await archive.append(guild, [event(1, hash_(SONG, **fields, submitted_at="1790000000123", seq="4"))])
    (song,) = await archive.history(guild)
    assert (song.number, song.title, song.user_id, song.tier, song.rev) == (1, "One", 5, "20", 1)
    assert song.submitted_at == datetime(2026, 9, 21, 14, 13, 20, 123000, tzinfo=UTC)
    assert song.extra == {"seq": "4"} and song.note is None

    await archive.append(guild, [event(2, hash_(SONG, state="played", by="9", user_name=None))])
    (song,) = await archive.history(guild)
    assert (song.state, song.by_id, song.user_name, song.title) == ("played", 9, None, "One")

    await archive.append(guild, [event(3, [*hash_(SONG, reason="old"), Effect("h", SONG, None, None)])])
    (song,) = await archive.history(guild)
    assert (song.state, song.reason, song.title, song.rev) == ("played", "old", "One", 3)
    assert (await live(archive, guild)).rows == []


async def test_a_song_that_comes_and_goes_in_one_batch_stays_in_history(archive: Archive, guild: int) -> None:
    field_by_field = hash_(SONG, title=None, state=None)
    await archive.append(
        guild, [event(1, hash_(SONG, title="One", state="waiting")), event(2, field_by_field)]
    )
    assert [(song.title, song.state) for song in await archive.history(guild)] == [("One", "waiting")]


async def test_history_pages_and_filters(archive: Archive, guild: int) -> None:
    titles = {3: "100% Love", 4: "100 Loves", 5: "snake_case", 6: "snakeXcase"}
    more = {number: {"title": title} for number, title in titles.items()}
    await archive.append(guild, [event(n, submit(n, **more.get(n, {}))) for n in range(1, 31)])

    async def numbers(**wanted: object) -> list[int]:
        return [song.number for song in await archive.history(guild, **wanted)]  # type: ignore[arg-type]

    assert await numbers(limit=3) == [30, 29, 28]
    assert await numbers(limit=3, before=28) == [27, 26, 25]
    assert await numbers(user_id=1001) == [26, 21, 16, 11, 6, 1]
    assert await numbers(query="100%") == [3]
    assert await numbers(query="SNAKE_") == [5]
    assert await numbers(query="artist 3", user_id=1003) == [3]
    assert await numbers(query="user4", limit=2) == [29, 24]


async def test_text_that_postgres_cannot_hold_and_odd_numbers(archive: Archive, guild: int) -> None:
    entry = {
        **{"kind": "submitted", "at": "1790000000000", "by": "", "by_name": "a\0b", "song": "", "req": "x"},
        "data": '{"title":"a\\u0000b","none":{}}',
        "effects": f'[["h","{SONG}","title","a\\u0000b"],["h","{SONG}","user","many"],'
        f'["h","{SONG}","ended_at","99999999999999999999"]]',
    }
    await archive.append(guild, [from_entry("1-0", entry)])
    (song,) = await archive.history(guild)
    assert (song.title, song.user_id, song.ended_at) == ("a\ufffdb", None, None)
    assert song.extra == {"user": "many", "ended_at": "99999999999999999999"}
    known = await archive.event(guild, 1)
    assert known is not None and known.by_name == "a\ufffdb" and from_entry("1-0", to_entry(known)) == known


@pytest.mark.parametrize(
    "broken",
    [
        {"at": "soon"},
        {"effects": "{"},
        {"effects": '[["q","x","y","z"]]'},
        {"effects": '[["h","x",null,"z"]]'},
        {"effects": '[["h","x","y",5]]'},
        {"data": "[1]"},
    ],
)
def test_an_entry_of_another_form_is_refused(broken: dict[str, str]) -> None:
    with pytest.raises(Malformed, match="7-0"):
        from_entry("7-0", {"kind": "x", "at": "1", **broken})


def test_empty_tables_of_lua_are_read_as_nothing() -> None:
    read = from_entry("7-0", {"kind": "x", "at": "1", "data": "[]", "effects": "{}"})
    assert read.data == {} and read.effects == ()


async def test_a_pool_survives_its_connections(pool: Pool, archive: Archive, guild: int) -> None:
    await archive.append(guild, [event(1)])
    async with pool.connection() as connection:
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    assert await archive.append(guild, [event(2)]) == 2


async def test_a_closed_pool_is_unavailable(database_url: str, guild: int) -> None:
    closed = await open_pool(database_url)
    await closed.close()
    with pytest.raises(Unavailable):
        await Archive(closed).cursor(guild)


async def test_a_mistake_in_sql_is_not_called_unavailable(pool: Pool) -> None:
    with pytest.raises(asyncpg.UndefinedTableError):
        async with pool.connection() as connection:
            await connection.fetchval("SELECT 1 FROM nowhere")


async def test_who_stands_still_while_it_archives_gives_way(
    database_url: str, archive: Archive, guild: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that is paused holds the guild's row, which the server takes back."""
    monkeypatch.setattr("persistence.pool.IDLE_SECONDS", 0.5)
    pool = await open_pool(database_url)
    inside, gate, real = asyncio.Event(), asyncio.Event(), archive_rows.insert

    async def paused(*args: Any) -> None:
        inside.set()
        await gate.wait()
        await real(*args)

    monkeypatch.setattr(archive_rows, "insert", paused)
    sleeper = asyncio.create_task(Archive(pool).append(guild, [event(1, request="slept")]))
    await inside.wait()
    monkeypatch.setattr(archive_rows, "insert", real)
    async with asyncio.timeout(8):
        assert await archive.append(guild, [event(1, request="mine"), event(2)]) == 2
    gate.set()
    with pytest.raises(Unavailable):
        await sleeper
    assert [each.request for each in await archive.events(guild)][:1] == ["mine"]
    with pytest.raises(Forked):
        await Archive(pool).append(guild, [event(2, request="slept")])
    await pool.close()
