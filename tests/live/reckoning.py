"""What a live must come to: worked out from the messages that were booked, by the rules written once more."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sandbox.tiktok import Message

TIERS = ((5, 1000), (10, 2000), (15, 4000), (20, 5000), (25, 6000))
"""Labels of the paid tiers and the coins that reach them."""
WORTH = {"comment": 2, "share": 5, "follow": 10, "subscribe": 25}
COLUMNS = {"comment": "comments", "share": "shares", "follow": "follows", "subscribe": "subscribes"}
ACTIVE_GAP, VIEWERS_GAP, HALF_AN_HOUR = 300_000, 60_000, 1_800_000

Payer = tuple[str, int]


@dataclass
class Song:
    """A song that waits, and who paid what for it."""

    number: int
    user: int
    tier: int = 0
    gifts: Counter[Payer] = field(default_factory=Counter[Payer])

    @property
    def credit(self) -> int:
        return self.gifts.total()


@dataclass
class Evening:
    """One session: `connected` are the moments (ms) from which on we were there, the first its beginning."""

    connected: Sequence[int]
    totals: Counter[str] = field(default_factory=Counter[str])
    viewers: dict[int, Counter[str]] = field(default_factory=lambda: defaultdict[int, Counter[str]](Counter))
    likes_of_rooms: Counter[int] = field(default_factory=Counter[int])
    visitors: int = 0
    told: tuple[int, int] = (0, 0)

    def since(self, booked_at: int) -> int:
        """Since when we were connected when something was booked."""
        return max(moment for moment in self.connected if moment <= booked_at)


@dataclass
class Reckoning:
    """The books of one guild. `links` gives the account of a handle, `supports` the song of a fan."""

    links: Mapping[int, int]
    songs: Mapping[int, Song]
    supports: Mapping[int, int]
    evenings: Mapping[str, Evening]
    bank: Counter[Payer] = field(default_factory=Counter[Payer])
    names: dict[int, str] = field(default_factory=dict[int, str])
    lifts: list[tuple[int, int, int, int]] = field(default_factory=list[tuple[int, int, int, int]])
    """Song, from tier, to tier, coins."""
    streaks: Counter[tuple[int, int, int]] = field(default_factory=Counter[tuple[int, int, int]])

    def book(self, messages: Iterable[tuple[int, Message]]) -> None:
        """Book messages in the order in which they were, each with the moment it was."""
        for booked_at, message in messages:
            evening = self.evenings[message.host]
            since = evening.since(booked_at)
            if message.kind == "viewers":
                self._watch(evening, message, since)
                continue
            row = evening.viewers[message.viewer]
            self.names[message.viewer] = message.name
            self._live_on(row, message.at, since)
            match message.kind:
                case "gift":
                    self._give(evening, row, message)
                case "like":
                    row["likes"] += message.count
                    row["points"] += message.count
                    evening.totals["likes_seen"] += message.count
                    rooms = evening.likes_of_rooms
                    rooms[message.room] = max(rooms[message.room], message.total)
                case "join":
                    evening.totals["joins"] += 1
                case kind:
                    row[COLUMNS[kind]] += 1
                    row["points"] += WORTH[kind]
                    evening.totals[COLUMNS[kind]] += 1

    def _watch(self, evening: Evening, message: Message, since: int) -> None:
        totals, (now, at) = evening.totals, evening.told
        if message.at > at:
            if since <= at:
                stretch = min(message.at - at, VIEWERS_GAP)
                totals["viewer_ms"] += stretch * now
                totals["watched_ms"] += stretch
            evening.told = (message.count, message.at)
        totals["viewers_peak"] = max(totals["viewers_peak"], message.count)

    def _live_on(self, row: Counter[str], at: int, since: int) -> None:
        if since <= row["last_at"] < at:
            row["active_ms"] += min(at - row["last_at"], ACTIVE_GAP)
        row["first_at"] = min(row["first_at"] or at, at)
        row["last_at"] = max(row["last_at"], at)

    def _give(self, evening: Evening, row: Counter[str], message: Message) -> None:
        gift, viewer, units = message.gift, message.viewer, message.count
        assert gift is not None
        if gift.streakable:
            streak = (viewer, gift.id, message.group)
            units = max(0, message.count - self.streaks[streak])
            self.streaks[streak] += units
        coins = units * gift.price
        for books in (row, evening.totals):
            books["gifts"] += units
            books["coins"] += coins
        row["points"] += coins * (2 if gift.price < 1000 else 1)
        if coins:
            self.bank[self._purse(viewer)] += coins
            self._spend(self.links.get(viewer), self.supports.get(viewer))

    def _purse(self, handle: int) -> Payer:
        owner = self.links.get(handle)
        return ("handle", handle) if owner is None else ("user", owner)

    def _spend(self, owner: int | None, supported: int | None) -> None:
        own = [self.songs[number] for number in sorted(self.songs) if self.songs[number].user == owner]
        wanted = ([self.songs[supported]] if supported is not None else []) + own
        while song := next((song for song in wanted if song.tier < TIERS[-1][0]), None):
            if not self._lift(song):
                return

    def _lift(self, song: Song) -> bool:
        fans = sorted(handle for handle, number in self.supports.items() if number == song.number)
        purses = dict.fromkeys([("user", song.user), *map(self._purse, fans)])
        funds = sum(self.bank[purse] for purse in purses)
        reached = [tier for tier in TIERS if tier[0] > song.tier and tier[1] - song.credit <= funds]
        if not reached:
            return False
        label, coins = reached[-1]
        cost = left = coins - song.credit
        for purse in purses:
            part = min(left, self.bank[purse])
            self.bank[purse] -= part
            song.gifts[purse] += part
            left -= part
        self.lifts.append((song.number, song.tier, label, cost))
        song.tier = label
        return True

    # Sums over all sessions

    def of_handles(self, column: str) -> dict[int, int]:
        """A column of every handle that has any."""
        sums: Counter[int] = Counter()
        for evening in self.evenings.values():
            for viewer, row in evening.viewers.items():
                sums[viewer] += row[column]
        return {viewer: total for viewer, total in sums.items() if total}

    def wallets(self) -> dict[int, int]:
        """Luxury Coins of each account."""
        sums: Counter[int] = Counter()
        coins, active = self.of_handles("coins"), self.of_handles("active_ms")
        for handle, user in self.links.items():
            sums[user] += coins.get(handle, 0) // 100 * 2 + active.get(handle, 0) // HALF_AN_HOUR
        return {user: total for user, total in sums.items() if total}

    def unpaid(self) -> dict[int, tuple[int, int]]:
        """Coins and ms of each handle that no Luxury Coin was paid for; owners were paid in full."""
        coins, active = self.of_handles("coins"), self.of_handles("active_ms")
        rests = {
            handle: (coins.get(handle, 0) % 100, active.get(handle, 0) % HALF_AN_HOUR)
            if handle in self.links
            else (coins.get(handle, 0), active.get(handle, 0))
            for handle in coins.keys() | active.keys()
        }
        return {handle: rest for handle, rest in rests.items() if any(rest)}
