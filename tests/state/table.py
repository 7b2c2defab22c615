"""Plays the same moves on the real queue, from several clients, and on the model, and compares."""

from __future__ import annotations

import asyncio
import copy
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from redis.asyncio import Redis

from state.board import Board
from state.configure import Configuration
from state.feed import Feed
from state.ladder import LINES, SKIPS, Ladder
from state.points import Points, PointsChange
from state.queue import Queue
from state.refusal import Refused
from state.scripts import Actor, Opener, Scripts
from state.song import NewSong
from tests.state import raw
from tests.state.model import ACTIVE, Model, Refusal

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
    "approve": 6,
    "reject": 2,
    "clear": 1,
    "points": 8,
    "link": 3,
    "unlink": 1,
    "undo": 10,
    "undo seen": 3,
    "undo stale": 1,
    "change": 3,
    "ladder": 1,
    "again": 3,
}
KINDS = [kind for kind, weight in WEIGHTS.items() for _ in range(weight)]

outcomes: Counter[tuple[str, str]] = Counter()
"""How each kind of move ended: done or refused, and why."""

played: Counter[str] = Counter()
"""Moves made and states compared in this run."""


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


class Table:
    """One guild, its clients and its model."""

    def __init__(self, clients: list[Client], guild: int, ladder: str) -> None:
        self.clients = clients
        self.guild = guild
        self.first_ladder = ladder
        self.model = Model({tier.label: tier.name for tier in SKIPS.tiers})
        self.steps = 0
        self.last: tuple[Play, str, Any] | None = None

    async def sit(self) -> None:
        """Sets the ladder, where it is not the one of a new guild."""
        if self.first_ladder != "skips":
            await self.play(("ladder", list(LADDERS).index(self.first_ladder), 0, 0))

    def bind(self, op: Op) -> Play:
        kind, a, b, c = op
        guild, model = self.guild, self.model
        by = REVIEWERS[c % len(REVIEWERS)]
        actor = Actor(by, f"Reviewer {by}")
        number = 1 + a % (len(model.songs) + 1)
        if b % 5:
            number = self._one_of(ACTIVE, a, number)
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
                number = self._one_of(["held"], a, number)
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
            case "approve":
                number = self._one_of(["pending"], a, number)
                return Play(
                    lambda client, request: client.queue.approve(
                        guild, request, actor, number, tier, method="tip", amount="5"
                    ),
                    lambda m: m.approve(by, number, tier),
                )
            case "reject":
                number = self._one_of(["pending"], a, number)
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
                    seen = (
                        stack[-1].revision if stack and kind == "undo seen" else 1 + b % (model.revision + 2)
                    )
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

    def _one_of(self, states: Sequence[str], dice: int, otherwise: int) -> int:
        """Mostly a song in one of the states, so that random moves are often possible ones."""
        found = self.model.in_state(*states)
        return found[dice % len(found)].number if found and dice % 8 else otherwise

    async def play(self, op: Op) -> None:
        """Makes one move on both sides; they must agree on the answer or on the refusal."""
        self.steps += 1
        played["moves"] += 1
        client = self.clients[self.steps % len(self.clients)]
        if op[0] == "again":
            if self.last is not None:
                play, request, first = self.last
                assert await play.real(client, request) == first
            await self.compare(op)
            return
        play, request = self.bind(op), f"r{self.steps}"
        refusal = answer = None
        try:
            self.apply(play)
        except Refusal as forbidden:
            refusal = forbidden
        try:
            answer = await play.real(client, request)
        except Refused as refused:
            assert refusal is not None, f"{op}: the rules allow what was refused: {refused}"
            self._same_refusal(op, refused, refusal)
            outcomes[op[0], refused.reason.value] += 1
        else:
            outcomes[op[0], ""] += 1
            assert refusal is None, f"{op}: done, but the rules forbid it: {refusal}"
            self.last = play, request, answer
            self._same_answer(op, answer)
        await self.compare(op)

    def apply(self, play: Play) -> None:
        play.rule(self.model)
        self.model.revision += 1

    def _same_refusal(self, op: Op, refused: Refused, refusal: Refusal) -> None:
        assert refused.reason.value == refusal.reason, op
        facts = refusal.facts
        if "by" in facts:
            assert (op, int(refused.facts["by"])) == (op, facts["by"])
        if "moved" in facts:
            assert refused.facts["moved"] == facts["moved"]
        if "any_song" in facts:
            assert refused.facts["song"]["number"] in facts["any_song"]
        if "song" in facts:
            assert refused.facts["song"]["number"] == facts["song"]

    def _same_answer(self, op: Op, answer: Any) -> None:
        model = self.model
        if hasattr(answer, "revision"):
            assert answer.revision == model.revision, op
        song = getattr(answer, "song", None)
        if song is not None:
            mine = model.songs[song.number]
            assert (song.user, song.tier, song.state.value) == (mine.user, mine.tier, mine.state), op
        if getattr(answer, "waiting", None) is not None:
            assert answer.waiting == len(model.order()), op
        if getattr(answer, "place", None) is not None:
            assert answer.place == model.place(answer.song.number), op

    async def compare(self, op: Op | None = None) -> None:
        """Everything a person or a program can see of the guild, against the model."""
        model, guild = self.model, self.guild
        client = self.clients[(self.steps + 1) % len(self.clients)]
        played["comparisons"] += 1
        board = await client.queue.board(guild, count=1000, pending=1000, held=1000)
        order = model.order()
        self._same_board(op, board, order)
        offset, count = self.steps % (len(order) + 2), 1 + self.steps % 5
        page = await client.queue.board(guild, offset=offset, count=count, pending=1, held=1)
        assert [song.number for song in page.songs] == order[offset : offset + count], (op, offset, count)
        places, waiting = await client.queue.places(guild, list(model.songs))
        assert places == {number: place for place, number in enumerate(order, start=1)}, op
        assert waiting == len(order)
        rows = await self._points(client)
        assert rows == {key: value for key, value in model.points.items() if value}, op
        if self.steps % 16 == 0:
            await self.inspect()

    def _same_board(self, op: Op | None, board: Board, order: list[int]) -> None:
        model = self.model
        assert [song.number for song in board.songs] == order, op
        assert (board.revision, board.waiting) == (model.revision, len(order)), op
        shown = [*board.songs, *board.pending_songs, *board.held_songs]
        shown += [board.playing] if board.playing else []
        for song in shown:
            mine = model.songs[song.number]
            assert (song.user, song.tier, song.state.value, song.locked, song.track, song.claimed) == (
                *(mine.user, mine.tier, mine.state, mine.locked is not None),
                *(mine.track, mine.claimed),
            ), op
        assert len(shown) == len(model.in_state("waiting", "pending", "held", "bumped", "playing")), op
        pending = sorted(model.in_state("pending"), key=lambda song: song.entered)
        held = sorted(model.in_state("held"), key=lambda song: song.held or 0)
        assert [song.number for song in board.pending_songs] == [song.number for song in pending], op
        assert [song.number for song in board.held_songs] == [song.number for song in held], op
        assert (board.pending, board.held) == (len(pending), len(held)), op
        assert (board.now.song, board.now.turn) == (model.playing, model.turn), op
        assert {tier.label: tier.name for tier in board.ladder.tiers} == model.ladder, op
        counts = dict.fromkeys(model.ladder, 0)
        for number in order:
            counts[model.songs[number].tier] += 1
        assert board.counts == counts, op
        top = model.stack[-1] if model.stack else None
        last = board.last_move
        assert (last and (last.revision, last.kind, last.by, last.song)) == (
            top and (top.revision, top.kind, top.by, top.song)
        ), op

    async def _points(self, client: Client) -> dict[tuple[str, int], int]:
        found: dict[tuple[str, int], int] = {}
        for kind in ("user", "handle"):
            rows: Any = await client.redis.zrange(
                f"sl:{{{self.guild}}}:points:{kind}", 0, -1, withscores=True
            )
            found |= {(kind, int(id_)): int(score) for id_, score in rows}
        return found

    async def inspect(self) -> None:
        """The raw keys: their own invariants, and the state of every song, ended ones included."""
        keys = await raw.check(self.clients[0].redis, self.guild)
        for number, mine in self.model.songs.items():
            song = keys[f"song:{number:012d}"]
            assert isinstance(song, dict)
            assert (song["state"], song["tier"]) == (mine.state, str(mine.tier))
        stored = {name[5:] for name in keys if name.startswith("song:")}
        assert stored == {f"{number:012d}" for number in self.model.songs}

    async def together(self, ops: list[Op]) -> None:
        """Makes all moves at the same moment; what came of them must be some order of them by the rules."""
        plays = [(self.bind(op), f"t{self.steps}-{index}") for index, op in enumerate(ops)]
        self.steps += 1
        before = self.model.revision

        async def one(index: int) -> Any:
            played["moves"] += 1
            play, request = plays[index]
            try:
                return await play.real(self.clients[index % len(self.clients)], request)
            except Refused as refused:
                return refused

        answers = await asyncio.gather(*(one(index) for index in range(len(plays))))
        client: Any = self.clients[0].redis
        events = await client.xrange(f"sl:{{{self.guild}}}:events", f"{before + 1}-0")
        by_request = {request: index for index, (_, request) in enumerate(plays)}
        done = [by_request[fields["req"]] for _, fields in events]
        refused = {index for index, answer in enumerate(answers) if isinstance(answer, Refused)}
        assert len(done) == len(set(done)) and set(done) == set(range(len(plays))) - refused
        possible: dict[int, set[str]] = {index: set() for index in refused}
        for index in [*done, None]:
            for other in refused:
                possible[other].add(self._reason(plays[other][0]))
            if index is not None:
                self.apply(plays[index][0])
                self._same_answer(ops[index], answers[index])
        for index in refused:
            assert answers[index].reason.value in possible[index], ops[index]
        await self.compare()

    def _reason(self, play: Play) -> str:
        """Why the rules would refuse the move now; empty when they would not."""
        try:
            play.rule(copy.deepcopy(self.model))
        except Refusal as refusal:
            return refusal.reason
        return ""

    async def drain(self) -> None:
        """Plays to the end: what each list shows is what the Nexts after it play."""
        await self.play(("change", 0, 0, 0))  # nothing is locked from here on that was not before
        while self.model.order() or self.model.playing is not None:
            listed = self.model.order()
            await self.play(("next", 0, 0, len(listed)))
            assert self.model.playing == (listed[0] if listed else None)
        await self.inspect()
