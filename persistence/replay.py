"""What a run of moves leaves behind, worked out in memory so that the database is told only the outcome."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from persistence.events import Effect, Event

SONG = "song:"


@dataclass(slots=True)
class Outcome:
    """The last word on every key and field the moves touched.

    `cleared` names are deleted first, then `removed` (name, field) pairs, then `written` ones set to
    (type, value, revision). `submissions` holds, by number, the song hashes as they last stood and the
    revision that left them so, including those deleted again on the way.
    """

    cleared: set[str] = field(default_factory=set[str])
    removed: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    written: dict[tuple[str, str], tuple[str, str, int]] = field(
        default_factory=dict[tuple[str, str], tuple[str, str, int]]
    )
    submissions: dict[int, tuple[dict[str, str], int]] = field(
        default_factory=dict[int, tuple[dict[str, str], int]]
    )


def songs_touched(events: Iterable[Event]) -> set[str]:
    """Return the names of all song hashes the events write to."""
    return {effect.name for event in events for effect in event.effects if effect.name.startswith(SONG)}


def replay(events: Iterable[Event], songs: Mapping[str, Mapping[str, str]]) -> Outcome:
    """Work through `events` in order; `songs` are the touched song hashes as they stood before."""
    outcome = Outcome()
    cells: dict[str, dict[str, tuple[str, str | None, int]]] = {}
    hashes = {name: dict(fields) for name, fields in songs.items()}
    for event in events:
        thinned: dict[str, dict[str, str]] = {}
        for effect in event.effects:
            if effect.name.startswith(SONG):
                _follow_song(outcome, hashes, thinned, effect, event.revision)
            if _is_whole_key(effect):
                cells[effect.name] = {}
                outcome.cleared.add(effect.name)
            else:
                cells.setdefault(effect.name, {})[effect.field or ""] = (
                    effect.type,
                    effect.value,
                    event.revision,
                )
        for name, before in thinned.items():
            if not hashes[name]:
                _keep(outcome, name, before, event.revision)
    for name, fields in cells.items():
        for field_, (type_, value, revision) in fields.items():
            if value is not None:
                outcome.written[name, field_] = (type_, value, revision)
            elif name not in outcome.cleared:
                outcome.removed.append((name, field_))
        if name.startswith(SONG) and hashes.get(name):
            _keep(outcome, name, hashes[name], max(revision for _, _, revision in fields.values()))
    return outcome


def _is_whole_key(effect: Effect) -> bool:
    return effect.type != "s" and effect.field is None


def _follow_song(
    outcome: Outcome,
    hashes: dict[str, dict[str, str]],
    thinned: dict[str, dict[str, str]],
    effect: Effect,
    revision: int,
) -> None:
    fields = hashes.setdefault(effect.name, {})
    if effect.field is None:
        _keep(outcome, effect.name, fields, revision)
        hashes[effect.name] = {}
    elif effect.value is None:
        # Should this move take away every field, what counts is the hash before the first one went.
        thinned.setdefault(effect.name, dict(fields))
        fields.pop(effect.field, None)
    else:
        fields[effect.field] = effect.value


def _keep(outcome: Outcome, name: str, fields: Mapping[str, str], revision: int) -> None:
    number = name.removeprefix(SONG)
    if fields and number.isdecimal():
        outcome.submissions[int(number)] = (dict(fields), revision)
