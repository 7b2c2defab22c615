"""Backups and what a restore changes, in lines for the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from persistence.backups import Entry, Restored, Taken
from persistence.backups.difference import Difference, SongChange, ValueChange

LISTED: Final = 20
"""Songs or values of a kind that are listed before the rest is only counted."""

_WIDEST: Final = 60
_POINTS: Final = {"points:user": "account", "points:handle": "TikTok user"}


def size_text(size: int) -> str:
    """A number of bytes, as people read it."""
    if size < 1024:
        return f"{size} B"
    return f"{size / 1024:.1f} KiB" if size < 1024**2 else f"{size / 1024**2:.1f} MiB"


def counted(count: int, word: str) -> str:
    """`1 song`, `2 songs`."""
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def entry_line(entry: Entry) -> str:
    """A line of the list: server, name, songs, size, why; and where it is not kept."""
    size = entry.row.size if entry.row else _size(entry.path)
    songs = counted(entry.row.songs, "song") if entry.row else "? songs"
    cause = entry.row.cause if entry.row else ""
    line = f"{entry.guild_id}  {entry.name:<28}  {songs:>11}  {size_text(size):>10}  {cause:<16}"
    if entry.path is None:
        line += "  in the database, NO FILE ON THIS MACHINE"
    elif entry.row is None and entry.database:
        line += "  NOT IN DATABASE, file only"
    return line.rstrip()


def _size(path: Path | None) -> int:
    try:
        return 0 if path is None else path.stat().st_size
    except OSError:  # thinned out since it was listed
        return 0


def taken_line(guild: int, taken: Taken) -> str:
    """What became of a wish for a backup."""
    entry = taken.entry
    if not taken.new:
        line = f"Server {guild}: nothing has moved since {entry.name}, which is good."
    else:
        where = entry.path if entry.path is not None else "the database"
        line = f"Server {guild}: {counted(taken.songs, 'song')}, move {entry.revision}, in {where}."
    return " ".join([line, *taken.troubles])


def restored_lines(guild: int, restored: Restored) -> Iterator[str]:
    """How a restore ended, and how to take it back."""
    if restored.revision is None:
        yield "The queue is already as in the backup; nothing was changed."
        return
    yield f"Restored as move {restored.revision}, in {restored.seconds:.1f} s."
    if restored.before is not None:
        before = restored.before.entry.revision
        yield f"To take that back: skipline restore --guild {guild} --revision {before} --yes"


def difference_lines(found: Difference) -> Iterator[str]:
    """What a restore changes: songs, points, settings, and the rest by name."""
    if not found.effects:
        yield "The queue is as in the backup."
        return
    for title, songs in (
        ("come back", found.back),
        ("go", found.gone),
        ("stand otherwise", found.moved),
    ):
        yield from _section(f"Songs that {title}", [_song_line(song) for song in songs])
    yield from _section("Points", [_points_line(change) for change in found.points])
    yield from _section("Settings", [_value_line(change) for change in found.settings])
    if found.other:
        yield "Also: " + ", ".join(found.other[:LISTED]) + (" …" if len(found.other) > LISTED else "")
    yield f"{counted(len(found.effects), 'value')} {'differs' if len(found.effects) == 1 else 'differ'}."


def _section(title: str, lines: Sequence[str]) -> Iterator[str]:
    if not lines:
        return
    yield f"{title}: {len(lines)}"
    for line in lines[:LISTED]:
        yield f"  {line}"
    if len(lines) > LISTED:
        yield f"  … and {len(lines) - LISTED} more"


def _song_line(song: SongChange) -> str:
    name = _short(f"{song.artist} - {song.title}")
    change = f"{song.now or 'unknown'} → {song.then or 'unknown'}"
    return f"#{song.number} {name} by {_short(song.user_name)}: {change}"


def _points_line(change: ValueChange) -> str:
    of = f" ({_short(change.of)})" if change.of else ""
    return f"{_POINTS[change.key]} {change.field}{of}: {change.now or 0} → {change.then or 0}"


def _value_line(change: ValueChange) -> str:
    now, then = (("not set" if value is None else _short(value)) for value in (change.now, change.then))
    return f"{change.key} {change.field}: {now} → {then}"


def _short(text: str) -> str:
    """One line of printable characters: what people typed may hold anything, a terminal's codes too."""
    plain = "".join(character if character.isprintable() else "?" for character in text)
    return plain if len(plain) <= _WIDEST else plain[: _WIDEST - 1] + "…"
