"""The panel of the TikTok double: one frame for everybody in the guild, and acts as viewers and hosts."""

from __future__ import annotations

import asyncio
import contextlib
import unicodedata
from typing import TYPE_CHECKING, Any, Final

from sandbox.discord.options import ClientRefused
from sandbox.page.happenings import HANDLE, LONGEST_NAME, Happenings
from sandbox.tiktok import GIFTS, gift_named

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.discord.refusals import Json
    from sandbox.page.happenings import Happening
    from sandbox.tiktok import Gift, Live, Streak, TikTok, Viewer

LONGEST_COMMENT: Final = 4_000
MOST_LIKES: Final = 5_000
MOST_GIFTS: Final = 9_999
MOST_VIEWERS: Final = 10_000_000

PACE: Final = 0.05
"""Seconds between two looks: a burst of likes is told as one."""

_FOREVER: Final = 365 * 86400.0
_GIFTS: Final = [{"name": each.name, "price": each.price, "streak": each.streakable} for each in GIFTS]


class Panel:
    """What the page shows of a TikTok and does on it; `tell` is called when `frame` gives something new.

    It does what tests do, through `Host`, `Live` and `Viewer`. Of the bot it knows the connections alone.
    """

    def __init__(self, tiktok: TikTok, tell: Callable[[], None]) -> None:
        self._tiktok = tiktok
        self._tell = tell
        self._happenings = Happenings(tiktok)
        self._streaks: dict[tuple[int, int, int], Streak] = {}
        self._frame: Json = {}
        self._due: asyncio.TimerHandle | None = None
        self._watching: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to watch the double."""
        self._watching = asyncio.create_task(self._tiktok.wait_until(self._changed, _FOREVER))

    async def close(self) -> None:
        """Stop watching."""
        if self._due is not None:
            self._due.cancel()
        if self._watching is not None:
            self._watching.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watching

    def frame(self) -> Json:
        """Give the whole panel; the same object as long as nothing changed."""
        return self._frame or self._read()

    async def do(self, act: Json) -> Json:
        """Do what `act["what"]` names, in the live of `host`, as `viewer`. Raises ClientRefused."""
        what = str(act.get("what"))
        try:
            if what == "live":
                self._go_live(act)
            elif what in _OF_LIVES:
                _OF_LIVES[what](self, self._live(act), act)
            elif what in _OF_VIEWERS:
                _OF_VIEWERS[what](self, self._live(act), self._viewer(act), act)
            else:
                raise ClientRefused("the panel knows no such act")
        except ValueError as wrong:
            raise ClientRefused(str(wrong)) from wrong
        return {}

    def _changed(self) -> bool:
        if self._due is None:
            self._due = asyncio.get_running_loop().call_later(PACE, self._look)
        return False

    def _look(self) -> None:
        self._due = None
        before = self._frame
        if self._read() is not before:
            self._tell()

    def _read(self) -> Json:
        self._happenings.read()
        for key in [key for key, streak in self._streaks.items() if streak.live.over]:
            del self._streaks[key]
        lives = [host.live for host in self._tiktok.hosts.values() if host.live is not None]
        fresh = {
            "type": "tiktok",
            "gifts": _GIFTS,
            "lives": [self._of_live(each) for each in lives],
            "hosts": self._hosts(),
            "viewers": [*reversed(self._happenings.names)],
            "streaks": [
                {
                    "host": each.live.host.name,
                    "viewer": each.viewer.name,
                    "gift": each.gift.name,
                    "count": each.count,
                }
                for each in self._streaks.values()
            ],
            "feed": [_row(each) for each in self._happenings.latest],
        }
        if fresh != self._frame:
            self._frame = fresh
        return self._frame

    def _of_live(self, live: Live) -> Json:
        return {
            "host": live.host.name,
            "since": live.started_at,
            "watching": live.watching,
            "likes": live.likes,
            "coins": self._happenings.coins[live.room],
            "connections": len(live.connections),
        }

    def _hosts(self) -> list[Json]:
        """List who may go live, those the bot looks for first."""
        wanted = [*reversed(self._happenings.wanted)]
        others = [host.name for host in self._tiktok.hosts.values() if host.name.casefold() not in wanted]
        return [{"name": each, "wanted": True} for each in wanted] + [
            {"name": each, "wanted": False} for each in others
        ]

    def _go_live(self, act: Json) -> None:
        name = _name(act, "host").casefold()
        if not HANDLE.fullmatch(name):
            raise ClientRefused("a handle is 2 to 24 letters, digits, dots or underscores")
        host = self._tiktok.host(name)
        if host.live is not None:
            raise ClientRefused(f"@{host.name} is live already")
        host.go_live()

    def drop(self, live: Live, _act: Json) -> None:
        """Cut the bot's connection, as a network does."""
        if not live.connections:
            raise ClientRefused(f"nobody is connected to @{live.host.name}")
        self._tiktok.faults.cut(live)

    def streak(self, live: Live, viewer: Viewer, act: Json) -> None:
        """Begin a streak, or add to the one of this viewer and gift that is under way."""
        gift, count = _gift(act), _count(act, MOST_GIFTS)
        key = (live.room, viewer.id, gift.id)
        streak = self._streaks.get(key)
        if streak is None:
            self._streaks[key] = viewer.streak(live, gift, count)
        elif streak.count + count > MOST_GIFTS:
            raise ClientRefused(f"a streak goes up to {MOST_GIFTS:,}")
        else:
            streak.more(count)

    def streak_end(self, live: Live, viewer: Viewer, act: Json) -> None:
        """End the streak of this viewer and gift."""
        gift = _gift(act)
        streak = self._streaks.pop((live.room, viewer.id, gift.id), None)
        if streak is None:
            raise ClientRefused(f"{viewer.name} has no streak of {gift.name} under way")
        streak.end()

    def _live(self, act: Json) -> Live:
        name = _name(act, "host")
        host = self._tiktok.find_host(name)
        if host is None or host.live is None:
            raise ClientRefused(f"@{name} is not live" if name else "no live was chosen")
        return host.live

    def _viewer(self, act: Json) -> Viewer:
        name = _name(act, "viewer")
        if not name:
            raise ClientRefused("say first who does it: type a viewer's name")
        if len(name) > LONGEST_NAME or any(unicodedata.category(each) == "Cc" for each in name):
            raise ClientRefused(f"a name is one line of at most {LONGEST_NAME} characters")
        return self._tiktok.viewer(name, name)


def _name(act: Json, key: str) -> str:
    given = act.get(key)
    return given.strip().removeprefix("@").strip() if isinstance(given, str) else ""


def _count(act: Json, most: int, *, least: int = 1) -> int:
    given: Any = act.get("count", 1)
    if type(given) is not int or not least <= given <= most:
        raise ClientRefused(f"the number goes from {least} to {most:,}")
    return given


def _gift(act: Json) -> Gift:
    return gift_named(str(act.get("gift")))


def _text(act: Json) -> str:
    given = act.get("text")
    if not isinstance(given, str) or not given.strip():
        raise ClientRefused("write something first")
    if len(given) > LONGEST_COMMENT:
        raise ClientRefused(f"a comment has at most {LONGEST_COMMENT:,} characters")
    return given


def _row(each: Happening) -> Json:
    return {
        "id": each.id,
        "at": each.at,
        "kind": each.kind,
        "host": each.host,
        "name": each.name,
        "text": each.text,
        "count": each.count,
        "gift": each.gift,
        "coins": each.coins,
        "ended": each.ended,
    }


_OF_LIVES: Final[dict[str, Callable[[Panel, Live, Json], object]]] = {
    "drop": Panel.drop,
    "end": lambda _panel, live, _act: live.end(),
    "viewers": lambda _panel, live, act: live.viewers(_count(act, MOST_VIEWERS, least=0)),
}

_OF_VIEWERS: Final[dict[str, Callable[[Panel, Live, Viewer, Json], object]]] = {
    "comment": lambda _panel, live, viewer, act: viewer.comment(live, _text(act)),
    "follow": lambda _panel, live, viewer, _act: viewer.follow(live),
    "gift": lambda _panel, live, viewer, act: viewer.gift(live, _gift(act), _count(act, MOST_GIFTS)),
    "join": lambda _panel, live, viewer, _act: viewer.join(live),
    "like": lambda _panel, live, viewer, act: viewer.like(live, _count(act, MOST_LIKES)),
    "share": lambda _panel, live, viewer, _act: viewer.share(live),
    "streak": Panel.streak,
    "streak_end": Panel.streak_end,
    "subscribe": lambda _panel, live, viewer, _act: viewer.subscribe(live),
}
