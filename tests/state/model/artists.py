"""What artists do with their own songs."""

from __future__ import annotations

from tests.state.model.moving import Moving
from tests.state.model.songs import ACTIVE, ModelSong, Refusal


class Artists(Moving):
    """Moves that Undo passes by."""

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
