"""What viewers gave on TikTok: all that surely came is booked once, and nothing beyond what was sent."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

import orjson

from sandbox.tiktok.books import Books, Delivery, Message
from state import keys, live_keys
from tests.faults.findings import Findings
from tests.faults.room import Room
from tests.faults.stage import Stage

UNBOOKED: Final = 10.0
"""Seconds that what arrived may wait in the process that listens: so much may go with it."""

_WORTH: Final = {"comment": 2, "share": 5, "follow": 10, "subscribe": 25}
_SMALL, _LARGE, _LIMIT = 2, 1, 1000
_LUXURY, _FOR_COINS = 2, 100
_BRIEF: Final = 2.0

Songs = Mapping[str, Mapping[str, str]]


@dataclass(slots=True)
class Given:
    """What one viewer gave: coins, and what everything was worth in points."""

    coins: int = 0
    points: int = 0


def worth(messages: Iterable[Message]) -> dict[int, Given]:
    """Add up by viewer, by the rules in docs/tiktok.md: each message once, of a streak what came on top."""
    given: defaultdict[int, Given] = defaultdict(Given)
    seen: set[int] = set()
    streaks: Counter[tuple[int, int, int]] = Counter()
    for message in messages:
        if message.id in seen or not message.viewer:
            continue
        seen.add(message.id)
        of = given[message.viewer]
        if message.kind == "like":
            of.points += message.count
        elif message.kind == "gift" and message.gift is not None:
            price, streak = message.gift.price, (message.viewer, message.gift.id, message.group)
            coins = max(0, message.count - streaks[streak]) * price
            streaks[streak] = max(message.count, streaks[streak])
            of.coins += coins
            of.points += coins * (_SMALL if price < _LIMIT else _LARGE)
        else:
            of.points += _WORTH.get(message.kind, 0)
    return dict(given)


def surely(books: Books, host: str, emptied: Iterable[tuple[float, float]]) -> set[int]:
    """Messages of a host that must be booked.

    A process that lived on acknowledged them, or had them as history: whatever happens to Redis, it books
    them in the end. What came in the last seconds before the listening side left a connection is not sure,
    since its process may have been killed; nor is what came about when Redis was emptied (`emptied`: since
    when and until when, in seconds since 1970), as moves that were not archived go with it. Once it is
    repeated, it is sure.
    """
    deliveries = [each for each in books.deliveries if each.host == host]
    doubtful = [(since - UNBOOKED, until + UNBOOKED / 2) for since, until in emptied]
    doubtful += [
        (each.closed_at - UNBOOKED, each.closed_at)
        for each in deliveries
        if each.closed_at is not None and not _by_tiktok(each)
    ]
    sent = {message.id: message.at / 1000 for message in books.messages(host)}
    sure: set[int] = set()
    for each in deliveries:
        came = set(each.acked)
        if each.acked or each.closed_at is None or each.closed_at - each.opened_at > _BRIEF:
            came.update(each.history)
        for id_ in came:
            at = max(sent.get(id_, 0), each.opened_at)
            if not any(since <= at <= until for since, until in doubtful):
                sure.add(id_)
    return sure


def _by_tiktok(delivery: Delivery) -> bool:
    return delivery.ending == "reset" or delivery.ending.endswith("by TikTok")


def booked(events: Iterable[Any]) -> tuple[dict[int, Given], Counter[int]]:
    """What the archived moves gave: to each viewer for what they did, to each account for its submissions."""
    viewers: defaultdict[int, Given] = defaultdict(Given)
    accounts: Counter[int] = Counter()
    for event in events:
        if event["kind"] == "live":
            for handle, points, coins in orjson.loads(event["data"]).get("rows") or ():
                viewers[int(handle)].points += int(points)
                viewers[int(handle)].coins += int(coins)
        elif event["kind"] == "submitted":
            data = orjson.loads(event["data"])
            accounts[int(data["song"]["user"])] += int(data.get("points") or 0)
    return dict(viewers), accounts


async def conserved(
    stage: Stage, connection: Any, room: Room, events: list[Any], songs: Songs, findings: Findings
) -> None:
    """Hold coins, points and Luxury Coins of a room against what was sent, from above and from below."""
    viewers, accounts = booked(events)
    where = f"room {room.number}"
    _against_what_was_sent(stage, room, viewers, findings)
    coins = await scores(stage, live_keys.coins(room.id))
    in_moves = {viewer: given.coins for viewer, given in viewers.items() if given.coins}
    findings.hold(coins == in_moves, f"{where} has coins {coins}, and its moves gave {in_moves}")

    # Points stand, or are at stake in the song for which they were taken.
    earned = {("points:handle", viewer): given.points for viewer, given in viewers.items() if given.points}
    earned |= {("points:user", account): points for account, points in accounts.items() if points}
    found: Counter[tuple[str, int]] = Counter()
    for name, key in (("handle", keys.points_handle(room.id)), ("user", keys.points_user(room.id))):
        found.update({(f"points:{name}", id_): each for id_, each in (await scores(stage, key)).items()})
    spent: Counter[tuple[str, int]] = Counter()
    for fields in songs.values():
        for name, id_, amount in orjson.loads(fields.get("stake", "[]")):
            found[name, int(id_)] += int(amount)
        for kind, id_, amount in orjson.loads(fields.get("gifts", "[]")):
            spent[kind, int(id_)] += int(amount)
    for name, id_ in sorted(earned.keys() | {each for each, points in found.items() if points}):
        had, has = earned.get((name, id_), 0), found[name, id_]
        findings.hold(had == has, f"points of {name} {id_} in {where}: {had} were earned, {has} are there")

    # Coins wait in a bank, or went into a song.
    for name, key in (("handle", live_keys.bank_handle(room.id)), ("user", live_keys.bank_user(room.id))):
        spent.update({(name, id_): each for id_, each in (await scores(stage, key)).items()})
    owed: Counter[tuple[str, int]] = Counter()
    luxury: Counter[int] = Counter()
    for viewer, given in viewers.items():
        owner = room.links.get(viewer)
        owed[("handle", viewer) if owner is None else ("user", owner)] += given.coins
        if owner is not None:
            luxury[owner] += given.coins // _FOR_COINS * _LUXURY
    findings.hold(
        +owed == +spent, f"the banks and songs of {where} have {dict(+spent)} of {dict(+owed)} coins"
    )
    rows = await connection.fetch(
        "SELECT user_id AS account, cause, sum(change) AS total FROM ledger WHERE guild_id = $1 "
        "GROUP BY user_id, cause",
        room.id,
    )
    paid = Counter({int(row["account"]): int(row["total"]) for row in rows if row["cause"] == "gifts"})
    findings.hold(+luxury == +paid, f"gifts in {where} are worth {dict(+luxury)} and were paid {dict(+paid)}")
    ledger: Counter[int] = Counter()
    for row in rows:
        ledger[int(row["account"])] += int(row["total"])
    wallets = Counter(await scores(stage, keys.wallet(room.id)))
    findings.hold(
        +ledger == +wallets, f"the ledger of {where} says {dict(+ledger)}, its wallets {dict(+wallets)}"
    )


def _against_what_was_sent(
    stage: Stage, room: Room, viewers: Mapping[int, Given], findings: Findings
) -> None:
    books, host = stage.tiktok.books, room.host.name
    sent = books.messages(host)
    possible = books.possible(host)
    sure = surely(books, host, stage.emptied) | room.sure
    most = worth(each for each in sent if each.id in possible)
    least = worth(each for each in sent if each.id in sure)
    for viewer in sorted(most.keys() | viewers.keys()):
        has, low, high = (each.get(viewer, Given()) for each in (viewers, least, most))
        whose = f"viewer {viewer} of room {room.number}"
        findings.hold(has.coins <= high.coins, f"{whose} has {has.coins} coins and gave {high.coins}")
        findings.hold(has.points <= high.points, f"{whose} earned {has.points} points of {high.points}")
        findings.hold(has.coins >= low.coins, f"{whose} has {has.coins} coins and surely gave {low.coins}")
        findings.hold(
            has.points >= low.points, f"{whose} earned {has.points} points, and surely did {low.points}"
        )
    for name, each in (("sent", worth(sent)), ("surely came", least), ("booked", viewers)):
        findings.figures[f"coins {name}"] += sum(given.coins for given in each.values())
        findings.figures[f"points {name}"] += sum(given.points for given in each.values())


async def scores(stage: Stage, key: str) -> dict[int, int]:
    """A sorted set of whole numbers."""
    client: Any = stage.redis
    rows = cast("list[tuple[str, float]]", await client.zrange(key, 0, -1, withscores=True))
    return {int(member): int(number) for member, number in rows}
