from __future__ import annotations

from typing import Any

import pytest

from components.refusals import refusal_text, span
from components.texts import say
from state.guild_settings import GuildSettings
from state.ladder import HIGHEST_LABEL, SKIPS, Ladder, Tier
from state.refusal import Reason, Refused

SONG: dict[str, Any] = {
    "number": 3,
    "title": "T*",
    "artist": "A",
    "user": "1",
    "user_name": "u",
    "tier": 5,
    "state": "played",
    "by": "7",
    "by_name": "Mia",
    "at": 1_700_000_000_000,
}
MOVER: dict[str, Any] = {"by": "7", "by_name": "Mia", "moved": "next", "ago": 430, "song": SONG}
FACTS: list[tuple[Reason, dict[str, Any], str]] = [
    (Reason.STALE, MOVER, "Mia already played the next song 0.4 s ago: #3 T\\* — A. Nothing was changed"),
    (Reason.STALE, {**MOVER, "song": None}, "Nothing plays now"),
    (Reason.STALE, {**MOVER, "moved": "", "song": None, "by": "0", "by_name": ""}, "Nothing plays now"),
    (Reason.STALE, {**MOVER, "moved": "undo"}, "Mia took a move back 0.4 s ago. Now playing: #3"),
    (Reason.RECENT, {**MOVER, "song": None}, "Mia already ended the last song 0.4 s ago"),
    (Reason.RECENT, {**MOVER, "moved": "undo", "song": None}, "Mia took a move back 0.4 s ago"),
    (Reason.EMPTY, {"pending": 2, "held": 1}, "2 pending skips"),
    (Reason.EMPTY, {"tier": 5}, "Nobody waits in 5 Skip"),
    (Reason.EMPTY, {}, "Nobody waits"),
    (Reason.PAUSED, {}, "when a reviewer takes submissions again"),
    (Reason.CLOSED, {"tier": 10}, "Choose another tier, or hand it in when a reviewer opens 10 Skip"),
    (Reason.FULL, {"cap": 40}, "40 of 40 places are taken. There is room again"),
    (Reason.LIMIT, {"limit": 1, "tier": 0, "song": SONG}, "already have a Free song"),
    (Reason.LIMIT, {"limit": 3, "tier": 5, "song": SONG}, "already have 3 skips"),
    (Reason.DUPLICATE, {"song": SONG, "place": 4}, "at place 4: #3 T\\* — A. It can come again"),
    (Reason.DUPLICATE, {"song": {**SONG, "state": "pending"}}, "waits for approval"),
    (Reason.COOLDOWN, {"seconds": 5400}, "in 90 min; until then"),
    (Reason.UNKNOWN_SONG, {"number": 9}, "no song #9"),
    (Reason.UNKNOWN_TIER, {"tier": "11"}, "25+ Skip, 20 Skip"),
    (Reason.NOT_WAITING, {"song": SONG}, "#3 T\\* — A was played (by Mia, <t:1700000000:R>)"),
    (Reason.NOT_PENDING, {"song": {**SONG, "state": "waiting"}}, "waits in 5 Skip (by Mia"),
    (Reason.NOT_HELD, {"song": SONG}, "not on hold"),
    (Reason.SAME_TIER, {"song": SONG}, "already in 5 Skip"),
    (Reason.ENDED, {"song": {**SONG, "state": "removed"}}, "was removed (by Mia"),
    (Reason.PLAYING, {"song": SONG}, "is playing right now"),
    (Reason.NOT_PLAYED, {"song": {**SONG, "state": "waiting"}}, "once it has played"),
    (
        Reason.BOOKMARKED,
        {"song": SONG, "by": "7", "by_name": "Mia", "at": 1_700_000_000_000},
        "already (by Mia",
    ),
    (Reason.NOT_BOOKMARKED, {"song": SONG}, "has no bookmark"),
    (Reason.NOT_FREE, {"song": SONG}, "is not in Free"),
    (Reason.ANNOUNCED, {"song": SONG}, "keeps that place"),
    (Reason.NOTHING, {}, "nothing to take back"),
    (Reason.MOVED_ON, {"move": "next", "by_name": "Mia", "song": SONG}, "Mia"),
    (Reason.MOVED_ON, {"move": "clear", "by_name": "Mia"}, "built upon"),
    (Reason.TAKEN, {"owner": "9"}, "somebody else"),
    (Reason.SAME_OWNER, {"owner": "9"}, "already"),
    (Reason.STRANDED, {"songs": list(range(1, 30))}, "#1, #2, #3, #4, #5, #6, #7, #8, #9, #10…"),
    (Reason.CHANGED, {"field": "paused", "value": "1"}, "changed that setting"),
    (Reason.UNCHANGED, {}, "already"),
    (Reason.NO_SESSION, {"session": "3"}, "That live is over"),
    (Reason.LIMIT, {"limit": 1, "tier": 0, "song": {**SONG, "state": "pending"}}, "Your Free song #3 "),
    (Reason.LIMIT, {"limit": 2, "tier": 0, "song": {**SONG, "state": "pending"}}, "that claim a skip"),
    (Reason.NOT_HIGHER, {"song": {**SONG, "tier": 10}}, "10 Skip"),
    (Reason.NOT_FOR_SALE, {"tier": 10}, "10 Skip"),
    (Reason.PRICE, {"price": 1200}, "1,200"),
    (Reason.SHORT, {"price": 1200, "balance": 30}, "1,200"),
    (Reason.SEEN, {}, "changed that"),
    (Reason.UNKNOWN_HANDLE, {}, "handle"),
]


@pytest.mark.parametrize(("reason", "facts", "told"), FACTS)
def test_a_refusal_says_why_who_and_when(reason: Reason, facts: dict[str, Any], told: str) -> None:
    assert told in refusal_text(Refused(reason, facts), SKIPS)


def test_a_closed_tier_is_told_with_those_that_are_open() -> None:
    refused = Refused(Reason.CLOSED, {"tier": 0})
    part = GuildSettings(closed=frozenset({0, 20, 25}))
    assert "open for paid skips: 15 Skip, 10 Skip, 5 Skip. Without" in refusal_text(
        refused, SKIPS, settings=part
    )
    refused = Refused(Reason.CLOSED, {"tier": 20})
    assert "Open: 15 Skip, 10 Skip, 5 Skip. Choose" in refusal_text(refused, SKIPS, settings=part)
    every = GuildSettings(closed=frozenset(tier.label for tier in SKIPS.tiers))
    assert "when a reviewer opens them again" in refusal_text(refused, SKIPS, settings=every)


def test_the_longest_ladder_fits_a_message() -> None:
    ladder = Ladder(tuple(Tier(label, "_" * 30 + f"{label:02}") for label in range(HIGHEST_LABEL, -1, -1)))
    for reason, facts in ((Reason.UNKNOWN_TIER, {"tier": "x"}), (Reason.CLOSED, {"tier": 3})):
        told = refusal_text(Refused(reason, facts), ladder, settings=GuildSettings())
        assert len(told) < 2000 and ", …" in told


def test_every_reason_has_its_words() -> None:
    assert {reason for reason, _, _ in FACTS} == set(Reason)


def test_ones_own_move_is_told_as_such() -> None:
    assert "You already played" in refusal_text(Refused(Reason.STALE, MOVER), SKIPS, reader=7)
    assert "(by you, " in refusal_text(Refused(Reason.ENDED, {"song": SONG}), SKIPS, reader=7)


@pytest.mark.parametrize(
    "move",
    [
        "next",
        "promote",
        "remove",
        "approve",
        "reject",
        "hold",
        "back",
        "bump",
        "clear",
        "bookmark",
        "unbookmark",
    ],
)
def test_every_move_that_can_be_undone_has_a_name(move: str) -> None:
    assert say(f"refusal.move_{move}")


def test_spans_are_told_in_the_unit_that_fits() -> None:
    assert [span(ms) for ms in (0, 430, 9_940, 30_000, 600_000, 7_200_000)] == [
        "0.1 s",
        "0.4 s",
        "9.9 s",
        "30 s",
        "10 min",
        "2 h",
    ]
