"""Random moves: what may be made, on the real queue by a client and on the model by its rules."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from redis.asyncio import Redis

from state.configure import Configuration
from state.feed import Feed
from state.ladder import LINES, SKIPS, Ladder
from state.points import Points, PointsChange
from state.queue import Queue
from state.scripts import Actor, Opener, Scripts
from state.song import NewSong
from tests.state.model import ACTIVE, Model

CUSTOM = Ladder.of([(88, "Front row"), (7, "Seven"), (6, "Six"), (1, "One"), (0, "Open mic")])
LADDERS = {"skips": SKIPS, "lines": LINES, "custom": CUSTOM}
TIERS = sorted({tier.label for ladder in LADDERS.values() for tier in ladder.tiers} | {3})
"""Labels of all ladders, and one that is on none."""
USERS = range(1, 21)
HANDLES = range(7 * 10**18 + 1, 7 * 10**18 + 5)
REVIEWERS = range(901, 904)
AMOUNTS = (1, 2, 5, 1, 40, 1000, -3, -1000, 126_704, 10**14 - 1, 1 - 10**14)
SETTINGS = (
    *(("lock", str(n)) for n in range(4)),
    *(("cap", "30"), ("cap", None), ("cap", None), ("paused", "1"), *[("paused", None)] * 4),
    *(("closed:0", "1"), *[("closed:0", None)] * 4, ("closed:10", "1"), ("closed:10", None)),
    *(("limit:0", "0"), ("limit:0", "2"), ("limit:0", None), ("limit:pending", "1"), ("limit:pending", None)),
    *(("cooldown", "0"), ("cooldown", "0"), ("cooldown", None)),
    *(("fair:paid", "1"), ("fair:paid", "2"), ("fair:paid", "3"), ("fair:paid", None)),
    *(("fair:round_robin", "1"), ("fair:round_robin", "0"), ("fair:round_robin", None)),
)

Op = tuple[str, int, int, int]
"""A kind of move and three dice, which choose among what is there when the move is made."""

WEIGHTS = {
    "submit": 18,
    "claim": 6,
    "next": 9,
    "next stale": 2,
    "next unseen": 2,
    "promote": 8,
    "hold": 4,
    "back": 4,
    "bump": 6,
    "remove": 3,
    "remove own": 3,
    "edit": 3,
    "claim skip": 3,
    "withdraw": 3,
    "approve": 6,
    "reject": 2,
    "clear": 1,
    "points": 8,
    "reset": 1,
    "link": 3,
    "unlink": 1,
    "undo": 10,
    "undo seen": 3,
    "undo stale": 1,
    "change": 5,
    "ladder": 1,
    "again": 3,
}
KINDS = [kind for kind, weight in WEIGHTS.items() for _ in range(weight)]


@dataclass
class Client:
    """One process: its own connections and scripts."""

    redis: Redis
    queue: Queue
    points: Points
    configuration: Configuration

    @classmethod
    def on(cls, redis: Redis, opener: Opener | None = None) -> Client:
        """Opens unknown guilds as new ones, unless an `opener` says otherwise."""

        async def blank(guild: int) -> None:
            await redis.set(f"sl:{{{guild}}}:rev", "0", nx=True)

        scripts = Scripts(redis, opener or blank)
        configuration = Configuration(redis, scripts, Feed(redis))
        return cls(redis, Queue(redis, scripts), Points(redis, scripts), configuration)


@dataclass
class Play:
    """A move bound to its choices: how to make it on a client, and what the model does."""

    real: Callable[[Client, str], Awaitable[Any]]
    rule: Callable[[Model], Any]


def bind(model: Model, guild: int, op: Op) -> Play:
    """The move that the dice choose from what is there now."""
    kind, a, b, c = op
    by = REVIEWERS[c % len(REVIEWERS)]
    actor = Actor(by, f"Reviewer {by}")
    number = 1 + a % (len(model.songs) + 1)
    if b % 5:
        number = _one_of(model, ACTIVE, a, number)
    tiers = sorted(model.ladder) if b % 16 else TIERS
    tier = tiers[b % len(tiers)]
    user = USERS[a % len(USERS)]
    artist = Actor(user, f"user{user}")
    match kind:
        case "submit" | "claim":
            track = f"t:{b % 12}" if b % 3 else None
            claimed = (tier or None) if kind == "claim" else None
            song = NewSong(f"Title {c}", f"Artist {a}", user, f"user{user}", track=track, claimed=claimed)
            return Play(
                lambda client, request: client.queue.submit(guild, request, artist, song),
                lambda m: m.submit(user, track, claimed),
            )
        case "next" | "next stale" | "next unseen":
            seen = model.playing if kind == "next" else number
            compare = kind != "next unseen"
            none = compare and seen is None
            return Play(
                lambda client, request: client.queue.next(
                    guild, request, actor, expected=seen if compare else None, expect_none=none
                ),
                lambda m: m.next(by, seen, compare),
            )
        case "promote":
            return Play(
                lambda client, request: client.queue.promote(guild, request, actor, number, tier),
                lambda m: m.promote(by, number, tier),
            )
        case "hold":
            return Play(
                lambda client, request: client.queue.hold(guild, request, actor, number),
                lambda m: m.hold(by, number),
            )
        case "back":
            number = _one_of(model, ["held"], a, number)
            return Play(
                lambda client, request: client.queue.back(guild, request, actor, number),
                lambda m: m.back(by, number),
            )
        case "bump":
            places = 1 + b % 4 if b % 9 else 100
            return Play(
                lambda client, request: client.queue.bump(guild, request, actor, number, places),
                lambda m: m.bump(by, number, places),
            )
        case "remove":
            return Play(
                lambda client, request: client.queue.remove(guild, request, actor, number, reason="no"),
                lambda m: m.remove(by, number, None),
            )
        case "remove own":
            owner = model.songs[number].user if number in model.songs and b % 4 else user
            return Play(
                lambda client, request: client.queue.remove(
                    guild, request, Actor(owner, f"user{owner}"), number, owner=owner
                ),
                lambda m: m.remove(owner, number, owner),
            )
        case "edit" | "claim skip" | "withdraw":
            if kind == "withdraw":
                number = _one_of(model, ["pending"], a, number)
            owner = model.songs[number].user if number in model.songs and b % 8 else user
            return _own(kind, guild, Actor(owner, f"user{owner}"), number, tier, f"t:{c % 12}")
        case "approve":
            number = _one_of(model, ["pending"], a, number)
            return Play(
                lambda client, request: client.queue.approve(
                    guild, request, actor, number, tier, method="tip", amount="5"
                ),
                lambda m: m.approve(by, number, tier),
            )
        case "reject":
            number = _one_of(model, ["pending"], a, number)
            return Play(
                lambda client, request: client.queue.reject(guild, request, actor, number, reason="late"),
                lambda m: m.reject(by, number),
            )
        case "clear":
            return Play(
                lambda client, request: client.queue.clear(guild, request, actor, tier),
                lambda m: m.clear(by, tier),
            )
        case "points":
            amounts = [AMOUNTS[(b + i) % len(AMOUNTS)] for i in range(c % 4)]
            rows = [
                ("handle", HANDLES[(a + i) % len(HANDLES)], amount)
                if (a + i) % 3 == 0
                else ("user", USERS[(a + i) % len(USERS)], amount)
                for i, amount in enumerate(amounts)
            ]
            changes = [PointsChange(row[0], row[1], row[2]) for row in rows]  # type: ignore[arg-type]
            return Play(
                lambda client, request: client.points.add(guild, request, actor, changes),
                lambda m: m.add_points(rows),
            )
        case "reset":
            scope = ("", "user", "handles_of", "handle")[c % 4]
            whose = HANDLES[b % len(HANDLES)] if scope == "handle" else user
            return Play(
                lambda client, request: client.points.reset(
                    guild, request, actor, **({scope: whose} if scope else {})
                ),
                lambda m: m.reset(by, scope, whose),
            )
        case "link" | "unlink":
            handle, force = HANDLES[b % len(HANDLES)], c % 2 == 0
            if kind == "unlink":
                return Play(
                    lambda client, request: client.points.unlink(guild, request, actor, handle),
                    lambda m: m.link(handle, None, False),
                )
            return Play(
                lambda client, request: client.points.link(
                    guild, request, actor, handle, user, name="@name", force=force
                ),
                lambda m: m.link(handle, user, force),
            )
        case "undo" | "undo seen" | "undo stale":
            seen = None
            if kind != "undo":
                stack = model.stack
                seen = stack[-1].revision if stack and kind == "undo seen" else 1 + b % (model.revision + 2)
            return Play(
                lambda client, request: client.queue.undo(guild, request, actor, expected=seen),
                lambda m: m.undo(by, seen),
            )
        case "change":
            name, value = SETTINGS[a % len(SETTINGS)]
            return Play(
                lambda client, request: client.configuration.change(guild, request, actor, {name: value}),
                lambda m: m.change(name, value),
            )
        case _:
            ladder = list(LADDERS.values())[a % len(LADDERS)]
            names = {tier.label: tier.name for tier in ladder.tiers}
            return Play(
                lambda client, request: client.configuration.set_ladder(guild, request, actor, ladder),
                lambda m: m.set_ladder(names),
            )


def _own(kind: str, guild: int, owner: Actor, number: int, tier: int, track: str) -> Play:
    """What artists do to songs of their own, and try with those of others."""
    match kind:
        case "edit":
            return Play(
                lambda client, request: client.queue.edit(guild, request, owner, number, {"track": track}),
                lambda m: m.edit(owner.id, number, track),
            )
        case "claim skip":
            return Play(
                lambda client, request: client.queue.claim(guild, request, owner, number, tier),
                lambda m: m.claim(owner.id, number, tier),
            )
        case _:
            return Play(
                lambda client, request: client.queue.withdraw(guild, request, owner, number),
                lambda m: m.withdraw(owner.id, number),
            )


def _one_of(model: Model, states: Sequence[str], dice: int, otherwise: int) -> int:
    """Mostly a song in one of the states, so that random moves are often possible ones."""
    found = model.in_state(*states)
    return found[dice % len(found)].number if found and dice % 8 else otherwise
