"""What reviewers write down: how a skip was paid, a score, a note; the forms that ask for them."""

from __future__ import annotations

from typing import Final

import hikari

from bot.errors import UserError
from components.markdown import plain
from components.song_lines import tier_name
from components.song_option import demand_tier
from components.texts import FALLBACK, number, say
from state.ladder import Ladder, Tier
from state.review import HIGHEST_SCORE
from state.song import Song

METHODS: Final = ("gift", "tip", "other")
"""How a skip may have been paid, as it is kept."""
AMOUNT_LIMIT: Final = 40
NOTE_LIMIT: Final = 500

SCORE_FIELD: Final = "score"
NOTE_FIELD: Final = "note"
TIER_FIELD: Final = "tier"
METHOD_FIELD: Final = "method"
AMOUNT_FIELD: Final = "amount"
PLACES_FIELD: Final = "places"

MOST_PLACES: Final = 100
PLACES: Final = 3
"""Places a song is moved down unless somebody says otherwise."""


def paid_text(method: str | None, amount: str | None, locale: str = FALLBACK) -> str:
    """`gift 2,000`, escaped; one of the two, or nothing, when the other was not said."""
    parts = [say(f"review.method_{method}", locale) if method in METHODS else plain(method or "", 20)]
    if not method:
        parts = []
    if amount:
        parts.append(plain(grouped(amount, locale), AMOUNT_LIMIT * 2))
    return " ".join(parts)


def grouped(amount: str, locale: str = FALLBACK) -> str:
    """A whole number with separators between the thousands; any other text as it is."""
    bare = amount.strip()
    return number(int(bare), locale) if bare.isascii() and bare.isdecimal() and len(bare) <= 15 else bare


def read_method(text: str, locale: str = FALLBACK) -> str | None:
    """The method meant by what was typed, None for nothing. Raises `UserError` for what is none."""
    word = text.strip().casefold()
    if not word:
        return None
    for method in METHODS:
        names = (method, say(f"review.method_{method}", locale).casefold())
        if any(name.startswith(word) or word.startswith(name) for name in names):
            return method
    raise UserError(say("review.no_method", locale))


def read_score(text: str, locale: str = FALLBACK) -> int | None:
    """The score that was typed, None for nothing. Raises `UserError` for anything but 0 to 10."""
    word = text.strip()
    if not word:
        return None
    if not (word.isascii() and word.isdecimal() and len(word) <= 2 and int(word) <= HIGHEST_SCORE):
        raise UserError(say("review.no_score", locale, highest=HIGHEST_SCORE))
    return int(word)


def read_note(text: str | None, locale: str = FALLBACK) -> str | None:
    """The note that was typed, None for nothing. Raises `UserError` when it is too long."""
    return _read_short(text, NOTE_LIMIT, "submit.field_note", locale)


def read_amount(text: str | None, locale: str = FALLBACK) -> str | None:
    """The amount that was typed, None for nothing. Raises `UserError` when it is too long."""
    return _read_short(text, AMOUNT_LIMIT, "review.field_amount", locale)


def _read_short(text: str | None, limit: int, name: str, locale: str) -> str | None:
    """What was typed, never cut. Raises `UserError` when it is longer than `limit` characters."""
    typed = (text or "").strip()
    if len(typed) > limit:
        field = say(name, locale)
        raise UserError(say("submit.long_text", locale, field=field, length=len(typed), limit=limit))
    return typed or None


def read_places(text: str, locale: str = FALLBACK) -> int:
    """How many songs are to go first. Raises `UserError` for anything but 1 to 100."""
    word = text.strip()
    if not (word.isascii() and word.isdecimal() and len(word) <= 3 and 1 <= int(word) <= MOST_PLACES):
        raise UserError(say("review.no_places", locale, most=MOST_PLACES))
    return int(word)


def read_tier(text: str, ladder: Ladder, locale: str = FALLBACK) -> Tier:
    """The tier that was typed, by its name or its number. Raises `UserError` that names those there are."""
    word = text.strip()
    if word.isascii() and word.isdecimal():
        for tier in ladder.tiers:
            if tier.label == int(word[:6]):
                return tier
    return demand_tier(ladder, word, locale)


def score_text(song: Song, locale: str = FALLBACK) -> str:
    """Score and note of a song with who gave them, escaped; empty when there are none."""
    parts: list[str] = []
    if song.score is not None:
        parts.append(say("review.score", locale, score=song.score, highest=HIGHEST_SCORE))
    if song.review_note:
        parts.append(say("review.quoted", locale, note=plain(song.review_note, 300)))
    if not parts:
        return ""
    return say("review.scored", locale, text=" · ".join(parts), name=plain(song.reviewer_name or "", 40))


def earned_text(song: Song, ladder: Ladder, locale: str = FALLBACK) -> str:
    """The tier of a song and how it came to be there: paid and approved, moved by somebody, by points."""
    parts: list[str] = []
    if song.approved_by_name or song.method or song.amount:
        paid = paid_text(song.method, song.amount, locale)
        name = plain(song.approved_by_name or "", 40)
        if paid:
            parts.append(paid)
        if song.approved_by_name:
            parts.append(say("review.earned_approved", locale, name=name))
    if song.promoted_by_name:
        parts.append(say("review.earned_moved", locale, name=plain(song.promoted_by_name, 40)))
    if song.tier == 0 and not parts:
        parts.append(points_text(song, locale))
    tier = tier_name(song.tier, ladder)
    return say("review.earned", locale, tier=tier, how=", ".join(parts)) if parts else tier


def points_text(song: Song, locale: str = FALLBACK) -> str:
    """The points with which a Free song came to its turn: in all, own, of linked handles."""
    own = sum(points for name, _, points in song.stake if name == "points:user")
    handles = sum(points for name, _, points in song.stake if name != "points:user")
    if not own + handles:
        return say("review.no_points", locale)
    return say(
        "review.points",
        locale,
        total=number(own + handles, locale),
        own=number(own, locale),
        handles=number(handles, locale),
    )


def score_rows(
    score: int | None, note: str | None, locale: str = FALLBACK
) -> list[hikari.impl.ModalActionRowBuilder]:
    """The form for score and note, with what there is."""
    return [
        _input(
            SCORE_FIELD,
            say("review.score_field", locale, highest=HIGHEST_SCORE),
            value="" if score is None else str(score),
            longest=2,
        ),
        _input(
            NOTE_FIELD, say("review.note_field", locale), value=note or "", longest=NOTE_LIMIT, lines=True
        ),
    ]


def approve_rows(
    tier: str, locale: str = FALLBACK, *, method: str = METHODS[0]
) -> list[hikari.impl.ModalActionRowBuilder]:
    """The form that asks into which tier a skip is let and how it was paid."""
    return [
        _input(TIER_FIELD, say("review.tier_field", locale), value=tier, longest=64, required=True),
        _input(
            METHOD_FIELD,
            say("review.method_field", locale),
            value=say(f"review.method_{method}", locale),
            longest=20,
        ),
        _input(AMOUNT_FIELD, say("review.amount_field", locale), longest=AMOUNT_LIMIT),
    ]


def places_rows(locale: str = FALLBACK) -> list[hikari.impl.ModalActionRowBuilder]:
    """The form that asks how many songs are to go first."""
    label = say("review.places_field", locale)
    return [_input(PLACES_FIELD, label, value=str(PLACES), longest=3, required=True)]


def _input(
    custom_id: str,
    label: str,
    *,
    longest: int,
    value: str = "",
    required: bool = False,
    lines: bool = False,
) -> hikari.impl.ModalActionRowBuilder:
    row = hikari.impl.ModalActionRowBuilder()
    row.add_text_input(
        custom_id,
        label,
        style=hikari.TextInputStyle.PARAGRAPH if lines else hikari.TextInputStyle.SHORT,
        value=value or hikari.UNDEFINED,
        required=required,
        max_length=longest,
    )
    return row
