"""Points, TikTok handles and settings."""

from __future__ import annotations

from tests.state.model.moving import Moving
from tests.state.model.songs import WAITS, Refusal, Row


class Accounts(Moving):
    """What changes the order without moving a song."""

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
