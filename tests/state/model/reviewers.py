"""The moves of the queue, and how they are taken back."""

from __future__ import annotations

import copy
from collections.abc import Callable

from tests.state.model.moving import Moving
from tests.state.model.songs import ACTIVE, WAITS, ModelSong, Refusal, Row


class Reviewers(Moving):
    """Moves that go on the stack; an artist takes a song of their own out by `remove` too."""

    def next(self, by: int, expected: int | None, compare: bool) -> int | None:
        if compare and expected != self.playing:
            raise Refusal("stale", by=self.stage_mover[0], moved=self.stage_mover[1])
        head = next(iter(self.order()), None)
        ended = self.playing
        if head is None and ended is None:
            raise Refusal("empty")
        touched = [number for number in (ended, head) if number is not None]
        done = self._recorded("next", by, head, touched)
        fair = self.since_free, dict(self.served)
        recent: tuple[str, bool] | None = None
        if ended is not None:
            song = self.songs[ended]
            song.state = "played"
            if song.track is not None:
                recent = song.track, song.track in self.recent
                self.recent.add(song.track)
        taken: list[Row] = []
        if head is not None:
            song = self.songs[head]
            song.state, song.locked, song.due = "playing", None, None
            if song.tier == 0:
                ids = [("user", song.user), *(("handle", h) for h, o in self.links.items() if o == song.user)]
                taken = [
                    (kind, id_, self.points.pop((kind, id_)))
                    for kind, id_ in ids
                    if (kind, id_) in self.points
                ]
                song.stake = taken or None
            self._was_on(song)
        self.playing, self.turn = head, self.turn + 1
        record = done()
        record.recent, record.paid, record.fair = recent, taken, fair
        for number in self.order()[: self.setting("lock", 1)]:
            song = self.songs[number]
            if song.state == "waiting" and song.locked is None:
                song.locked = record.locked[number] = self._tick()
        return head

    def _was_on(self, song: ModelSong) -> None:
        self.since_free = self.since_free + 1 if song.tier else 0
        if self.takes_turns:
            self.served.pop((song.tier, song.user), None)
            if any((s.tier, s.user) == (song.tier, song.user) and s != song for s in self.in_state(*ACTIVE)):
                counter = self.clock if song.tier else len(self.songs)
                self.served[song.tier, song.user] = counter, self.turn + 1

    def promote(self, by: int, number: int, tier: int) -> None:
        song = self._song(number)
        self._known(tier)
        if song.state not in WAITS:
            raise Refusal("not_waiting", song=number)
        if song.tier == tier:
            raise Refusal("same_tier")
        done = self._recorded("promote", by, number, [number])
        if tier < song.tier:
            song.locked = None
        song.tier, song.entered = tier, self._tick()
        if song.state == "bumped":
            song.state, song.due = "waiting", None
        done()

    def _aside(self, kind: str, by: int, number: int, change: Callable[[ModelSong], None]) -> None:
        """Hold and bump: off the stage too, which gives back the points that starting it had taken."""
        song = self.songs[number]
        done = self._recorded(kind, by, number, [number])
        returned: list[Row] = []
        if song.state == "playing":
            self.playing = None
            returned = song.stake or []
            song.stake = None
            self._add(returned)
        song.locked, song.due = None, None
        change(song)
        done().repaid = returned

    def hold(self, by: int, number: int) -> None:
        song = self._song(number)
        if song.state not in ("waiting", "bumped", "playing"):
            raise Refusal("not_waiting", song=number)

        def change(song: ModelSong) -> None:
            song.state, song.held = "held", self._tick()

        self._aside("hold", by, number, change)

    def bump(self, by: int, number: int, places: int) -> None:
        song = self._song(number)
        if song.state not in ("waiting", "bumped", "playing"):
            raise Refusal("not_waiting", song=number)
        self._known(song.tier)
        due = self.turn + (self.place(number) or 1) + places

        def change(song: ModelSong) -> None:
            song.state, song.due = "bumped", due

        self._aside("bump", by, number, change)

    def back(self, by: int, number: int) -> None:
        song = self._song(number)
        if song.state != "held":
            raise Refusal("not_held", song=number)
        self._known(song.tier)
        done = self._recorded("back", by, number, [number])
        song.state, song.held = "waiting", None
        done()

    def remove(self, by: int, number: int, owner: int | None) -> None:
        song = self._song(number)
        if owner is not None and song.user != owner:
            raise Refusal("unknown_song")
        if song.state not in ACTIVE:
            raise Refusal("ended", song=number)
        if owner is not None and song.state == "playing":
            raise Refusal("playing")
        if owner is None:
            done = self._recorded("remove", by, number, [number])
            if song.state == "playing":
                self.playing = None
            song.state, song.locked, song.due = "removed", None, None
            done()
        else:
            song.state, song.locked, song.due = "removed", None, None
            self._own_move(number)

    def approve(self, by: int, number: int, tier: int) -> None:
        song = self._song(number)
        if song.state != "pending":
            raise Refusal("not_pending", song=number)
        self._known(tier)
        done = self._recorded("approve", by, number, [number])
        song.state, song.tier, song.entered = "waiting", tier, self._tick()
        song.was_free = False
        done()

    def reject(self, by: int, number: int) -> None:
        song = self._song(number)
        if song.state != "pending":
            raise Refusal("not_pending", song=number)
        done = self._recorded("reject", by, number, [number])
        if song.was_free or self._may_go_free(song.user):
            song.state, song.tier, song.claimed, song.was_free = "waiting", 0, None, False
        else:
            song.state = "rejected"
        done()

    def _may_go_free(self, user: int) -> bool:
        if self.settings.get("closed:0") == "1":
            return False
        try:
            self._within_limit(user, 0)
        except Refusal:
            return False
        return True

    def clear(self, by: int, tier: int) -> int:
        gone = [song for song in self.in_state("waiting", "bumped") if song.tier == tier]
        if not gone:
            raise Refusal("empty")
        done = self._recorded("clear", by, None, [song.number for song in gone])
        for song in gone:
            song.state, song.locked, song.due = "removed", None, None
        done()
        return len(gone)

    def undo(self, by: int, expected: int | None) -> str:
        top = self.stack[-1] if self.stack else None
        if expected is not None and expected != (top and top.revision):
            between = top.by if top and top.revision > expected else self.undone_by or 0
            raise Refusal("stale", by=between)
        if top is None:
            raise Refusal("nothing")
        in_the_way = [
            number for number, version in top.versions.items() if self.songs[number].version != version
        ]
        for number, before in top.before.items():
            track = self.songs[number].track
            if before.state in ACTIVE and self.songs[number].state not in ACTIVE and track is not None:
                in_the_way += [song.number for song in self.in_state(*ACTIVE) if song.track == track]
            if before.state in ("waiting", "bumped") and before.tier not in self.ladder:
                in_the_way.append(number)
        if in_the_way:
            raise Refusal("moved_on", any_song=in_the_way)
        for number, before in top.before.items():
            # What the artist has put right since stays so.
            track = self.songs[number].track
            self.songs[number] = copy.deepcopy(before)
            self.songs[number].track = track
        for number, lock in top.locked.items():
            if self.songs[number].locked == lock:
                self.songs[number].locked = None
        if top.fair is not None:
            self.since_free, self.served = top.fair
        if top.recent is not None and not top.recent[1]:
            self.recent.discard(top.recent[0])
        if top.stage is not None:
            self.playing, self.turn = top.stage
            self.stage_mover = (by, "undo")
        self._add(top.paid)
        self._add(top.repaid, -1)
        self.stack = self.stack[:-1]
        self.undone_by = by
        return top.kind
