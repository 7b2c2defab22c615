"""What a restore would change: the exact writes, and the same in the words of people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from persistence.backups.document import ACTIVE, Live, LiveKey
from persistence.events import Effect

PART: Final = 100_000
"""Values written by one move; the archive takes them in a few seconds, and Redis in half of one."""

_COUNTERS: Final = ("number", "seq")
_SEATS: Final = ("queue", "pending", "held", "bumped")
_POINTS: Final = ("points:user", "points:handle")
_SETTINGS: Final = ("settings", "ladder")
_PUBLIC_PAGE: Final = "public_page"
_SONGS: Final = ("song:", "artist:")
_TOLD: Final = (*_COUNTERS, *_SEATS, *_POINTS, *_SETTINGS, "tracks")


@dataclass(frozen=True, slots=True)
class SongChange:
    """A song whose place a restore changes; `now` and `then` say how it stands, None: unknown.

    That is its state, its tier, whether it is announced, the turn it is bumped to, and its position in its
    sorted set, which is the place it plays at where fairness is off.
    """

    number: int
    title: str
    artist: str
    user_name: str
    now: str | None
    then: str | None


@dataclass(frozen=True, slots=True)
class ValueChange:
    """A value that a restore changes; None: not set. `of` says whose it is, where that is known."""

    key: str
    field: str
    of: str
    now: str | None
    then: str | None


@dataclass(frozen=True, slots=True)
class Difference:
    """What tells the live state from the one to be restored.

    `back` songs are active again, `gone` ones no longer, `moved` ones stay so but stand otherwise. `other`
    names the keys with further changes.
    """

    effects: tuple[Effect, ...]
    back: tuple[SongChange, ...]
    gone: tuple[SongChange, ...]
    moved: tuple[SongChange, ...]
    points: tuple[ValueChange, ...]
    settings: tuple[ValueChange, ...]
    other: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Mark:
    """Who restores, when (ms since 1970) and why: left on songs the backup does not know."""

    by: int
    by_name: str
    at: int
    reason: str


def wanted(live: Live, backup: Live, mark: Mark) -> dict[str, LiveKey]:
    """Return the keys as a restore leaves them.

    They are those of the backup, but

    - the counters never go back, so that no number or place in line is given out twice;
    - a song submitted since is kept, removed with the reason when it was still active;
    - a display that stands keeps its message, else an old one would stay behind in its channel;
    - overlays and the public page stay as they are, else an address that was taken away would open again.
    """
    target = dict(backup)
    for name in _COUNTERS:
        values = [int(keys[name].values[""]) for keys in (live, backup) if name in keys]
        if values:
            target[name] = LiveKey("s", {"": str(max(values))})
    if "displays" in live:
        saved: Mapping[str, str] = backup["displays"].values if "displays" in backup else {}
        target["displays"] = LiveKey("h", {**saved, **live["displays"].values})
    for name in ("overlays", "page"):
        target.pop(name, None)
        if name in live:
            target[name] = live[name]
    target.pop("settings", None)
    if settings := _settings(live, backup):
        target["settings"] = LiveKey("h", settings)
    for name, key in live.items():
        if name.startswith("song:") and name not in backup:
            target[name] = _removed(key, mark) if key.values.get("state") in ACTIVE else key
    return target


def _settings(live: Live, backup: Live) -> dict[str, str]:
    now: Mapping[str, str] = live["settings"].values if "settings" in live else {}
    then = dict(backup["settings"].values) if "settings" in backup else {}
    then.pop(_PUBLIC_PAGE, None)
    return {**then, **{field: value for field, value in now.items() if field == _PUBLIC_PAGE}}


def difference(live: Live, backup: Live, mark: Mark) -> Difference:
    """Compare the live keys with what restoring a backup would leave."""
    target = wanted(live, backup, mark)
    effects = tuple(
        effect
        for name in sorted(live.keys() | target.keys())
        for effect in _effects(name, live.get(name), target.get(name))
    )
    changed = dict.fromkeys(effect.name for effect in effects)
    back, gone, moved = _songs(live, target)
    names = {
        fields["user"]: fields["user_name"]
        for fields in _song_fields(target).values()
        if "user" in fields and "user_name" in fields
    }
    return Difference(
        effects=effects,
        back=back,
        gone=gone,
        moved=moved,
        points=_values(_POINTS, live, target, names),
        settings=_values(_SETTINGS, live, target, {}),
        other=tuple(
            name for name in changed if name not in _TOLD and not name.startswith(("song:", "artist:"))
        ),
    )


def corrections(live: Live, backup: Live, mark: Mark, names: Iterable[str]) -> tuple[Effect, ...]:
    """The effects of `difference` on those keys alone."""
    asked = sorted(names)
    here, there = ({name: keys[name] for name in asked if name in keys} for keys in (live, backup))
    target = wanted(here, there, mark)
    return tuple(effect for name in asked for effect in _effects(name, here.get(name), target.get(name)))


def first_part(found: Difference, live: Live, backup: Live) -> tuple[Effect, ...]:
    """Return the writes to do first: all of them, unless there are more than `PART`.

    Then songs that ended long ago and are missing come first, some at a time: no list shows them, so every
    state on the way is as good as the one before. The counters go with them, so that no number is taken.
    """
    if len(found.effects) <= PART:
        return found.effects
    quiet = {
        name
        for name, key in backup.items()
        if name.startswith("song:") and name not in live and key.values.get("state") not in ACTIVE
    }
    chosen = [effect for effect in found.effects if effect.name in _COUNTERS]
    counters = len(chosen)
    last = ""
    for effect in found.effects:
        if effect.name in quiet:
            if len(chosen) >= PART and effect.name != last:
                break
            chosen.append(effect)
            last = effect.name
    return tuple(chosen) if len(chosen) > counters else found.effects


def _removed(key: LiveKey, mark: Mark) -> LiveKey:
    fields = {field: value for field, value in key.values.items() if field not in ("locked", "due")}
    fields |= {"state": "removed", "reason": mark.reason, "ended_at": str(mark.at), "at": str(mark.at)}
    fields |= {"by": str(mark.by), "by_name": mark.by_name}
    return LiveKey("h", fields)


def _effects(name: str, now: LiveKey | None, then: LiveKey | None) -> list[Effect]:
    """Removals first, so that a key may change its type."""
    values: Mapping[str, str] = then.values if then is not None else {}
    found: list[Effect] = []
    same = now is not None and then is not None and now.type == then.type
    if now is not None:
        for field in now.values:
            if not (same and field in values):
                found.append(Effect(now.type, name, field if now.type != "s" else None, None))
    if then is not None:
        for field, value in values.items():
            if not (same and now is not None and now.values.get(field) == value):
                found.append(Effect(then.type, name, field if then.type != "s" else None, value))
    return found


def _song_fields(keys: Live) -> dict[str, Mapping[str, str]]:
    return {name: key.values for name, key in keys.items() if name.startswith("song:")}


def _songs(
    live: Live, target: Live
) -> tuple[tuple[SongChange, ...], tuple[SongChange, ...], tuple[SongChange, ...]]:
    """Songs that come back, go and move, each in the order of play where it waits, else by number."""
    now, then = _song_fields(live), _song_fields(target)
    here, there = _seats(live), _seats(target)
    back: list[str] = []
    gone: list[str] = []
    moved: list[str] = []
    for name in now.keys() | then.keys():
        before, after = now.get(name, {}), then.get(name, {})
        was, becomes = before.get("state") in ACTIVE, after.get("state") in ACTIVE
        if becomes and not was:
            back.append(name)
        elif was and not becomes:
            gone.append(name)
        elif was and (before.get("state"), before.get("tier"), here.get(name)) != (
            after.get("state"),
            after.get("tier"),
            there.get(name),
        ):
            moved.append(name)
    ranks = _ranks(here), _ranks(there)

    def told(names: list[str], seats: Mapping[str, tuple[int, float]]) -> tuple[SongChange, ...]:
        last = (len(_SEATS), 0.0)
        ordered = sorted(names, key=lambda name: (seats.get(name, last), name))
        changes = (_song_change(name, now.get(name), then.get(name), ranks) for name in ordered)
        # Points or an arrival that move a song past no other are told among the points, or as values.
        return tuple(change for change in changes if change.now != change.then)

    return told(back, there), told(gone, here), told(moved, there)


def _seats(keys: Live) -> dict[str, tuple[int, float]]:
    return {
        f"song:{member}": (place, float(score))
        for place, name in enumerate(_SEATS)
        if name in keys
        for member, score in keys[name].values.items()
    }


def _ranks(seats: Mapping[str, tuple[int, float]]) -> dict[str, int]:
    """The position of each song in its set, from 1."""
    ranks: dict[str, int] = {}
    count = Counter[int]()
    for name, (place, _) in sorted(seats.items(), key=lambda each: (each[1], each[0])):
        count[place] += 1
        ranks[name] = count[place]
    return ranks


def _song_change(
    name: str,
    now: Mapping[str, str] | None,
    then: Mapping[str, str] | None,
    ranks: tuple[Mapping[str, int], Mapping[str, int]],
) -> SongChange:
    fields = then or now or {}

    def stands(song: Mapping[str, str] | None, ranks: Mapping[str, int]) -> str | None:
        if song is None:
            return None
        parts = [song.get("state", "?"), f"tier {song.get('tier', '?')}"]
        parts += ["announced"] if song.get("locked") else []
        parts += [f"due at turn {song['due']}"] if song.get("due") else []
        parts += [f"position {ranks[name]}"] if name in ranks else []
        return ", ".join(parts)

    return SongChange(
        number=int(fields.get("number") or name.removeprefix("song:")),
        title=fields.get("title", ""),
        artist=fields.get("artist", ""),
        user_name=fields.get("user_name", ""),
        now=stands(now, ranks[0]),
        then=stands(then, ranks[1]),
    )


def _values(
    names: tuple[str, ...], live: Live, target: Live, people: Mapping[str, str]
) -> tuple[ValueChange, ...]:
    changes: list[ValueChange] = []
    for name in names:
        now: Mapping[str, str] = live[name].values if name in live else {}
        then: Mapping[str, str] = target[name].values if name in target else {}
        changes += [
            ValueChange(name, field, people.get(field, ""), now.get(field), then.get(field))
            for field in sorted(now.keys() | then.keys())
            if now.get(field) != then.get(field)
        ]
    return tuple(changes)
