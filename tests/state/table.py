"""Plays the same moves on the real queue, from several clients, and on the model, and compares."""

from __future__ import annotations

import asyncio
import copy
from collections import Counter
from typing import Any

from state.board import Board
from state.ladder import SKIPS
from state.refusal import Refused
from tests.state import raw
from tests.state.model import Model, Refusal
from tests.state.plays import LADDERS, Client, Op, Play, bind
from tests.tallies import tallies

outcomes: Counter[tuple[str, str]] = Counter()
"""How each kind of move ended: done or refused, and why."""

played = tallies["queue against its model"]
"""Moves made and states compared in this run."""


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
        play, request = bind(self.model, self.guild, op), f"r{self.steps}"
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
        assert board.now.paid == model.since_free, op
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
        # From here on every move keeps it; the next look at the keys holds it against the points.
        await self.clients[0].points.leaderboard(self.guild, 1)
        stored = {name[5:] for name in keys if name.startswith("song:")}
        assert stored == {f"{number:012d}" for number in self.model.songs}

    async def together(self, ops: list[Op]) -> None:
        """Makes all moves at the same moment; what came of them must be some order of them by the rules."""
        plays = [(bind(self.model, self.guild, op), f"t{self.steps}-{index}") for index, op in enumerate(ops)]
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
        whole, played = self.model.order(), list[int]()
        free = [song.user for song in self.model.in_state("waiting", "bumped") if not song.tier]
        while self.model.order() or self.model.playing is not None:
            listed = self.model.order()
            await self.play(("next", 0, 0, len(listed)))
            assert self.model.playing == (listed[0] if listed else None)
            played += listed[:1]
        # Points of an artist with several Free songs go with the first; by turns that changes nothing.
        if self.model.takes_turns or len(set(free)) == len(free):
            assert played == whole
        await self.inspect()
