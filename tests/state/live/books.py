"""The rules of gifts and earning in plain Python, on top of the model of the queue.

Nothing is remembered that can be worked out anew: totals are sums over the messages that counted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from state.live_events import LiveEvent, LiveKind
from tests.state.model import Model, Refusal

GIFTS = (1000, 2000, 4000, 5000, 6000)
WORTH = {"like": 1, "comment": 2, "share": 5, "follow": 10, "subscribe": 25}
Payer = tuple[str, int]


@dataclass
class Heard:
    """A message that counted, with what was new in it, and since when we were connected then."""

    event: LiveEvent
    units: int
    connected: int
    active: int = 0

    @property
    def coins(self) -> int:
        return self.units * self.event.price if self.event.kind is LiveKind.GIFT else 0

    @property
    def points(self) -> int:
        if self.event.kind is LiveKind.GIFT:
            return self.coins * (2 if self.event.price < 1000 else 1)
        return WORTH.get(self.event.kind.value, 0) * self.units

    @property
    def viewer(self) -> int:
        return 0 if self.event.masked else self.event.viewer


@dataclass
class Books(Model):
    heard: list[Heard] = field(default_factory=list[Heard])
    bank: dict[Payer, int] = field(default_factory=lambda: defaultdict[Payer, int](int))
    paid: dict[int, dict[Payer, int]] = field(
        default_factory=lambda: defaultdict[int, dict[Payer, int]](dict)
    )
    """What was spent on each song, by who paid."""
    returned: dict[int, dict[int, dict[Payer, int]]] = field(default_factory=dict)
    """By the revision of the move that gave it back: song to payers as before, whom it went to is `given`."""
    given: dict[int, dict[Payer, int]] = field(default_factory=dict)
    supports: dict[int, int] = field(default_factory=dict[int, int])
    unpaid: dict[int, list[int]] = field(default_factory=lambda: defaultdict[int, list[int]](lambda: [0, 0]))
    wallet: dict[int, int] = field(default_factory=lambda: defaultdict[int, int](int))
    lifted: int = 0

    def purse(self, kind: str, id_: int) -> Payer:
        """Where the coins of somebody are now."""
        owner = self.links.get(id_) if kind == "handle" else None
        return (kind, id_) if owner is None else ("user", owner)

    def threshold(self, label: int) -> int:
        rank = sum(0 < each <= label for each in self.ladder)
        default = GIFTS[min(rank, 5) - 1] if rank and label else 0
        return self.setting(f"gift:{label}", default) if label in self.ladder and label else 0

    # What lifts songs

    def _lift(self, number: int) -> bool | None:
        song = self.songs[number]
        if song.state != "waiting" or song.locked is not None:
            return None
        worth = max(sum(self.paid[number].values()), self.threshold(song.tier))
        open_ = [t for t in self.ladder if t > song.tier and self.settings.get(f"closed:{t}") != "1"]
        reachable = {t: self.threshold(t) - worth for t in open_ if self.threshold(t) > worth}
        if not reachable:
            return None
        fans = sorted(handle for handle, choice in self.supports.items() if choice == number)
        purses = dict.fromkeys([("user", song.user), *(self.purse("handle", fan) for fan in fans)])
        funds = sum(self.bank[purse] for purse in purses)
        covered = [t for t, cost in reachable.items() if cost <= funds]
        if not covered:
            return False
        due = reachable[max(covered)]
        for purse in purses:
            part = min(due, self.bank[purse])
            due -= part
            self.bank[purse] -= part
            if part:
                self.paid[number][purse] = self.paid[number].get(purse, 0) + part
        song.tier, song.entered = max(covered), self._tick()
        self._own_move(number)
        self.lifted += 1
        return True

    def spend(self, user: int | None, choice: int | None) -> None:
        while True:
            tried = [choice] if choice in self.songs else []
            tried += sorted(s.number for s in self.in_state("waiting") if s.user == user)
            outcomes = (self._lift(number) for number in tried if number is not None)
            if not next((outcome for outcome in outcomes if outcome is not None), False):
                return

    # Moves

    def submit(self, user: int, track: str | None, claimed: int | None) -> int:
        number = super().submit(user, track, claimed)
        self.spend(user, None)
        return number

    def link(self, handle: int, user: int | None, force: bool) -> None:
        super().link(handle, user, force)
        if user is not None:
            self.bank["user", user] += self.bank.pop(("handle", handle), 0)
            self._pay(handle)
            self.spend(user, self.supports.get(handle))

    def _give_back(self, numbers: Iterable[int], revision: int | None) -> None:
        before: dict[int, dict[Payer, int]] = {}
        given: dict[Payer, int] = defaultdict(int)
        for number in numbers:
            before[number] = self.paid.pop(number, {})
            for (kind, id_), amount in before[number].items():
                given[self.purse(kind, id_)] += amount
        for purse, amount in given.items():
            self.bank[purse] += amount
        if revision is not None:
            self.returned[revision], self.given[revision] = before, given

    def remove(self, by: int, number: int, owner: int | None) -> None:
        super().remove(by, number, owner)
        self._give_back([number], self.revision + 1 if owner is None else None)

    def clear(self, by: int, tier: int) -> int:
        gone = [song.number for song in self.in_state("waiting", "bumped") if song.tier == tier]
        count = super().clear(by, tier)
        self._give_back(gone, self.revision + 1)
        return count

    def reject(self, by: int, number: int) -> None:
        super().reject(by, number)
        if self.songs[number].state == "rejected":
            self._give_back([number], self.revision + 1)

    def undo(self, by: int, expected: int | None) -> str:
        top = self.stack[-1].revision if self.stack else None
        taken: dict[Payer, int] = defaultdict(int)
        if top is not None and expected in (None, top):
            for (kind, id_), amount in self.given.get(top, {}).items():
                taken[self.purse(kind, id_)] += amount
            if any(self.bank[purse] < amount for purse, amount in taken.items()):
                raise Refusal("moved_on")
        move = super().undo(by, expected)
        for purse, amount in taken.items():
            self.bank[purse] -= amount
        if top is not None:
            self.paid.update(self.returned.pop(top, {}))
        return move

    def support(self, handles: Sequence[int], number: int | None) -> None:
        if number is not None:
            song = self._song(number)
            if song.state in ("played", "removed", "rejected"):
                raise Refusal("ended")
        if all(self.supports.get(handle) == number for handle in handles):
            raise Refusal("unchanged")
        for handle in handles:
            if number is None:
                self.supports.pop(handle, None)
            else:
                self.supports[handle] = number
        if number is not None:
            self.spend(None, number)

    # A live

    def ingest(self, events: Iterable[LiveEvent], connected: int) -> int:
        """Books what is new; gives how many messages that were."""
        new = 0
        for event in events:
            if any(each.event.message == event.message for each in self.heard):
                continue
            new += 1
            heard = Heard(event, self._units(event), connected)
            heard.active = self._active(heard) if heard.viewer else 0
            self.heard.append(heard)
            if heard.viewer:
                self._book(heard)
        return new

    def _units(self, event: LiveEvent) -> int:
        if event.kind is LiveKind.LIKE:
            return event.count
        if event.kind is not LiveKind.GIFT:
            return 1
        before = [each.event.count for each in self.heard if same_streak(each.event, event)]
        return max(0, event.count - max(before, default=0)) if event.streakable else event.count

    def _active(self, heard: Heard) -> int:
        """Ms that this sign of life adds: since the last one, both within one connection."""
        last = max((each.event.at for each in self.heard if each.viewer == heard.viewer), default=0)
        if min(last, heard.event.at) < heard.connected:
            return 0
        return max(0, min(heard.event.at - last, 300_000))

    def _book(self, heard: Heard) -> None:
        handle = heard.viewer
        if heard.points:
            self._add([("handle", handle, heard.points)])
        self.unpaid[handle][0] += heard.coins
        self.unpaid[handle][1] += heard.active
        if handle in self.links:
            self._pay(handle)
        if heard.coins:
            self.bank[self.purse("handle", handle)] += heard.coins
            self.spend(self.links.get(handle), self.supports.get(handle))

    def _pay(self, handle: int) -> None:
        coins, active = self.unpaid[handle]
        self.wallet[self.links[handle]] += coins // 100 * 2 + active // 1_800_000
        self.unpaid[handle] = [coins % 100, active % 1_800_000]

    def given_by(self, handle: int) -> int:
        return sum(each.coins for each in self.heard if each.viewer == handle)


def same_streak(one: LiveEvent, other: LiveEvent) -> bool:
    return (
        one.streakable
        and other.streakable
        and one.kind is other.kind is LiveKind.GIFT
        and ((one.viewer, one.gift, one.group) == (other.viewer, other.gift, other.group))
    )
