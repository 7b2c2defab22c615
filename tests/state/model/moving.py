"""What several moves have in common: what stands in the way, and what Undo will need."""

from __future__ import annotations

import copy
from collections.abc import Callable

from tests.state.model.board import Board
from tests.state.model.songs import ACTIVE, MOST_POINTS, UNDO_DEPTH, WAITS, ModelSong, Record, Refusal, Row


class Moving(Board):
    """Pieces of moves."""

    def _tick(self) -> int:
        self.clock += 1
        return self.clock

    def _song(self, number: int) -> ModelSong:
        if number not in self.songs:
            raise Refusal("unknown_song")
        return self.songs[number]

    def _known(self, tier: int) -> None:
        if tier not in self.ladder:
            raise Refusal("unknown_tier")

    def _add(self, rows: list[Row], sign: int = 1) -> None:
        for kind, id_, amount in rows:
            total = max(0, min(MOST_POINTS, self.points.get((kind, id_), 0) + sign * amount))
            self.points[kind, id_] = total
            if not total:
                del self.points[kind, id_]

    def _recorded(self, kind: str, by: int, song: int | None, touched: list[int]) -> Callable[[], Record]:
        """Call it when the move is made: puts the move on the stack."""
        before = {number: copy.deepcopy(self.songs[number]) for number in touched}
        stage = (self.playing, self.turn)

        def done() -> Record:
            for number in touched:
                self.songs[number].version += 1
            moved = stage != (self.playing, self.turn)
            versions = {number: self.songs[number].version for number in touched}
            record = Record(
                self.revision + 1,
                kind,
                by,
                song,
                before,
                versions,
                stage if moved else None,
                {},
                None,
                [],
                [],
            )
            self.stack = [*self.stack, record][-UNDO_DEPTH:]
            if moved:
                self.stage_mover = (by, kind)
            return record

        return done

    def _open(self, tier: int) -> None:
        if self.settings.get("paused") == "1":
            raise Refusal("paused")
        if self.settings.get(f"closed:{tier}") == "1":
            raise Refusal("closed")

    def _within_limit(self, user: int, tier: int) -> None:
        mine = [song for song in self.songs.values() if song.user == user]
        if tier:
            limit, taken = self.setting("limit:pending", 3), [s for s in mine if s.state == "pending"]
        else:
            free = [song for song in mine if song.state in WAITS and song.tier == 0]
            # Whoever claims a skip for a Free song has its Free place kept.
            free += [song for song in mine if song.state == "pending" and song.was_free]
            limit, taken = self.setting("limit:0", 1), free
        if limit and len(taken) >= limit:
            raise Refusal("limit", song=max(song.number for song in taken))

    def _new_track(self, track: str) -> None:
        for song in self.in_state(*ACTIVE):
            if song.track == track:
                raise Refusal("duplicate", song=song.number)
        if track in self.recent and self.setting("cooldown", 21600):
            raise Refusal("cooldown")

    def _own(self, owner: int, number: int) -> ModelSong:
        song = self._song(number)
        if song.user != owner:
            raise Refusal("unknown_song")
        return song

    def _own_move(self, number: int) -> None:
        """An artist's own move: Undo passes it by, and earlier moves leave that song where it is now."""
        self.songs[number].version += 1
        kept: list[Record] = []
        for record in self.stack:
            if number not in record.before:
                kept.append(record)
                continue
            del record.before[number], record.versions[number]
            if record.before:
                # The song goes out of the move with the points that its start took.
                record.paid, record.repaid = [], []
                kept.append(record)
            elif record.fair is not None:
                below = next((r for r in reversed(kept) if r.stage is not None), None)
                if below is not None and below.fair is None:
                    below.fair = record.fair
        self.stack = kept
