"""A whole show in one guild: every kind of move, and every field a song, the stage or a setting may have."""

from __future__ import annotations

import contextlib
import itertools
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace

from redis.asyncio import Redis

from state import keys
from state.asked import Asked
from state.configure import Configuration
from state.guild_settings import POINTED
from state.handles import Handles
from state.hosts import Hosts, Status
from state.housekeeping import Housekeeping
from state.ladder import SKIPS, Ladder
from state.live import Live
from state.live_events import LiveEvent, LiveKind
from state.notices import Notices
from state.overlays import Overlays
from state.points import Points, PointsChange
from state.public_page import PublicPages
from state.questions import Questions
from state.queue import Queue
from state.refusal import Refused
from state.scripts import Actor, Fence
from state.sign_gate import SharedSignGate
from state.song import NewSong
from state.timers import Timers
from state.wallet import Wallet

MIA = Actor(9001, "Mia")
THEO = Actor(9002, "Theo")
ALICE, BRUNO, CARLA = Actor(11, "Alice"), Actor(12, "Bruno"), Actor(13, "Carla")
HANDLE = 7 * 10**18 + 5

Look = Callable[[], Awaitable[None]]


@dataclass
class Show:
    """Plays it; `look` is awaited whenever something new can be seen."""

    redis: Redis
    queue: Queue
    points: Points
    configuration: Configuration
    guild: int
    _requests: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def request(self) -> str:
        return f"show{next(self._requests)}"

    async def submit(self, who: Actor, title: str, **more: object) -> int:
        song = NewSong(title=title, artist=f"{who.name}'s band", user=who.id, user_name=who.name, **more)  # type: ignore[arg-type]
        return (await self.queue.submit(self.guild, self.request(), who, song)).song.number

    async def approved(self, who: Actor, title: str, tier: int, **more: object) -> int:
        number = await self.submit(who, title, claimed=tier, **more)
        await self.queue.approve(self.guild, self.request(), THEO, number, tier, method="gift", amount="2000")
        return number

    async def change(self, **values: str | None) -> None:
        """Changes settings; the first `_` of a name stands for its `:`."""
        named = {name.replace("_", ":", 1) if ":" not in name else name: v for name, v in values.items()}
        await self.configuration.change(self.guild, self.request(), MIA, named)

    async def next(self) -> None:
        await self.queue.next(self.guild, self.request(), MIA)

    async def opening(self) -> None:
        """Six songs in line: #1 25+ Skip, #2 10 Skip, #3 to #6 Free, by points Carla, Bruno, Alice, Dana."""
        await self.approved(ALICE, "Neon rain", 25, link="https://soundcloud.com/a/1", track="soundcloud:1")
        await self.approved(BRUNO, "Paper moon", 10, file="0a.mp3", file_name="moon.mp3", file_size=4096)
        for who, title in ((ALICE, "Low tide"), (BRUNO, "Glass"), (CARLA, "Kerosene")):
            await self.submit(who, title, link=f"https://youtu.be/{title}", note="first listen", track=title)
        await self.submit(Actor(14, "Dana"), "Last bus")
        rows = [PointsChange("user", CARLA.id, 5000), PointsChange("user", BRUNO.id, 300)]
        await self.points.add(self.guild, self.request(), Actor(0, "Skipline"), rows)
        await self.points.link(self.guild, self.request(), ALICE, HANDLE, ALICE.id, name="@alice")
        rows = [PointsChange("user", ALICE.id, 20), PointsChange("handle", HANDLE, 70)]
        await self.points.add(self.guild, self.request(), Actor(0, "Skipline"), rows)

    async def all_of_it(self, look: Look) -> None:
        """The opening, then everything else that can happen."""
        guild, queue = self.guild, self.queue
        await self.opening()
        await look()
        await self.next()
        await self.change(paused="1", closed_10="1", lock="2", cap="50", limit_0="3", limit_pending="5")
        await look()
        await self.change(notices="dm")
        notices = Notices(self.redis, self.queue._scripts)
        await notices.choose(guild, self.request(), BRUNO, quiet=True)
        await self.change(paused=None, cooldown="60", role_reviewer="77", channel_queue="78")
        await self.configuration.change(guild, self.request(), MIA, {"double_press_ms": "500"})
        await self.change(language="es-ES")
        await self.configuration.set_ladder(
            guild, self.request(), MIA, Ladder.of([(t.label, t.name.upper()) for t in SKIPS.tiers])
        )
        # A review that took a minute.
        since = int((await self.redis.hget(keys.now(guild), "since")) or 0)
        await self.redis.hset(keys.now(guild), "since", str(since - 60_000))
        await self.next()
        await self.next()
        await look()
        await queue.undo(guild, self.request(), THEO)
        await self.change(channel_now_playing="79", channel_bookmarks="80")
        playing = (await queue.board(guild)).playing
        assert playing is not None
        await queue.review(guild, self.request(), MIA, playing.number, score=8, note="warm and close")
        await queue.bookmark(guild, self.request(), MIA, playing.number)
        await look()
        await queue.bookmark(guild, self.request(), MIA, playing.number)
        await queue.bookmark(guild, self.request(), MIA, playing.number)
        await queue.hold(guild, self.request(), MIA, 6)
        await queue.bump(guild, self.request(), MIA, 4, 2)
        await look()
        await queue.back(guild, self.request(), MIA, 6)
        await queue.promote(guild, self.request(), MIA, 6, 20)
        await queue.promote(guild, self.request(), MIA, 6, 5)
        rejected = await self.submit(CARLA, "No", claimed=15)
        await queue.reject(guild, self.request(), MIA, rejected, reason="not paid")
        await look()
        await self.change(closed_0="1")
        ended = await self.submit(BRUNO, "Nor this", claimed=15)
        await queue.reject(guild, self.request(), MIA, ended)
        await self.change(closed_0=None)
        await self.submit(CARLA, "Maybe", claimed=15)
        mine = await self.submit(CARLA, "Mine")
        other = await self.submit(Actor(15, "Emil"), "Ohter", track="t:1")
        await queue.edit(guild, self.request(), Actor(15, "Emil"), other, {"title": "Other", "track": "t:2"})
        await queue.claim(guild, self.request(), Actor(15, "Emil"), other, 15)
        await look()
        await queue.withdraw(guild, self.request(), Actor(15, "Emil"), other)
        await queue.remove(guild, self.request(), MIA, other)
        await queue.remove(guild, self.request(), CARLA, mine, owner=CARLA.id)
        await self.next()
        await look()
        await self.submit(ALICE, "One more")
        await self.settings_and_points()
        await queue.clear(guild, self.request(), MIA, 0, reason="the show is over")
        await self.points.link(guild, self.request(), MIA, HANDLE + 1, BRUNO.id, name="@bruno")
        await self.points.unlink(guild, self.request(), MIA, HANDLE + 1)
        await self.change(fair_paid="2", fair_round_robin="1")
        await self.configuration.change(guild, self.request(), MIA, {"keep_days": "30"})
        for title in ("Again", "And again", "Encore"):
            await self.approved(CARLA, title, 25)
        while not await self.redis.exists(keys.served(guild)):
            await self.next()
        await self.a_live(look)
        await self.coins_and_handles(look)
        overlays = Overlays(self.redis, queue._scripts)
        for name in ("OBS", "old"):
            await overlays.create(guild, self.request(), MIA, name)
        await overlays.rotate(guild, self.request(), MIA, "OBS")
        await overlays.remove(guild, self.request(), MIA, "old")
        await self.configuration.change(guild, self.request(), MIA, {"public_page": "1"})
        pages = PublicPages(self.redis, queue._scripts)
        await pages.link(guild, self.request(), MIA)
        await pages.renew(guild, self.request(), MIA)
        # A play of long ago leaves with the next clean-up.
        await self.redis.zadd(keys.recent(guild), {"old:1": 1})
        await Housekeeping(self.queue._scripts).prune(guild, [1])
        await look()

    async def a_live(self, look: Look) -> None:
        """A live with everything a viewer can do, a drop, a second host, and its end."""
        guild, live = self.guild, Live(self.redis, self.queue._scripts)
        for name in (*POINTED, "gift_limit"):
            await self.configuration.change(guild, self.request(), MIA, {f"points:{name}": "3"})
        tiers = {"gift:5": "900", "price:5": "40", "live_grace": "900", "lock": "0"}
        await self.configuration.change(guild, self.request(), MIA, tiers)
        hosts = Hosts(self.redis, self.queue._scripts)
        for host in ("mia", "theo"):
            await hosts.connect(guild, self.request(), MIA, host)
        await self.lost_and_back(hosts, look)
        at = (await self.redis.time())[0] * 1000
        session = (await live.begin(guild, "mia", 6000, 71, at)).session
        other = (await live.begin(guild, "theo", 6001, 72, at)).session
        number = await self.submit(Actor(16, "Fay"), "Lifted")
        await live.support(guild, self.request(), MIA, [HANDLE + 2], number)
        messages = itertools.count(1)

        def event(kind: LiveKind, **facts: object) -> LiveEvent:
            return LiveEvent(kind, next(messages), at + 1000, HANDLE + 2, name="fan", **facts)  # type: ignore[arg-type]

        events = [event(kind, total=9) for kind in LiveKind if kind is not LiveKind.GIFT]
        events.append(replace(event(LiveKind.VIEWERS, count=5), at=at + 2000))
        await live.ingest(guild, session, events, skipped=1)
        gift = event(LiveKind.GIFT, price=950, gift=5, group=1, streakable=True)
        await live.ingest(guild, session, [gift])
        await look()
        await live.away(guild, session, at + 3000, "dropped")
        # As somebody works on one who may die meanwhile.
        await self.redis.set(keys.POSTGRES_AWAY, at // 1000)
        timers = Timers(self.queue._scripts)
        await timers.set(guild, "test:1", 0)
        (claim,), _ = await timers.claim(guild, ["test"])
        await look()
        await timers.done(claim)
        await live.back(guild, session, at + 4000)
        await self.next()
        await self.points.link(guild, self.request(), MIA, HANDLE + 2, 16, name="@fan")
        await live.end(guild, session, at + 5000)
        await look()
        await live.end(guild, other, at + 5000)
        # Unless the bot has stored it already.
        with contextlib.suppress(Refused):
            await live.stored(guild, session)

    async def lost_and_back(self, hosts: Hosts, look: Look) -> None:
        """A host that is found, lost, told of and back, one let go, and the gate before signatures."""
        guild, gate = self.guild, SharedSignGate(self.redis)
        await hosts.known(guild, self.request(), MIA, "mia", 6000)
        await hosts.broke(guild, self.request(), MIA, "mia", "reconnecting", 4, 30)
        await look()
        await hosts.back(guild, self.request(), MIA, "mia")
        await hosts.lost(guild, self.request(), MIA, "mia", "reconnecting", 5)
        # Unless the bot was quicker.
        with contextlib.suppress(Refused):
            await hosts.told(guild, self.request(), MIA, "mia", 5)
        await hosts.back(guild, self.request(), MIA, "mia")
        await hosts.connect(guild, self.request(), MIA, "carla")
        await hosts.disconnect(guild, self.request(), MIA, "carla")
        hosts = Hosts(self.redis, self.queue._scripts.under(Fence("tiktok:mia", 1)))
        await hosts.show_status(guild, "mia", Status("live", 5, "connected", room=71, session=1))
        await gate.pass_()
        await gate.limited(5)
        await look()

    async def coins_and_handles(self, look: Look) -> None:
        """Coins given, a skip bought, a name that is awaited and let go, codes asked for and typed."""
        guild, scripts = self.guild, self.queue._scripts
        wallet, handles = Wallet(self.redis, scripts), Handles(self.redis, scripts, self.points)
        gus = Actor(17, "Gus")
        number = await self.submit(gus, "Bought")
        await wallet.give(guild, self.request(), MIA, gus.id, 90, reason="a prize")
        await wallet.buy(guild, self.request(), gus, number, 5, expected=40)
        await handles.claim(guild, self.request(), MIA, gus.id, "not.yet", force=True)
        await handles.start(guild, self.request(), gus, None)
        await handles.prove(guild, self.request(), "ZZZZZ", HANDLE + 3, "gus")
        await Asked(self.redis, scripts).ask(guild, HANDLE + 2, time.time_ns() // 10**6)
        await self.points.leaderboard(guild, gus.id)
        await look()
        await handles.unlink(guild, self.request(), gus, gus.id, "not.yet")
        await self.queue.remove(guild, self.request(), MIA, number, reason="gone")
        await self.queue.undo(guild, self.request(), MIA)

    async def settings_and_points(self) -> None:
        """A change taken back, a file imported, points given for a reason and taken from everybody."""
        guild, configuration = self.guild, self.configuration
        await self.change(cap="20")
        changes, _ = await configuration.changes(guild)
        await configuration.take_back(guild, self.request(), MIA, changes[0])
        ladder = Ladder.of([(t.label, t.name.lower()) for t in SKIPS.tiers])
        settings = {"lock": "3"}
        await configuration.adopt(guild, self.request(), MIA, settings=settings, seen={}, ladder=ladder)
        given = [PointsChange("user", ALICE.id, 30)]
        await self.points.add(guild, self.request(), MIA, given, reason="for the cover")
        await self.points.reset(guild, self.request(), MIA, user=ALICE.id)
        await self.points.reset(guild, self.request(), MIA, handles_of=ALICE.id)
        await self.points.reset(guild, self.request(), MIA)
        await Questions(self.redis).ask(guild, "77", MIA.id, {"kind": "clear"})
