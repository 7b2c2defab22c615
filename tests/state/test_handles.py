"""Handles are found by name, proved by a code or given, have one owner, and keep everything over a rename."""

from __future__ import annotations

import pytest
from redis.asyncio import Redis

from state import keys
from state.handles import Claimed, Handle, Handles, Outcome, name_of
from state.live import Live
from state.live_events import LiveEvent, LiveKind
from state.points import Points, PointsChange
from state.refusal import Reason, Refused
from state.scripts import Actor, Scripts
from tests.state import raw

MIA, ALICE, BRUNO = Actor(77, "Mia"), Actor(11, "Alice"), Actor(12, "Bruno")
START = 1_795_000_000_000
VIEWER, OTHER = 7 * 10**18 + 5, 7 * 10**18 + 6


class Guild:
    """One guild with its handles."""

    def __init__(self, redis: Redis, scripts: Scripts, guild: int) -> None:
        self.redis, self.scripts, self.id = redis, scripts, guild
        self.points = Points(redis, scripts)
        self.handles = Handles(redis, scripts, self.points)
        self.live = Live(redis, scripts)
        self.requests = self.messages = 0

    def request(self) -> str:
        self.requests += 1
        return f"h{self.requests}"

    async def see(self, viewer: int, name: str) -> int | None:
        """Somebody joins a live; gives the account that awaited them."""
        session = (await self.live.begin(self.id, "mia", 6000, 71, START)).session
        self.messages += 1
        event = LiveEvent(LiveKind.JOIN, self.messages, START + self.messages, viewer, name=name)
        booked = await self.live.ingest(self.id, session, [event])
        return next((user for _, _, user in booked.linked), None)

    async def start(self, who: Actor, name: str | None = None) -> str:
        return (await self.handles.start(self.id, self.request(), who, name)).code

    async def type(self, code: str, viewer: int = VIEWER, name: str = "neon", **more: bool) -> Outcome:
        return (await self.handles.prove(self.id, self.request(), code, viewer, name, **more)).outcome

    async def owner(self, viewer: int) -> str | None:
        return await self.redis.hget(keys.links(self.id), str(viewer))  # type: ignore[misc]

    async def check(self) -> None:
        await raw.check(self.redis, self.id)


@pytest.fixture
def guild_(redis: Redis, scripts: Scripts, guild: int) -> Guild:
    return Guild(redis, scripts, guild)


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        (" @Neon.Rain_1 ", "neon.rain_1"),
        ("dj_mara", "dj_mara"),
        ("https://www.tiktok.com/@dj.mara/live?lang=en", "dj.mara"),
        ("tiktok.com/@x1", "x1"),
        ("https://m.tiktok.com/@X1#live", "x1"),
        ("https://vm.tiktok.com/ZMabcdefg/", None),
        ("https://www.tiktok.com/t/ZMabcdefg/", None),
        ("https://example.org/@x1", None),
        ("", None),
        ("@", None),
        ("a", None),
        ("dj mara", None),
        ("n\u00e9", None),
        ("<@1>", None),
        ("a" * 25, None),
        ("mara.", None),
        ("dj\u200bmara", None),
        ("https://tiktok.com/", None),
        ("<script>", None),
    ],
)
def test_a_name_is_read_from_what_people_paste(typed: str, name: str | None) -> None:
    assert name_of(typed) == name


async def test_a_code_in_the_chat_links_the_one_who_types_it(guild_: Guild) -> None:
    await guild_.see(VIEWER, "Neon")
    code = await guild_.start(ALICE, "neon")
    assert await guild_.type(f" {code.lower()} ", name="Neon") is Outcome.LINKED
    assert await guild_.owner(VIEWER) == "11"
    assert await guild_.type(code, name="Neon") is Outcome.UNKNOWN
    (handle,) = await guild_.handles.of_user(guild_.id, ALICE.id)
    assert (handle.id, handle.shown) == (VIEWER, "@Neon")


async def test_only_the_named_handle_may_use_the_code(guild_: Guild) -> None:
    code = await guild_.start(ALICE, "neon")
    assert await guild_.type(code, OTHER, "other") is Outcome.OTHER_NAME
    assert await guild_.type(code, VIEWER, "neon", masked=True) is Outcome.MASKED
    assert await guild_.type(code, 0, "neon") is Outcome.MASKED
    assert await guild_.owner(OTHER) is None and await guild_.owner(VIEWER) is None
    assert await guild_.type(code) is Outcome.LINKED
    # Who named none may use whatever they are.
    code = await guild_.start(BRUNO)
    assert await guild_.type(code, OTHER, "other") is Outcome.LINKED
    assert [await guild_.owner(each) for each in (VIEWER, OTHER)] == ["11", "12"]


async def test_there_is_one_code_a_person_and_few_of_them(guild_: Guild) -> None:
    codes = [await guild_.start(ALICE) for _ in range(5)]
    assert len(set(codes)) == 5 and all(len(code) == 5 for code in codes)
    assert await guild_.type(codes[0]) is Outcome.UNKNOWN
    with pytest.raises(Refused) as refused:
        await guild_.start(ALICE)
    assert refused.value.reason is Reason.LIMIT and 0 < refused.value.facts["seconds"] <= 900
    await guild_.start(BRUNO)
    assert await guild_.type(codes[4]) is Outcome.LINKED
    # The same interaction again gets the same code.
    first = await guild_.handles.start(guild_.id, "same", MIA, None)
    assert (await guild_.handles.start(guild_.id, "same", MIA, None)).code == first.code


async def test_who_guesses_is_not_heard_any_more(guild_: Guild) -> None:
    code = await guild_.start(ALICE)
    for _ in range(5):
        assert await guild_.type("ZZZZZ") is Outcome.UNKNOWN
    assert await guild_.type(code) is Outcome.TOO_MANY
    assert await guild_.type(code, OTHER, "other") is Outcome.LINKED


async def test_a_handle_has_one_owner(guild_: Guild) -> None:
    await guild_.see(VIEWER, "neon")
    assert await guild_.type(await guild_.start(ALICE)) is Outcome.LINKED
    for who, reason in ((BRUNO, Reason.TAKEN), (ALICE, Reason.SAME_OWNER)):
        with pytest.raises(Refused) as refused:
            await guild_.start(who, "neon")
        assert refused.value.reason is reason and not refused.value.facts
    assert await guild_.type(await guild_.start(BRUNO)) is Outcome.TAKEN
    assert await guild_.type(await guild_.start(ALICE)) is Outcome.LINKED
    with pytest.raises(Refused) as refused:
        await guild_.handles.claim(guild_.id, guild_.request(), BRUNO, BRUNO.id, "neon")
    assert refused.value.reason is Reason.TAKEN
    assert await guild_.owner(VIEWER) == "11"
    forced = await guild_.handles.claim(guild_.id, guild_.request(), MIA, BRUNO.id, "neon", force=True)
    assert forced == Claimed("neon", VIEWER) and await guild_.owner(VIEWER) == "12"
    await guild_.check()


async def test_a_name_not_seen_yet_is_linked_when_its_viewer_appears(guild_: Guild) -> None:
    await guild_.points.add(guild_.id, "p", MIA, [PointsChange("handle", VIEWER, 40)])
    claimed = await guild_.handles.claim(guild_.id, "c", MIA, ALICE.id, "neon", force=True)
    assert claimed == Claimed("neon", None)
    assert await guild_.handles.awaited_by(guild_.id, ALICE.id) == ["neon"]
    with pytest.raises(Refused) as refused:
        await guild_.handles.claim(guild_.id, guild_.request(), BRUNO, BRUNO.id, "neon")
    assert refused.value.reason is Reason.TAKEN
    assert await guild_.see(OTHER, "other") is None
    assert await guild_.see(VIEWER, "Neon") == ALICE.id
    assert await guild_.owner(VIEWER) == "11" and await guild_.points.of_user(guild_.id, ALICE.id) == 40
    assert await guild_.handles.awaited_by(guild_.id, ALICE.id) == []
    # Seen again, or masked: nothing.
    assert await guild_.see(VIEWER, "Neon") is None and await guild_.see(0, "neon") is None
    await guild_.check()


async def test_who_owns_a_handle_keeps_it_whatever_name_it_takes(guild_: Guild) -> None:
    await guild_.handles.claim(guild_.id, "c", MIA, ALICE.id, "neon", force=True)
    assert await guild_.type(await guild_.start(BRUNO), OTHER, "other") is Outcome.LINKED
    assert await guild_.see(OTHER, "neon") is None
    assert await guild_.owner(OTHER) == "12"


async def test_a_rename_keeps_everything(guild_: Guild) -> None:
    await guild_.see(VIEWER, "neon")
    assert await guild_.type(await guild_.start(ALICE)) is Outcome.LINKED
    await guild_.points.add(guild_.id, "p", MIA, [PointsChange("handle", VIEWER, 40)])
    await guild_.see(VIEWER, "neon.rain")
    (handle,) = await guild_.handles.of_user(guild_.id, ALICE.id)
    assert (handle.shown, handle.points) == ("@neon.rain", 40)
    assert await guild_.handles.find(guild_.id, "neon") is None
    found = await guild_.handles.find(guild_.id, "neon.rain")
    assert found is not None and found.owned
    # The name is free for another viewer, who is somebody else.
    await guild_.see(OTHER, "neon")
    found = await guild_.handles.find(guild_.id, "neon")
    assert found is not None and (found.id, found.owned) == (OTHER, False)
    await guild_.check()


async def test_names_are_offered_by_what_was_typed(guild_: Guild) -> None:
    for number in range(60):
        await guild_.see(1000 + number, f"fan{number:02d}")
    await guild_.see(VIEWER, "the.fan")
    await guild_.points.link(guild_.id, "l", MIA, 1000, 11, name="@fan00")
    offered = await guild_.handles.offered(guild_.id, "@FAN")
    assert len(offered) == 25 and offered[0].name == "fan00" and "the.fan" not in {o.name for o in offered}
    assert [o.name for o in await guild_.handles.offered(guild_.id, "fan0", free=True)][:2] == [
        "fan01",
        "fan02",
    ]
    assert [o.name for o in await guild_.handles.offered(guild_.id, "e.f")] == ["the.fan"]
    assert await guild_.handles.offered(guild_.id, "zz*") == []


async def test_one_lets_go_of_ones_own_only(guild_: Guild) -> None:
    await guild_.see(VIEWER, "neon")
    await guild_.handles.claim(guild_.id, "c1", ALICE, ALICE.id, "neon")
    await guild_.handles.claim(guild_.id, "c2", ALICE, ALICE.id, "later")
    for name in ("neon", "later"):
        with pytest.raises(Refused) as refused:
            await guild_.handles.unlink(guild_.id, guild_.request(), BRUNO, BRUNO.id, name)
        assert refused.value.reason is Reason.UNKNOWN_HANDLE
        await guild_.handles.unlink(guild_.id, guild_.request(), ALICE, ALICE.id, name)
    assert await guild_.owner(VIEWER) is None
    assert await guild_.handles.awaited_by(guild_.id, ALICE.id) == []
    for number in range(5):
        await guild_.handles.claim(guild_.id, f"m{number}", ALICE, ALICE.id, f"name{number}")
    with pytest.raises(Refused) as refused:
        await guild_.handles.claim(guild_.id, "m5", ALICE, ALICE.id, "name5")
    assert refused.value.reason is Reason.LIMIT
    await guild_.check()


async def test_who_lost_a_handle_meanwhile_takes_it_from_nobody(
    guild_: Guild, monkeypatch: pytest.MonkeyPatch
) -> None:
    await guild_.see(VIEWER, "neon")
    await guild_.handles.claim(guild_.id, "c", ALICE, ALICE.id, "neon")
    look = guild_.handles.of_user

    async def look_and_lose(guild: int, user: int) -> list[Handle]:
        found = await look(guild, user)
        await guild_.handles.claim(guild_.id, "f", MIA, BRUNO.id, "neon", force=True)
        return found

    monkeypatch.setattr(guild_.handles, "of_user", look_and_lose)
    with pytest.raises(Refused) as refused:
        await guild_.handles.unlink(guild_.id, guild_.request(), ALICE, ALICE.id, "neon")
    assert refused.value.reason is Reason.UNKNOWN_HANDLE
    assert await guild_.owner(VIEWER) == str(BRUNO.id)
    await guild_.check()
