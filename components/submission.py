"""What an artist hands in: checked field by field, and confirmed."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Final

import hikari

from bot.errors import UserError
from components.eta import eta_text
from components.markdown import NAMELESS, clean
from components.refusals import song_text
from components.song_lines import tier_name, tier_names
from components.texts import FALLBACK, say
from state.board import Board
from state.ladder import FREE, Ladder
from state.song import SongFacts, SongState
from state.track import LONGEST_LINK, LinkRefused, Track, parse_link

NAME_LIMIT: Final = 200
"""Characters of a title or an artist."""
NOTE_LIMIT: Final = 500
_PLATFORMS: Final = {
    "soundcloud": "SoundCloud",
    "spotify": "Spotify",
    "youtube": "YouTube",
    "deezer": "Deezer",
    "ditto": "Ditto",
}

FORM: Final = "submit.form"
"""The form's handler: `/submit form` opens it, and the portal does."""
URL: Final = "url"
ARTIST: Final = "artist"
TITLE: Final = "title"
NOTE: Final = "note"
TIER: Final = "tier"


@dataclass(frozen=True, slots=True)
class Words:
    """What the artist wrote about a song, fit to be kept: normalised, on one line, of a fair length."""

    title: str
    artist: str
    note: str | None


def read_words(title: str, artist: str, note: str | None, locale: str = FALLBACK) -> Words:
    """Raises `UserError` that names the field which is empty or too long."""
    return Words(
        title=_read("title", title, NAME_LIMIT, locale),
        artist=_read("artist", artist, NAME_LIMIT, locale),
        note=_read("note", note, NOTE_LIMIT, locale) if note and note.strip() else None,
    )


def _read(name: str, text: str, limit: int, locale: str) -> str:
    field = say(f"submit.field_{name}", locale)
    # Nothing Discord sends is longer; whoever sends more is not worth the time it takes to read.
    if len(text) > 4000:
        raise UserError(say("submit.long_text", locale, field=field, length=len(text), limit=limit))
    normal = unicodedata.normalize("NFC", text)
    line = clean(normal, len(normal) + 1)
    if line == NAMELESS and NAMELESS not in normal:
        raise UserError(say("submit.empty_text", locale, field=field))
    if len(line) > limit:
        raise UserError(say("submit.long_text", locale, field=field, length=len(line), limit=limit))
    return line


def read_link(url: str, locale: str = FALLBACK) -> Track:
    """The song behind a link. Raises `UserError` with what is wrong with it and what to do instead."""
    try:
        track = parse_link(url)
    except LinkRefused as refused:
        platform = _PLATFORMS.get(refused.platform.value, "") if refused.platform else ""
        raise UserError(say(f"submit.link_{refused.fault.value}", locale, platform=platform)) from refused
    if track is None:
        raise UserError(say("submit.link_other", locale))
    return track


def read_claim(tier: str | None, ladder: Ladder, locale: str = FALLBACK) -> int | None:
    """The label of the skip an artist claims, None for Free. Raises `UserError` that lists the skips."""
    if tier is None or not tier.strip():
        return None
    found = ladder.named(tier)
    if found is None:
        raise UserError(say("submit.unknown_tier", locale, tiers=tier_names(ladder.paid)))
    return None if found.label == FREE else found.label


def form_rows(locale: str = FALLBACK) -> list[hikari.impl.ModalActionRowBuilder]:
    """The fields of `/submit form`. Their limits are the client's; what comes back is checked again."""
    rows: list[hikari.impl.ModalActionRowBuilder] = []
    for custom_id, label, required, limit in (
        (URL, "form_url", True, LONGEST_LINK),
        (ARTIST, "form_artist", True, NAME_LIMIT),
        (TITLE, "form_song", True, NAME_LIMIT),
        (NOTE, "form_note", False, NOTE_LIMIT),
        (TIER, "form_tier", False, 40),
    ):
        placeholder = f"submit.{label}_placeholder" if custom_id in (URL, TIER) else None
        row = hikari.impl.ModalActionRowBuilder()
        row.add_text_input(
            custom_id,
            say(f"submit.{label}", locale),
            style=hikari.TextInputStyle.PARAGRAPH if custom_id == NOTE else hikari.TextInputStyle.SHORT,
            placeholder=say(placeholder, locale) if placeholder else hikari.UNDEFINED,
            required=required,
            max_length=limit,
        )
        rows.append(row)
    return rows


def confirmation(
    song: SongFacts, place: int | None, waiting: int | None, board: Board, locale: str = FALLBACK
) -> str:
    """Number, place of how many, tier, why there, and for how long; `board` is of the moment before."""
    name = song_text({"number": song.number, "title": song.title, "artist": song.artist})
    tier = tier_name(song.tier, board.ladder)
    if song.state is SongState.PENDING or place is None:
        return say("submit.confirmed_pending", locale, song=f"**{name}**", tier=tier)
    return say(
        "submit.confirmed",
        locale,
        song=f"**{name}**",
        place=place,
        waiting=waiting,
        tier=tier,
        eta=eta_text(board.now, place, locale),
        why=say("submit.why_free", locale),
    )
