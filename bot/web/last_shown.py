"""What was sent of each guild last, so that a move that changes nothing in it sends nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import orjson

_KEPT: Final = 256
"""Guilds of which the last message is kept."""


class LastShown:
    """The last message of each guild; its `revision` is that of the last move that changed it."""

    def __init__(self) -> None:
        self._all: dict[int, tuple[int, Mapping[str, Any], bytes]] = {}

    def message(self, guild: int, revision: int, snapshot: Mapping[str, Any], *, least: int = 0) -> bytes:
        """Gives this moment of a guild as JSON: the message before where the snapshot is the same.

        `least` is a revision that the message must have reached. One that lies ahead of `revision` is from
        before a backup was put back, and is replaced.
        """
        kept = self._all.pop(guild, None)
        if kept is None or kept[1] != snapshot or not min(least, revision) <= kept[0] <= revision:
            kept = (revision, snapshot, orjson.dumps({"revision": revision, **snapshot}))
        self._all[guild] = kept
        if len(self._all) > _KEPT:
            del self._all[next(iter(self._all))]
        return kept[2]
