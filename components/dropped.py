"""What a message in the submission channel hands in: the songs in it, and what it says of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import hikari

from bot.errors import UserError
from bot.router import encode
from components.markdown import NAMELESS, clean
from components.submission import ARTIST, NAME_LIMIT, NOTE, NOTE_LIMIT, TITLE, read_link
from components.texts import FALLBACK, say
from state.track import LinkFault, LinkRefused, Platform, Track, parse_link

ADD: Final = "drop.add"
NAMED: Final = "drop.named"
MOST_LINKS: Final = 50
"""Links looked at in one message; Discord's 2,000 characters have room for few more."""

_AROUND_LINKS: Final = re.compile(r"[\s<>()\[\]|*\"'`]+")
_AFTER_LINKS: Final = ".,;:!?…"
# For what cannot be read: whether it meant to be a song, or is none of our business.
_MUSICAL: Final = re.compile(r"soundcloud|snd\.sc|spotify|outu|deezer|dzr|ditto|apple|itun", re.IGNORECASE)
_NAMES: Final = re.compile(r"(?P<artist>.{1,200}?)\s+[-\u2013\u2014]\s+(?P<title>.{1,200})")
_AUDIO: Final = frozenset(
    ("mp3", "wav", "m4a", "flac", "ogg", "oga", "opus", "aac", "aif", "aiff", "wma", "mp2")
)


@dataclass(frozen=True, slots=True)
class Names:
    """Artist and title as far as a message tells them; empty: not told."""

    artist: str = ""
    title: str = ""

    @property
    def complete(self) -> bool:
        """Whether nothing has to be asked."""
        return bool(self.artist and self.title)


@dataclass(frozen=True, slots=True)
class Dropped:
    """The songs of one message: links, each track once, and audio files by their place among its files.

    `refusal` says what is wrong with the first link or file that meant to be a song and is none; `names` are
    those the message or the file's name tells, `guess` what a form may propose, `note` the words besides.
    """

    tracks: tuple[Track, ...]
    files: tuple[int, ...]
    refusal: str | None
    names: Names
    guess: Names
    note: str

    @property
    def count(self) -> int:
        """How many songs there are."""
        return len(self.tracks) + len(self.files)


def read_dropped(
    text: str, files: Sequence[tuple[str, str | None]], author: str, locale: str = FALLBACK
) -> Dropped:
    """Reads a message: its text, its files as (name, media type), and what its author is called."""
    tracks: dict[str, Track] = {}
    refusal: str | None = None
    rest = text
    for word in _links(text):
        rest = rest.replace(word, " ", 1)
        try:
            track = parse_link(word)
        except LinkRefused as refused:
            if refusal is None and _meant(word, refused):
                refusal = _why(word, locale)
            continue
        if track is not None:
            tracks[track.id] = track
    audio = tuple(place for place, file in enumerate(files) if _is_audio(*file))
    words = " ".join(rest.translate(_MARKS).split())
    names = read_names(words)
    if len(audio) == 1 and not tracks and not names.complete:
        names = read_names(_stem(files[audio[0]][0]))
    proposed = names
    if not names.complete:
        title = ""
        if len(tracks) == 1:
            title = _title_in(next(iter(tracks.values())))
        elif len(audio) == 1:
            title = _stem(files[audio[0]][0])
        proposed = Names(clean(author, NAME_LIMIT), title and clean(title, NAME_LIMIT))
    note = "" if names.complete and read_names(words).complete else words[:NOTE_LIMIT]
    return Dropped(tuple(tracks.values()), audio, refusal, names, proposed, note)


def reads_messages(shards: hikari.ShardAware | None) -> bool:
    """Whether Discord lets this bot see what people write."""
    return shards is not None and bool(shards.intents & hikari.Intents.MESSAGE_CONTENT)


def read_names(text: str) -> Names:
    """`Artist - Title`; nothing of a text that is not so, such as `01 - Title`, a number before it."""
    found = _NAMES.fullmatch(text.strip())
    if found is None or found["artist"].strip().isdecimal():
        return Names()
    names = Names(clean(found["artist"], NAME_LIMIT), clean(found["title"], NAME_LIMIT))
    return Names() if NAMELESS in (names.artist, names.title) else names


def add_row(author: int, message: int, locale: str = FALLBACK) -> hikari.impl.MessageActionRowBuilder:
    """The button that asks the author, and nobody else, for what the message does not tell."""
    row = hikari.impl.MessageActionRowBuilder()
    row.add_interactive_button(
        hikari.ButtonStyle.PRIMARY, encode(ADD, author, message), label=say("drop.add", locale)
    )
    return row


def name_rows(dropped: Dropped | None, locale: str = FALLBACK) -> list[hikari.impl.ModalActionRowBuilder]:
    """The form behind the button, with what can be guessed filled in."""
    guess, note = (dropped.guess, dropped.note) if dropped else (Names(), "")
    rows: list[hikari.impl.ModalActionRowBuilder] = []
    for custom_id, label, value, limit in (
        (TITLE, "form_song", guess.title, NAME_LIMIT),
        (ARTIST, "form_artist", guess.artist, NAME_LIMIT),
        (NOTE, "form_note", note, NOTE_LIMIT),
    ):
        row = hikari.impl.ModalActionRowBuilder()
        row.add_text_input(
            custom_id,
            say(f"submit.{label}", locale),
            style=hikari.TextInputStyle.PARAGRAPH if custom_id == NOTE else hikari.TextInputStyle.SHORT,
            value=value or hikari.UNDEFINED,
            required=custom_id != NOTE,
            max_length=limit,
        )
        rows.append(row)
    return rows


_MARKS: Final = str.maketrans(dict.fromkeys('<>()[]|*"`', " "))


def _links(text: str) -> list[str]:
    words = (word.rstrip(_AFTER_LINKS) for word in _AROUND_LINKS.split(text))
    return [word for word in words if "/" in word and "." in word][:MOST_LINKS]


def _meant(word: str, refused: LinkRefused) -> bool:
    if refused.fault in (LinkFault.APPLE, LinkFault.NOT_A_TRACK):
        return True
    return refused.fault is not LinkFault.NOT_A_LINK and _MUSICAL.search(word) is not None


def _why(word: str, locale: str) -> str | None:
    try:
        read_link(word, locale)
    except UserError as refused:
        return refused.text
    return None


def _is_audio(name: str, media_type: str | None) -> bool:
    _, dot, extension = name.rpartition(".")
    return (bool(dot) and extension.lower() in _AUDIO) or (media_type or "").startswith("audio/")


def _stem(name: str) -> str:
    """A file's name without its extension; Discord writes `_` for a blank."""
    stem, dot, _ = name.rpartition(".")
    return " ".join((stem if dot else name).replace("_", " ").split())


def _title_in(track: Track) -> str:
    """What the address of a song tells of its title."""
    _, _, id_ = track.id.partition(":")
    if track.platform not in (Platform.SOUNDCLOUD, Platform.DITTO) or id_.startswith("short:"):
        return ""
    return id_.rpartition("/")[2].replace("-", " ").replace("_", " ").strip().title()
