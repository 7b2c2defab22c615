"""A person in a guild that moves on: what its live keys and its newest moves are to become without them.

Working that out takes a second where the history is long, and a live is booked several times a second. So it
is worked out once, and then brought up to date by the moves made since.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from persistence.backups import moment
from persistence.backups.document import Live, LiveKey
from persistence.backups.moment import Moment
from persistence.events import Effect, EffectType, Event, to_entry
from persistence.privacy import forgetting
from persistence.privacy import person as traces
from persistence.privacy.person import Person

Entry = tuple[str, list[str]]

_NOTHING: Mapping[str, str] = {}


class Running:
    """The writes that take a person out of the state `read` and out of `stream`, its moves up to then.

    The person is all that was known before, and what those tell besides.
    """

    def __init__(self, read: Moment, stream: Sequence[Event], person: Person) -> None:
        self.revision = read.revision
        self._keys: Live = read.keys
        self._stream = list(stream)
        self._found = person | traces.in_live(person.id, read.keys) | traces.in_events(person.id, stream)
        self.person = traces.without_foreign(self._found, read.keys)
        self._work_out()

    def follow(self, events: Sequence[Event]) -> None:
        """Take up the moves made since."""
        id_ = self.person.id
        self.revision += len(events)
        self._keys = moment.follow(self._keys, events)
        self._stream += events
        touched = {effect.name for event in events for effect in event.effects}
        now = {name: self._keys[name] for name in touched if name in self._keys}
        self._found |= traces.in_live(id_, now) | traces.in_events(id_, events)
        person = traces.without_foreign(self._found, self._keys)
        if person == self.person:
            self._work_out_keys(touched)
            self._work_out_moves(events)
        else:
            self.person = person
            self._work_out()

    @property
    def is_without(self) -> bool:
        """Whether nothing of the person is left."""
        return not self._entries and not self._writes

    @property
    def writes(self) -> list[Effect]:
        """All that is to be written to the live keys."""
        return [effect for name in sorted(self._writes) for effect in self._writes[name]]

    @property
    def shown(self) -> list[Effect]:
        """What the move tells of its writes: those that name the person in no key, member or field.

        And what still stands though the stream tells it of nobody by now: nobody wrote a value again that was
        the same for somebody else. Who reads the stream alone is to come to what is in Redis.
        """
        return [
            effect for effect in self.writes + self._restated() if forgetting.may_tell(effect, self.person)
        ]

    @property
    def entries(self) -> list[Entry]:
        """Moves that are told otherwise: revisions, each with its fields and values in turns."""
        return self._entries

    def _work_out(self) -> None:
        self._left: dict[str, Mapping[str, str]] = {}
        self._writes: dict[str, list[Effect]] = {}
        self._entries: list[Entry] = []
        self._altered: dict[tuple[str, str | None], tuple[EffectType, str | None]] = {}
        self._work_out_keys(self._keys)
        self._work_out_moves(self._stream)

    def _work_out_keys(self, names: Iterable[str]) -> None:
        for name in names:
            self._left.pop(name, None)
            self._writes.pop(name, None)
            if name in self._keys:
                held = {name: self._keys[name]}
                left = forgetting.forget_live(held, self.person)
                if left != held:
                    self._left[name] = left[name].values if name in left else {}
                    self._writes[name] = _difference(name, held[name], self._left[name])

    def _work_out_moves(self, events: Iterable[Event]) -> None:
        for event in events:
            fresh = forgetting.forget_event(event, self.person)
            self._alter(event, fresh)
            if fresh != event:
                fields = [text for pair in to_entry(fresh).items() for text in pair]
                self._entries.append((str(event.revision), fields))

    def _alter(self, event: Event, fresh: Event) -> None:
        """Note what the moves leave behind otherwise than they did."""
        told = {(effect.name, effect.field): effect.value for effect in fresh.effects}
        for type_, name, field, value in event.effects:
            if field is None and type_ != "s":
                for place in [place for place in self._altered if place[0] == name]:
                    del self._altered[place]
            elif told.get((name, field)) == value:
                self._altered.pop((name, field), None)
            else:
                self._altered[name, field] = type_, told.get((name, field))

    def _restated(self) -> list[Effect]:
        restated: list[Effect] = []
        for (name, field), (type_, value) in self._altered.items():
            held = self._keys[name].values if name in self._keys else _NOTHING
            now = self._left.get(name, held).get(field or "")
            effect = Effect(type_, name, field, now)
            if now not in (None, value) and effect not in self._writes.get(name, ()):
                restated.append(effect)
        return restated


def _difference(name: str, before: LiveKey, left: Mapping[str, str]) -> list[Effect]:
    """The writes that make of a key what is left of it."""
    plain = before.type == "s"
    return [
        Effect(before.type, name, None if plain else field, left.get(field))
        for field in {**before.values, **left}
        if before.values.get(field) != left.get(field)
    ]
