"""A guild in the middle of a show: who is there, what they do, and what they were told."""

from __future__ import annotations

import asyncio
import re
import secrets
import time
from collections import Counter
from dataclasses import dataclass, field
from random import Random
from string import ascii_uppercase
from typing import Any, Final, cast

from redis.exceptions import RedisError

from sandbox.discord import Channel, ClientRefused, Message, Person, Reply
from sandbox.tiktok import GIFTS, Host, Streak, Viewer
from state import keys, live_keys
from state.configure import Configuration
from state.feed import Feed
from state.hosts import Hosts
from state.points import Points
from state.queue import Queue
from state.scripts import Actor, Scripts
from state.song import NewSong
from tests.faults.stage import Stage

OWNER: Final = Actor(1, "admin")
REVIEWERS: Final = 5
ARTISTS: Final = 6
FULL: Final = 25
"""Songs that wait before artists stop to submit: a host who is late closes the queue."""
GRACE_SECONDS: Final = 8
"""A host who is away for longer begins another session, so there are several in a show."""
STREAK_SECONDS: Final = 30.0
"""A streak that nobody adds to for so long is over; TikTok's own last a few seconds."""

_CODE: Final = re.compile(r"\b[A-Z]\d{4}\b")
_WORDS: Final = ("Lantern", "Harbour", "Signal", "Marble", "Orchid", "Static", "Velvet", "Comet", "Tide")
_SETTLE: Final = 20.0
_TRIES: Final = 15
_LATEST, _SEEN = 20.0, 500


@dataclass(slots=True)
class Act:
    """What somebody did, and what they were told came of it.

    `outcome` is `yes` (done), `no` (nothing was changed), `unsure` (told plainly that it is not known),
    `silent` (no answer in time), `broken` (acknowledged in time, and no more heard of it) or `seen`.
    """

    kind: str
    guild: int
    shard: int
    who: str
    begin: float
    end: float
    outcome: str
    text: str
    request: str
    code: str = ""
    latency: float = 0.0
    reply: Reply | None = None

    def judge(self) -> None:
        """Read what whoever pressed a button was told since: the panel is drawn first."""
        if self.reply is not None and self.outcome == "yes" and self.reply.followups:
            self.text = " ".join(each.text for each in self.reply.followups)
            self.outcome = _unsure(self.text) or "no"


@dataclass(eq=False)
class Room:
    """One guild, and everything that was done in it."""

    stage: Stage
    number: int
    random: Random
    acts: list[Act] = field(default_factory=list[Act])
    submitted: int = 0
    streaks: list[tuple[float, Streak]] = field(default_factory=list[tuple[float, Streak]])
    """Those under way, with when (monotonic seconds) each is over unless somebody adds to it."""

    def __post_init__(self) -> None:
        guild = self.stage.sandbox.create_guild(f"Room {self.number}", owner="Olga")
        self.guild = guild
        self.id = int(guild.id)
        self.shard = (self.id >> 22) % self.stage.shards
        self.owner = guild.owner
        self.role = guild.create_role("Reviewer")
        self.reviewers = [guild.join(f"Reviewer{number}", roles=[self.role]) for number in range(REVIEWERS)]
        self.artists = [guild.join(f"Artist{number}") for number in range(ARTISTS)]
        self.review: Channel = guild.create_channel("review")
        self.queue: Channel = guild.create_channel("queue")
        self.host: Host = self.stage.tiktok.host(f"host_{self.number}_{secrets.token_hex(2)}")
        self.viewers: list[Viewer] = [
            self.stage.tiktok.viewer(f"fan_{self.number}_{number}_{secrets.token_hex(2)}")
            for number in range(ARTISTS)
        ]
        self.stage_channel: Channel | None = None
        self.alerts: Channel | None = None
        self.lives: Channel | None = None
        self.sure: set[int] = set()
        """Messages on TikTok that surely came, as was seen before the show ended."""
        self.links = {
            viewer.id: artist.id for viewer, artist in zip(self.viewers[:-2], self.artists, strict=False)
        }

    async def prepare(self) -> None:
        """Set it up as its owner would."""
        redis = self.stage.redis
        # Opened by the bot itself, as whoever comes first has it.
        reply = await self.owner.command("queue show", self.queue)
        assert reply.ok, reply.text
        await reply.settled()
        scripts = Scripts(redis, _opened)
        configuration = Configuration(redis, scripts, Feed(redis))
        changes = {"role:reviewer": str(self.role.id), "limit:0": "0", "double_press_ms": "0"}
        await configuration.change(self.id, secrets.token_hex(8), OWNER, changes)
        for kind, channel in (("reviewer", self.review), ("public", self.queue)):
            place = (int(channel.id), 0)
            await configuration.set_display(self.id, secrets.token_hex(8), OWNER, kind, place)
        await self.panel(60)

    async def fill(self, songs: int) -> None:
        """Let songs wait that came in before the show."""
        queue = Queue(self.stage.redis, Scripts(self.stage.redis, _opened))
        for number in range(songs):
            artist = self.artists[number % ARTISTS]
            song = NewSong(
                f"{self._code()} {_WORDS[number % len(_WORDS)]}", artist.name, artist.id, artist.name
            )
            await queue.submit(self.id, secrets.token_hex(8), OWNER, song)

    async def go_live(self) -> None:
        """Begin the show on TikTok, with the artists' handles linked and a channel for all that is posted."""
        redis = self.stage.redis
        scripts = Scripts(redis, _opened)
        self.stage_channel, self.alerts, self.lives = (
            self.guild.create_channel(name) for name in ("now-playing", "alerts", "lives")
        )
        changes = {
            "channel:now_playing": str(self.stage_channel.id),
            "channel:alerts": str(self.alerts.id),
            "channel:metrics": str(self.lives.id),
            "live_grace": str(GRACE_SECONDS),
        }
        configuration = Configuration(redis, scripts, Feed(redis))
        await configuration.change(self.id, secrets.token_hex(8), OWNER, changes)
        points = Points(redis, scripts)
        for viewer in self.viewers:
            if (user := self.links.get(viewer.id)) is not None:
                await points.link(
                    self.id, secrets.token_hex(8), OWNER, viewer.id, user, name=f"@{viewer.name}"
                )
        live = self.host.go_live()
        await Hosts(redis, scripts).connect(self.id, secrets.token_hex(8), OWNER, self.host.name)
        await self.stage.tiktok.connected(live, timeout=60)

    # What is on the screen

    async def panel(self, timeout: float = 10.0) -> Message:
        """The reviewers' panel as it stands now."""
        found = await self.review.wait_for(self._panels, timeout)
        return found[-1]

    def _panels(self, messages: list[Message]) -> list[Message]:
        return [each for each in messages if each.component(None, label="Next") is not None]

    def panels(self) -> list[Message]:
        """Every panel that stands in the channel; there is to be one."""
        return self._panels(self.owner.sees(self.review))

    def boards(self) -> list[Message]:
        """Every public display that stands in the channel; there is to be one."""
        return [each for each in self.owner.sees(self.queue) if not each.ephemeral and len(each.embeds) == 2]

    # What people do

    async def artist_acts(self, artist: Person, random: Random) -> None:
        """Somebody submits a song, or looks where theirs are."""
        if random.random() < 0.3 or await self._waiting() >= FULL:
            await self._say(artist, "show", self.queue, "queue show")
            return
        code = self._code()
        await self._say(
            artist, "submit", self.queue, "submit link", code=code,
            url=f"https://soundcloud.com/{artist.name.lower()}/{code.lower()}",
            artist=artist.name, title=f"{code} {random.choice(_WORDS)}",
        )  # fmt: skip

    async def reviewer_acts(self, reviewer: Person, random: Random) -> None:
        """Somebody presses Next (now and then with a colleague), takes it back, or sets the song aside."""
        pressed = random.choices(("Next", "together", "Undo", "Not here", "show"), (50, 15, 12, 8, 15))[0]
        match pressed:
            case "show":
                await self._say(reviewer, "show", self.review, "queue show")
            case "together":
                other = random.choice([each for each in self.reviewers if each is not reviewer])
                await asyncio.gather(self.press(reviewer, "Next"), self.press(other, "Next"))
            case label:
                await self.press(reviewer, label)

    def _code(self) -> str:
        """What names the next song of this room in every text."""
        self.submitted += 1
        return f"{ascii_uppercase[self.number % 26]}{self.submitted:04}"

    async def _waiting(self) -> int:
        try:
            return int(await self.stage.redis.zcard(keys.queue(self.id)))
        except (RedisError, OSError):
            return 0

    async def fans_act(self, random: Random) -> None:
        """Somebody on TikTok likes, writes, or gives."""
        live = self.host.live
        if live is None:
            return
        viewer = random.choice(self.viewers)
        match random.choices(("like", "comment", "share", "gift", "streak", "more"), (30, 20, 5, 15, 15, 15))[
            0
        ]:
            case "like":
                viewer.like(live, random.randint(1, 60))
            case "comment":
                viewer.comment(live, f"great {random.choice(_WORDS)}")
            case "share":
                viewer.share(live)
            case "gift":
                viewer.gift(live, random.choice(GIFTS[:11]), random.randint(1, 3))
            case "streak":
                gift = random.choice([each for each in GIFTS[:8] if each.streakable])
                self._goes_on(viewer.streak(live, gift, random.randint(1, 5)))
            case _:
                now = time.monotonic()
                self.streaks = [each for each in self.streaks if each[0] > now and each[1].live is live]
                if not self.streaks:
                    return
                _, streak = self.streaks.pop(random.randrange(len(self.streaks)))
                streak.more(random.randint(1, 4))
                if random.random() < 0.4:
                    streak.end(times=random.choice((1, 2)))
                else:
                    self._goes_on(streak)

    def _goes_on(self, streak: Streak) -> None:
        self.streaks.append((time.monotonic() + STREAK_SECONDS, streak))

    async def owner_acts(self, random: Random) -> None:
        """The owner stops listening to the host, and begins anew: the evening is another session then."""
        handle = {"handle": self.host.name}
        await self._say(self.owner, "show", self.review, "tiktok disconnect", **handle)
        await asyncio.sleep(random.uniform(0, 1))
        for _ in range(_TRIES):
            # Who is not answered, or told that it failed, asks again.
            reply = await self._say(self.owner, "show", self.review, "tiktok connect", **handle)
            if reply is not None and f"@{self.host.name}" in reply.text.replace("\\", ""):
                return

    async def leave(self) -> None:
        """End the show on TikTok in order, once all that was sent is booked. Raises TimeoutError.

        What came by then must be booked, whatever the owner wishes later.
        """
        live, client = self.host.live, cast("Any", self.stage.redis)
        async with asyncio.timeout(60):
            if live is not None and live.connections:
                await live.acknowledged(30)
                since = max(time.time() - _LATEST, *(until for _, until in self.stage.emptied), 0.0)
                came = {
                    id_ for each in live.connections for id_ in (*each.delivery.history, *each.delivery.acked)
                }
                newest = self.stage.tiktok.books.messages(self.host.name)[-_SEEN:]
                self.sure = {each.id for each in newest if each.id in came and each.at / 1000 > since}
                ids = [str(each) for each in self.sure]
                while ids and None in await client.zmscore(live_keys.seen(self.id), ids):  # noqa: ASYNC110 - in Redis
                    await asyncio.sleep(0.1)
            reply = await self.owner.command(
                "tiktok disconnect", self.review, options={"handle": self.host.name}
            )
            assert reply.ok, reply.text
            ends = (live_keys.live(self.id), live_keys.unstored(self.id))
            while await client.exists(*ends):  # noqa: ASYNC110 - it is another process that ends them
                await asyncio.sleep(0.1)

    async def _say(
        self, person: Person, kind: str, channel: Channel, command: str, *, code: str = "", **options: Any
    ) -> Reply | None:
        begin = time.monotonic()
        try:
            reply = await person.command(command, channel, options=options)
        except ClientRefused:
            return None  # the channel is gone
        text, broken = await _heard(reply)
        if kind == "show":
            outcome = "seen"
        elif "is in the queue" in text and code in text:
            outcome = "yes"
        else:
            outcome = _unsure(text) or "no"
        self._note(kind, person, begin, reply, outcome, text, broken, code)
        return reply

    async def press(self, person: Person, label: str) -> None:
        """Somebody presses a button of the panel, if it is there and not greyed out."""
        panels = self.panels()
        if not panels:
            return  # it was deleted, and is not there again yet
        begin = time.monotonic()
        try:
            reply = await person.press(panels[-1], label=label)
        except ClientRefused:
            return  # greyed out
        text, broken = await _heard(reply)
        # Whoever is told something in private is told it instead of what was pressed for.
        outcome = (_unsure(text) or "no") if reply.ephemeral else "yes"
        self._note(label, person, begin, reply, outcome, text, broken)

    def _note(
        self, kind: str, person: Person, begin: float, reply: Reply, outcome: str, text: str,
        broken: bool, code: str = "",
    ) -> None:  # fmt: skip
        if not reply.ok:
            outcome = "silent"
        elif broken:
            outcome = "broken"
        request = str(reply.interaction.id)
        self.acts.append(
            Act(kind, self.id, self.shard, person.name, begin, time.monotonic(), outcome, text, request, code,
                reply.latency, None if code else reply)
        )  # fmt: skip

    def tally(self) -> Counter[str]:
        """How often people were told what."""
        return Counter(f"{act.kind} {act.outcome}" for act in self.acts)


async def _heard(reply: Reply) -> tuple[str, bool]:
    """What the answer says in the end, and whether it never came to an end."""
    if not reply.ok:
        return "", False
    try:
        await reply.settled(_SETTLE)
    except TimeoutError:
        return reply.text, True
    except LookupError:
        return "", False
    return reply.text, False


def _unsure(text: str) -> str | None:
    """Answers that leave open whether something was changed, and say so."""
    open_ = ("look at the queue first", "Nothing was changed that you were not told of")
    return "unsure" if any(part in text for part in open_) else None


def codes(text: str) -> list[str]:
    """The songs a text names, in its order."""
    return _CODE.findall(text)


async def _opened(guild: int) -> None:
    raise AssertionError(f"guild {guild} is not open")
