"""Prints an inspection as tables that a person reads from top to bottom."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Final, cast

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.inspection.reading import NEXT, Display, Inspection, Move
from components.markdown import clean
from state.song import Song

__all__ = ["show"]

_TITLE: Final = 50
_NAME: Final = 30
_DETAIL: Final = 60
_UNITS: Final = ((86_400, "d"), (3600, "h"), (60, "min"))


def show(found: Inspection, console: Console) -> None:
    """Print everything; what people typed is shown without control characters and never as markup."""
    board = found.board
    _say(
        console,
        f"Server {found.guild} as of move {board.revision}: {board.waiting} waiting, "
        f"{board.pending} pending, {board.held} held.",
    )
    if found.moved:
        _say(console, "It kept moving while it was read, so the parts may be a move apart.")
    _say(console, _stage(found))
    places = enumerate(board.songs, board.offset + 1)
    _table(
        console,
        f"Next ({min(NEXT, board.waiting)} of {board.waiting})",
        ("place", "song", "title", "submitted by", "why there"),
        ([str(place), *_song(song), found.whys[song.number]] for place, song in places),
        "Nobody waits.",
    )
    _table(
        console,
        f"Pending ({board.pending})",
        ("song", "title", "submitted by", "claims", "since"),
        ([*_song(song), board.ladder.name(song.tier), _ago(found, song.at)] for song in board.pending_songs),
        "No claimed skip waits for approval.",
    )
    _table(
        console,
        f"Held ({board.held})",
        ("song", "title", "submitted by", "tier", "held by", "since"),
        (
            [*_song(song), board.ladder.name(song.tier), clean(song.by_name, _NAME), _ago(found, song.at)]
            for song in board.held_songs
        ),
        "Nothing is held.",
    )
    _table(
        console,
        "Last moves",
        ("move", "when", "what", "song", "details", "who"),
        (_moved(found, move) for move in found.moves),
        "Nothing has happened yet.",
    )
    _table(
        console,
        "Displays",
        ("kind", "channel", "message", "shows"),
        (
            [display.kind, str(display.channel), str(display.message), _shows(display)]
            for display in found.displays
        ),
        "There is none.",
    )
    _table(
        console,
        "Leases",
        ("work", "held by", "token", "left unless renewed"),
        ([lease.work, lease.holder, lease.token, f"{lease.left:.1f} s"] for lease in found.leases),
        "Nobody holds one just now.",
    )
    _say(console, _archive(found), before=1)
    _table(
        console,
        "Settings that differ",
        ("setting", "value", "default"),
        ([name, clean(value, _DETAIL), default] for name, value, default in found.settings),
        "All settings are as they come.",
    )
    _table(
        console,
        "Memory",
        ("key", "keys", "bytes", ""),
        (
            [size.name, f"{size.count:,}", f"{size.memory:,}", "" if size.documented else "NOT DOCUMENTED"]
            for size in found.sizes[:NEXT]
        ),
        "Nothing is kept.",
    )
    console.print()
    for finding in found.durability:
        _say(console, str(finding))


def _say(console: Console, sentence: str, *, before: int = 0) -> None:
    for _ in range(before):
        console.print()
    console.print(Text(sentence))


def _table(
    console: Console, title: str, head: Sequence[str], rows: Iterable[Sequence[str]], empty: str
) -> None:
    table = Table(title=Text(title), title_justify="left", box=None, pad_edge=False, header_style="bold")
    for name in head:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    console.print()
    if table.row_count:
        console.print(table)
    else:
        _say(console, f"{title.partition(' (')[0]}: {empty[0].lower()}{empty[1:]}")


def _stage(found: Inspection) -> str:
    now, song = found.board.now, found.board.playing
    mover = f" Last moved by {clean(now.mover_name, _NAME)} ({now.moved})." if now.moved else ""
    if song is None:
        return f"Nothing plays.{mover}"
    number, title, who = _song(song)
    tier = found.board.ladder.name(song.tier)
    return f"Now plays {number} {title}, by {who}, {tier}, since {_ago(found, now.since or 0)}.{mover}"


def _song(song: Song) -> list[str]:
    return [
        f"#{song.number}",
        f"{clean(song.title, _TITLE)} — {clean(song.artist, _NAME)}",
        f"{clean(song.user_name, _NAME)} ({song.user})",
    ]


def _moved(found: Inspection, move: Move) -> list[str]:
    facts = move.data.get("song")
    song = f"#{move.song}" if move.song else ""
    if isinstance(facts, dict):
        song = f"{song} {clean(str(cast('dict[str, Any]', facts).get('title', '')), _TITLE)}"
    who = f"{clean(move.by_name, _NAME)} ({move.by})" if move.by else clean(move.by_name, _NAME)
    when = datetime.fromtimestamp(move.at / 1000, UTC).astimezone()
    moment = f"{when:%Y-%m-%d %H:%M:%S}, {_ago(found, move.at)}"
    return [str(move.revision), moment, move.kind, song, _details(move), who]


def _details(move: Move) -> str:
    """The facts beyond the song: changes one by one, points by whose they are, the rest as `name value`."""
    parts: list[str] = []
    for name, value in move.data.items():
        # An empty list of Lua arrives as an empty object.
        rows = cast("list[list[Any]]", value) if isinstance(value, list) else []
        if name == "changes":
            parts += [f"{field}: {_absent(before)} → {_absent(after)}" for field, before, after in rows]
        elif name == "rows":
            parts += [f"{kind} {owner} {delta:+.0f}" for kind, owner, delta in rows]
        elif name == "stake":
            parts += [f"takes {amount} points of {owner}" for _, owner, amount in rows]
        elif isinstance(value, str | int | float):
            parts.append(f"{name} {value}")
    return clean("; ".join(parts), _DETAIL) if parts else ""


def _absent(value: Any) -> str:
    return "default" if value is None else str(value)


def _shows(display: Display) -> str:
    painted = display.painted
    if "off" in painted:
        return f"off: Discord refused with {painted['off']}"
    if not display.message:
        return "not posted yet"
    if painted.get("message") != str(display.message):
        return "waits to be painted"
    return f"the content with the hash {painted.get('digest', '?')}"


def _archive(found: Inspection) -> str:
    if found.archived is None:
        return f"Archive: none of the {found.board.revision} moves is known to be archived."
    owed = found.board.revision - found.archived
    if owed <= 0:
        return f"Archive: all {found.archived} moves are in it."
    since = f", the oldest made {_ago(found, found.owed_since)}" if found.owed_since else ""
    return f"Archive: {owed} of {found.board.revision} moves are not in it yet{since}."


def _ago(found: Inspection, at: int) -> str:
    seconds = max(0, found.clock - at) // 1000
    for unit, name in _UNITS:
        if seconds >= unit:
            return f"{seconds // unit} {name} ago"
    return f"{seconds} s ago"
