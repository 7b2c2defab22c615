"""The rules of the queue in plain Python, as slow and simple as possible."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from dataclasses import dataclass, field

WAITS = ("waiting", "held", "bumped")
ACTIVE = ("waiting", "pending", "held", "bumped", "playing")
MOST_POINTS = 10**14 - 1
UNDO_DEPTH = 25

Row = tuple[str, int, int]
"""Points of a `user` or `handle`, its id, and how many."""


class Refusal(Exception):
    """The rules forbid the move; the facts are what is to be told, of `any_song` one."""

    def __init__(self, reason: str, **facts: object) -> None:
        super().__init__(reason)
        self.reason = reason
        self.facts = facts


@dataclass
class ModelSong:
    number: int
    user: int
    tier: int
    state: str
    track: str | None
    claimed: int | None
    entered: int
    locked: int | None = None
    held: int | None = None
    due: int | None = None
    stake: list[Row] | None = None
    was_free: bool = False
    version: int = 0


@dataclass
class Record:
    """A move that can be taken back: what the touched songs and the stage were before it."""

    revision: int
    kind: str
    by: int
    song: int | None
    before: dict[int, ModelSong]
    versions: dict[int, int]
    stage: tuple[int | None, int] | None
    locked: dict[int, int]
    recent: tuple[str, bool] | None
    paid: list[Row]
    repaid: list[Row]
    fair: tuple[int, dict[tuple[int, int], tuple[int, int]]] | None = None


@dataclass
class Model:
    ladder: dict[int, str]
    ladder_set: bool = False
    songs: dict[int, ModelSong] = field(default_factory=dict)
    points: dict[tuple[str, int], int] = field(default_factory=dict)
    links: dict[int, int] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)
    recent: set[str] = field(default_factory=set)
    stack: list[Record] = field(default_factory=list)
    playing: int | None = None
    turn: int = 0
    since_free: int = 0
    served: dict[tuple[int, int], tuple[int, int]] = field(default_factory=dict)
    revision: int = 0
    clock: int = 0
    stage_mover: tuple[int, str] = (0, "")
    undone_by: int | None = None
    rewarded: set[int] = field(default_factory=set)

    # Reading

    def setting(self, name: str, default: int) -> int:
        return int(self.settings.get(name, default))

    def in_state(self, *states: str) -> list[ModelSong]:
        return [song for song in self.songs.values() if song.state in states]

    def points_of(self, user: int) -> int:
        own = self.points.get(("user", user), 0)
        return own + sum(
            self.points.get(("handle", h), 0) for h, owner in self.links.items() if owner == user
        )

    @property
    def takes_turns(self) -> bool:
        return self.settings.get("fair:round_robin") == "1"

    def order(self) -> list[int]:
        """Numbers in order of play, found by playing: a bumped song goes on its turn, or after the last."""
        waiting = self.in_state("waiting")
        bumped = sorted(self.in_state("bumped"), key=lambda song: (song.due, song.number))
        played: list[int] = []
        since, been = self.since_free, dict[tuple[int, int], int]()
        while waiting or bumped:
            turn = self.turn + len(played) + 1
            late = bumped and (not waiting or (bumped[0].due or 0) <= turn)
            song = bumped[0] if late else self._first(waiting, since, been)
            (bumped if late else waiting).remove(song)
            played.append(song.number)
            since = since + 1 if song.tier else 0
            been[song.tier, song.user] = turn
        return played

    def _first(self, waiting: list[ModelSong], since: int, been: dict[tuple[int, int], int]) -> ModelSong:
        """Of the songs that were not bumped, `since` paid ones after a Free one; `been` were on by then."""
        locked = [song for song in waiting if song.locked is not None]
        if locked:
            return min(locked, key=lambda song: song.locked or 0)
        every = self.setting("fair:paid", 0)
        paid, free = [song for song in waiting if song.tier], [song for song in waiting if not song.tier]
        if free and (not paid or (every and since >= every)):
            paid = []
        highest = max(song.tier for song in paid or free)
        return min(
            (song for song in paid or free if song.tier == highest), key=lambda song: self._rank(song, been)
        )

    def _rank(self, song: ModelSong, been: dict[tuple[int, int], int]) -> tuple[float, float, int, int]:
        """Within its tier: points, then arrival; an artist who was on arrives anew, with no points left."""
        points = 0 if song.tier else min(self.points_of(song.user), MOST_POINTS)
        arrival = song.entered if song.tier else song.number
        if self.takes_turns:
            on = been.get((song.tier, song.user))
            if on is not None:
                return (0, math.inf, on, arrival)
            count, turn = self.served.get((song.tier, song.user), (-1, 0))
            if arrival <= count:
                return (-points, count, turn, arrival)
        return (-points, arrival, 0, 0)

    def place(self, number: int) -> int | None:
        order = self.order()
        return order.index(number) + 1 if number in order else None

    # Pieces of moves

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

    # Moves

    def submit(self, user: int, track: str | None, claimed: int | None) -> int:
        tier = claimed or 0
        self._known(tier)
        self._open(tier)
        cap = self.setting("cap", 0)
        if cap and len(self.in_state("waiting", "bumped", "pending")) >= cap:
            raise Refusal("full")
        self._within_limit(user, tier)
        if track is not None:
            self._new_track(track)
        number = len(self.songs) + 1
        state = "pending" if claimed else "waiting"
        self.songs[number] = ModelSong(number, user, tier, state, track, claimed, self._tick())
        if user not in self.rewarded:
            # Once a day; no run of these tests lasts that long.
            self.rewarded.add(user)
            self._add([("user", user, self.setting("points:submission", 10))])
        return number

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

    def edit(self, owner: int, number: int, track: str) -> None:
        song = self._own(owner, number)
        if song.state not in ACTIVE:
            raise Refusal("ended", song=number)
        if song.state == "playing":
            raise Refusal("playing")
        if song.track == track:
            raise Refusal("unchanged")
        self._new_track(track)
        song.track = track

    def claim(self, owner: int, number: int, tier: int) -> None:
        song = self._own(owner, number)
        if song.state != "waiting":
            raise Refusal("not_waiting", song=number)
        if song.tier:
            raise Refusal("not_free", song=number)
        if song.locked is not None:
            raise Refusal("announced", song=number)
        if not tier:
            raise Refusal("unknown_tier")
        self._known(tier)
        self._open(tier)
        self._within_limit(owner, tier)
        song.state, song.tier, song.claimed, song.entered = "pending", tier, tier, self._tick()
        song.was_free = True
        self._own_move(number)

    def withdraw(self, owner: int, number: int) -> None:
        song = self._own(owner, number)
        if song.state != "pending":
            raise Refusal("not_pending", song=number)
        if not song.was_free:
            self._open(0)
            self._within_limit(owner, 0)
        song.state, song.tier, song.claimed, song.was_free = "waiting", 0, None, False
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

    def add_points(self, rows: list[Row]) -> None:
        if not rows:
            raise Refusal("empty")
        self._add(rows)

    def reset(self, by: int, scope: str = "", id_: int = 0) -> None:
        own = {
            "user": {("user", id_)},
            "handle": {("handle", id_)},
            "handles_of": {("handle", h) for h, owner in self.links.items() if owner == id_},
            "": set(self.points),
        }[scope]
        taken = [(*row, amount) for row, amount in self.points.items() if row in own]
        if not taken:
            raise Refusal("empty")
        done = self._recorded("reset", by, None, [])
        for kind, id_, _ in taken:
            del self.points[kind, id_]
        done().paid = taken

    def link(self, handle: int, user: int | None, force: bool) -> None:
        owner = self.links.get(handle)
        if owner == user:
            raise Refusal("same_owner")
        if owner is not None and user is not None and not force:
            raise Refusal("taken")
        self.links.pop(handle, None)
        if user is not None:
            self.links[handle] = user

    def change(self, name: str, value: str | None) -> None:
        if self.settings.get(name) == value:
            raise Refusal("unchanged")
        self.settings.pop(name, None)
        if value is not None:
            self.settings[name] = value

    def set_ladder(self, ladder: dict[int, str]) -> None:
        if any(song.tier not in ladder for song in self.in_state(*WAITS)):
            raise Refusal("stranded")
        if self.ladder_set and ladder == self.ladder:
            raise Refusal("unchanged")
        self.ladder, self.ladder_set = ladder, True
