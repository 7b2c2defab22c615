"""A person, and by what they are known in one guild. Pure: no I/O."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from persistence.backups.document import Live
from persistence.events import Event


@dataclass(frozen=True)
class Person:
    """Somebody, and by what they are known in one guild.

    Handles are TikTok ids, songs numbers, awaited the TikTok names that were to be theirs.
    """

    id: int
    handles: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    songs: frozenset[int] = frozenset()
    tracks: frozenset[str] = frozenset()
    foreign_tracks: frozenset[str] = frozenset()
    files: frozenset[str] = frozenset()
    awaited: frozenset[str] = frozenset()

    def __or__(self, other: Person) -> Person:
        """All that either knows."""
        return Person(
            self.id,
            self.handles | other.handles,
            self.names | other.names,
            self.songs | other.songs,
            self.tracks | other.tracks,
            self.foreign_tracks | other.foreign_tracks,
            self.files | other.files,
            self.awaited | other.awaited,
        )

    @cached_property
    def text(self) -> str:
        """The id as it stands in Redis."""
        return str(self.id)

    @cached_property
    def only_tracks(self) -> frozenset[str]:
        """Tracks that nobody else handed in."""
        return self.tracks - self.foreign_tracks

    @cached_property
    def ids(self) -> re.Pattern[str]:
        """Finds the id, and those of the handles, wherever they stand in a text."""
        numbers = "|".join(re.escape(number) for number in sorted({self.text, *self.handles}))
        return re.compile(rf"(?<!\d)(?:{numbers})(?!\d)")

    def owns(self, name: str) -> bool:
        """Whether a key is that of one of their songs."""
        number = name.removeprefix("song:")
        return number != name and number.isdecimal() and int(number) in self.songs


def known(user: int, songs: Iterable[Mapping[str, Any]]) -> Person:
    """What the fields of song hashes (or rows of submissions, by the same names) tell of a person."""
    names, numbers, tracks, foreign, files = set[str](), set[int](), set[str](), set[str](), set[str]()
    text = str(user)
    for song in songs:
        own = str(song.get("user")) == text
        if own:
            numbers.add(int(song["number"]))
        for field, value in song.items():
            if str(value) == text and song.get(f"{field}_name"):
                names.add(str(song[f"{field}_name"]))
        if song.get("track"):
            (tracks if own else foreign).add(str(song["track"]))
        if own and song.get("file"):
            files.add(str(song["file"]))
    return Person(
        user,
        names=frozenset(names),
        songs=frozenset(numbers),
        tracks=frozenset(tracks),
        foreign_tracks=frozenset(foreign),
        files=frozenset(files),
    )


def in_live(user: int, live: Live) -> Person:
    """What live keys tell of a person."""
    songs = [
        {"number": name.removeprefix("song:"), **key.values}
        for name, key in live.items()
        if name.startswith("song:")
    ]
    handles = set[str]()
    if f"handles:{user}" in live:
        handles.update(live[f"handles:{user}"].values)
    if "links" in live:
        handles.update(handle for handle, owner in live["links"].values.items() if owner == str(user))
    awaited = live["awaited"].values.items() if "awaited" in live else ()
    return known(user, songs) | Person(
        user,
        handles=frozenset(handles),
        awaited=frozenset(name for name, owner in awaited if owner == str(user)),
    )


def without_foreign(person: Person, live: Live) -> Person:
    """The person without handles that somebody else owns by now: what they have is the new owner's."""
    links = live["links"].values.items() if "links" in live else ()
    foreign = {handle for handle, owner in links if owner != person.text}
    return replace(person, handles=person.handles - foreign)


def in_events(user: int, events: Iterable[Event]) -> Person:
    """What moves tell of a person: songs of which nothing but the moves is left, handles linked once."""
    found = Person(user)
    text = str(user)
    for event in events:
        songs: dict[str, dict[str, str]] = {}
        handles, awaited = set[str](), set[str]()
        for type_, name, field, value in event.effects:
            if field is None or value is None:
                continue
            if name.startswith("song:") and type_ == "h":
                songs.setdefault(name, {"number": name.removeprefix("song:")})[field] = value
            elif (name == "links" and value == text) or name == f"handles:{text}":
                handles.add(field)
            elif name == "awaited" and value == text:
                awaited.add(field)
        names = {event.by_name} if event.by_id == user else set[str]()
        found |= known(user, songs.values()) | Person(
            user, handles=frozenset(handles), names=frozenset(names), awaited=frozenset(awaited)
        )
    return found
