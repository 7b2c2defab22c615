"""What can be told to the double in JSON: by a recording, or by its control endpoint.

An action is an object whose `do` names it; `host` is an @name, `viewer` another. The page of the sandbox's
TikTok in the documents lists them all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast, get_args

from sandbox.tiktok.books import Kind, Message
from sandbox.tiktok.faults import Endpoint, Missing
from sandbox.tiktok.gifts import gift_named
from sandbox.tiktok.profiles import Size

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from sandbox.tiktok.live import Live
    from sandbox.tiktok.people import Streak, Viewer
    from sandbox.tiktok.server import TikTok

Action = dict[str, Any]

_KINDS: Final = frozenset(get_args(Kind))
_WAIT: Final = 60.0


class BadActionError(ValueError):
    """An action that cannot be done, with a sentence that says why."""


class Stage:
    """Does actions on a double, and remembers streaks under the labels they were given."""

    def __init__(self, tiktok: TikTok) -> None:
        self.tiktok = tiktok
        self._streaks: dict[str, Streak] = {}

    async def act(self, action: Mapping[str, Any]) -> list[Message]:
        """Do one action and give the messages it sent. Raises BadActionError, and TimeoutError in waits."""
        do = action.get("do")
        try:
            if do in _OF_VIEWERS:
                return _OF_VIEWERS[do](self, self._viewer(action), self._live(action), action)
            if do in _OF_LIVES:
                return _OF_LIVES[do](self._live(action), action)
            if do in _OTHERS:
                await _OTHERS[do](self, action)
                return []
        except KeyError as missing:
            message = f"The action {do!r} needs {missing}."
            raise BadActionError(message) from missing
        except (ValueError, TypeError, RuntimeError) as wrong:
            raise BadActionError(str(wrong)) from wrong
        message = f"There is no action {do!r}."
        raise BadActionError(message)

    def _viewer(self, action: Mapping[str, Any]) -> Viewer:
        return self.tiktok.viewer(
            action["viewer"],
            action.get("nickname"),
            moderator=bool(action.get("moderator")),
            masked=bool(action.get("masked")),
        )

    def _live(self, action: Mapping[str, Any]) -> Live:
        host = self.tiktok.find_host(action["host"])
        if host is None or host.live is None:
            message = f"@{action['host']} is not live."
            raise BadActionError(message)
        return host.live

    def streak(self, viewer: Viewer, live: Live, action: Mapping[str, Any]) -> list[Message]:
        """Begin a streak under a label, or add to the one that has it."""
        label, count = str(action["streak"]), int(action.get("count", 1))
        streak = self._streaks.get(label)
        if streak is None:
            self._streaks[label] = streak = viewer.streak(live, gift_named(action["gift"]), count)
            return streak.messages[-1:]
        return [streak.more(count)]

    def streak_end(self, _viewer: Viewer, _live: Live, action: Mapping[str, Any]) -> list[Message]:
        """End a streak, `times` over."""
        label, times = str(action["streak"]), int(action.get("times", 1))
        streak = self._streaks.pop(label, None)
        if streak is None:
            message = f"There is no streak {label!r} under way."
            raise BadActionError(message)
        streak.end(times)
        return streak.messages[-times:]

    async def go_live(self, action: Mapping[str, Any]) -> None:
        """Start a live, with events of the `size` named."""
        size = Size[str(action["size"]).upper()] if "size" in action else None
        self.tiktok.host(action["host"]).go_live(size=size)

    async def wait(self, action: Mapping[str, Any]) -> None:
        """Wait for connections to a live, in real time."""
        count, timeout = int(action.get("connections", 1)), float(action.get("timeout", _WAIT))
        await self.tiktok.connected(self._live(action), count, timeout)

    async def acknowledged(self, action: Mapping[str, Any]) -> None:
        """Wait until the connections of a live acknowledged everything, in real time."""
        await self._live(action).acknowledged(float(action.get("timeout", _WAIT)))

    async def drop(self, action: Mapping[str, Any]) -> None:
        """End the connections of a live with a `code`, or cut them without one.

        What was sent is acknowledged first, unless `settle` is false: then nobody can say what arrived.
        """
        live = self._live(action)
        if action.get("settle", True):
            await live.acknowledged(_WAIT)
        if "code" in action:
            self.tiktok.faults.close(live, int(action["code"]))
        else:
            self.tiktok.faults.cut(live)
        await self.tiktok.wait_until(lambda: not live.connections, _WAIT)

    async def spoil(self, action: Mapping[str, Any]) -> None:
        """Make the open connections of a live fail in a `way`: corrupt, corrupt_gzip, stall or oversize."""
        faults, live = self.tiktok.faults, self._live(action)
        ways = {
            "corrupt": faults.corrupt,
            "corrupt_gzip": faults.corrupt_gzip,
            "stall": faults.stall,
            "oversize": faults.oversize,
        }
        ways[_one_of(action["way"], ways)](live)

    async def fault(self, action: Mapping[str, Any]) -> None:
        """Set a fault of requests: `how` is answer, captcha, delay, hang, reset, limit or missing."""
        faults = self.tiktok.faults
        endpoint = cast("Endpoint", _one_of(action.get("endpoint", "sign"), get_args(Endpoint)))
        times = action.get("times", 1)
        match action["how"]:
            case "answer":
                faults.answer(endpoint, int(action["status"]), action.get("body", ""), times=times)
            case "captcha":
                faults.captcha(endpoint, times=times)
            case "delay":
                faults.delay(endpoint, float(action["seconds"]), times=times)
            case "hang":
                faults.hang(endpoint, times=times)
            case "reset":
                faults.reset(endpoint, times=times)
            case "limit":
                headers = bool(action.get("headers", True))
                faults.limit_sign(int(action.get("seconds", 60)), headers=headers, times=times)
            case "missing":
                missing = cast("Missing", _one_of(action["part"], get_args(Missing)))
                faults.spoil_sign(missing, times=times)
            case other:
                message = f"There is no fault {other!r}."
                raise BadActionError(message)

    async def clear_faults(self, _action: Mapping[str, Any]) -> None:
        """Call off every fault of requests and open the sign server again."""
        self.tiktok.faults.clear()
        await self.tiktok.open_sign()

    async def sign_server(self, action: Mapping[str, Any]) -> None:
        """Shut the sign server, or open it."""
        if action["open"]:
            await self.tiktok.open_sign()
        else:
            await self.tiktok.shut_sign()

    async def history(self, action: Mapping[str, Any]) -> None:
        """Set how much of the past new connections are told."""
        kinds = action.get("kinds")
        self.tiktok.history_depth = int(action["depth"])
        self.tiktok.history_kinds = None
        if kinds is not None:
            self.tiktok.history_kinds = frozenset[Kind](map(_kind, kinds))

    async def rename(self, action: Mapping[str, Any]) -> None:
        """Give a viewer another @name."""
        self._viewer(action).rename(action["name"], action.get("nickname"))

    async def rename_host(self, action: Mapping[str, Any]) -> None:
        """Give a host another @name."""
        self.tiktok.host(action["host"]).rename(action["name"])

    async def age_restrict(self, action: Mapping[str, Any]) -> None:
        """Hide a host's room info from who is not logged in, or show it again."""
        self.tiktok.host(action["host"]).age_restricted = bool(action.get("on", True))

    async def vanish(self, action: Mapping[str, Any]) -> None:
        """End a live without a word."""
        self._live(action).vanish()


def _kind(value: object) -> Kind:
    return cast("Kind", _one_of(value, _KINDS))


def _one_of(value: object, allowed: Any) -> str:
    if value not in allowed:
        message = f"{value!r} is none of {', '.join(sorted(allowed))}."
        raise BadActionError(message)
    return str(value)


_OF_VIEWERS: Final[dict[str | None, Callable[[Stage, Viewer, Live, Mapping[str, Any]], list[Message]]]] = {
    "comment": lambda _s, viewer, live, a: [viewer.comment(live, a["text"])],
    "follow": lambda _s, viewer, live, _a: [viewer.follow(live)],
    "gift": lambda _s, viewer, live, a: viewer.gift(
        live, gift_named(a["gift"]), int(a.get("count", 1)), end=bool(a.get("end", True))
    ),
    "join": lambda _s, viewer, live, _a: [viewer.join(live)],
    "like": lambda _s, viewer, live, a: viewer.like(live, int(a.get("count", 1))),
    "share": lambda _s, viewer, live, _a: [viewer.share(live)],
    "streak": Stage.streak,
    "streak_end": Stage.streak_end,
    "subscribe": lambda _s, viewer, live, a: [viewer.subscribe(live, int(a.get("months", 1)))],
}

_OF_LIVES: Final[dict[str | None, Callable[[Live, Mapping[str, Any]], list[Message]]]] = {
    "end": lambda live, a: [live.end(suspended=bool(a.get("suspended")), close=bool(a.get("close", True)))],
    "pause": lambda live, _a: [live.pause()],
    "resume": lambda live, _a: [live.resume()],
    "unknown": lambda live, a: [live.send_unknown(a.get("method", "WebcastSomethingNewMessage"))],
    "unparsable": lambda live, a: [live.send_unparsable(a.get("method", "WebcastGiftMessage"))],
    "viewers": lambda live, a: [live.viewers(int(a["now"]), a.get("total"))],
}

_OTHERS: Final[dict[str | None, Callable[[Stage, Mapping[str, Any]], Awaitable[None]]]] = {
    "acknowledged": Stage.acknowledged,
    "age_restrict": Stage.age_restrict,
    "await": Stage.wait,
    "clear_faults": Stage.clear_faults,
    "drop": Stage.drop,
    "fault": Stage.fault,
    "go_live": Stage.go_live,
    "history": Stage.history,
    "rename": Stage.rename,
    "rename_host": Stage.rename_host,
    "sign_server": Stage.sign_server,
    "spoil": Stage.spoil,
    "vanish": Stage.vanish,
}

ACTIONS: Final = frozenset(name for names in (_OF_VIEWERS, _OF_LIVES, _OTHERS) for name in names if name)
