"""The history of a server: what is searched for, and a page of what was found.

The search stands in the footer of the page it gave, so that turning the page needs no memory anywhere.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Final

import hikari

from bot.errors import UserError
from components.markdown import clean, plain
from components.pages import page_count, page_row, within
from components.song_lines import moment, tier_name
from components.texts import FALLBACK, say
from state.ladder import Ladder
from state.review import HIGHEST_SCORE
from state.song import Song, SongState

PAGE: Final = 8
"""Songs on a page."""
PAGE_HANDLER: Final = "review.history"
TEXT_LIMIT: Final = 60
"""Characters of a text that is searched for."""

_COLOR: Final = 0x5C8374
_QUOTES: Final = str.maketrans("", "", "“”")
_DAY: Final = r"\d{4}-\d{2}-\d{2}"
_FOOTER: Final = re.compile(
    r"\d+/\d+"
    r"(?: · artist “(?P<artist>[^“”]+)”)?(?: · title “(?P<title>[^“”]+)”)?(?: · score (?P<least>\d{1,2})\+)?"
    rf"(?: · from (?P<since>{_DAY}))?(?: · until (?P<until>{_DAY}))?(?: · person (?P<person>\d{{1,20}}))?"
    r"(?P<bookmarks> · bookmarks)?"
)


@dataclass(frozen=True, slots=True)
class Search:
    """What is searched for; None and False ask for nothing. Days are whole days of UTC, both included."""

    artist: str | None = None
    title: str | None = None
    least: int | None = None
    since: date | None = None
    until: date | None = None
    person: int | None = None
    bookmarks: bool = False

    def tidy(self) -> Search:
        """The same with texts that can stand in a footer and be read back."""

        def text(value: str | None) -> str | None:
            bare = (value or "").translate(_QUOTES).strip()
            return clean(bare, TEXT_LIMIT).rstrip("…") or None if bare else None

        return replace(self, artist=text(self.artist), title=text(self.title))

    def footer(self, page: int, pages: int) -> str:
        """The footer. It is read back, so it is the same in every language."""
        parts = [f"{page}/{pages}"]
        parts += [f"artist “{self.artist}”"] if self.artist else []
        parts += [f"title “{self.title}”"] if self.title else []
        parts += [f"score {self.least}+"] if self.least is not None else []
        parts += [f"from {self.since.isoformat()}"] if self.since else []
        parts += [f"until {self.until.isoformat()}"] if self.until else []
        parts += [f"person {self.person}"] if self.person else []
        parts += ["bookmarks"] if self.bookmarks else []
        return " · ".join(parts)

    @classmethod
    def parse(cls, footer: str) -> Search | None:
        """The search of a footer, None for any other text."""
        found = _FOOTER.fullmatch(footer)
        if found is None:
            return None
        least, person = found["least"], found["person"]
        try:
            return cls(
                artist=found["artist"],
                title=found["title"],
                least=int(least) if least else None,
                since=date.fromisoformat(found["since"]) if found["since"] else None,
                until=date.fromisoformat(found["until"]) if found["until"] else None,
                person=int(person) if person else None,
                bookmarks=found["bookmarks"] is not None,
            )
        except ValueError:
            return None

    @classmethod
    def read(cls, message: hikari.Message) -> Search | None:
        """The search whose page a message shows, None when it shows none."""
        for embed in message.embeds:
            found = cls.parse(embed.footer.text) if embed.footer and embed.footer.text else None
            if found is not None:
                return found
        return None

    @property
    def begins(self) -> datetime | None:
        """The first moment that counts."""
        return datetime(self.since.year, self.since.month, self.since.day, tzinfo=UTC) if self.since else None

    @property
    def ends(self) -> datetime | None:
        """The first moment that no longer counts."""
        if self.until is None or self.until == date.max:
            return None
        day = self.until + timedelta(days=1)
        return datetime(day.year, day.month, day.day, tzinfo=UTC)


def read_day(text: str | None, locale: str = FALLBACK) -> date | None:
    """The day that was typed, None for nothing. Raises `UserError` for anything but year-month-day."""
    word = (text or "").strip()
    if not word:
        return None
    if re.fullmatch(_DAY, word, re.ASCII):
        try:
            return date.fromisoformat(word)
        except ValueError:
            pass
    raise UserError(say("review.bad_day", locale))


def history_embed(
    songs: Sequence[Song], count: int, page: int, search: Search, ladder: Ladder, locale: str = FALLBACK
) -> hikari.Embed:
    """A page of what was found; `page` is one there is."""
    lines = [_entry(song, ladder, locale) for song in songs]
    embed = hikari.Embed(
        title=say("review.history_title", locale, count=count),
        description="\n".join(lines) or say("review.history_none", locale),
        color=_COLOR,
    )
    return embed.set_footer(search.footer(page, page_count(count, PAGE)))


def history_rows(
    count: int, page: int, locale: str = FALLBACK
) -> tuple[hikari.impl.MessageActionRowBuilder, ...]:
    """The buttons that turn the page."""
    return page_row(PAGE_HANDLER, page, page_count(count, PAGE), locale)


def nearest(page: int, count: int) -> int:
    """The nearest page there is."""
    return within(page, page_count(count, PAGE))


def _entry(song: Song, ladder: Ladder, locale: str) -> str:
    score = ""
    if song.score is not None:
        score = " · " + say("review.score", locale, score=song.score, highest=HIGHEST_SCORE)
    if song.review_note:
        score += " " + say("review.quoted", locale, note=plain(song.review_note, 100))
    if song.bookmarked_at:
        score += say("review.history_mark", locale)
    return say(
        "review.history_entry",
        locale,
        number=song.number,
        title=f"{plain(song.title, 100)} — {plain(song.artist, 60)}",
        tier=tier_name(song.tier, ladder),
        user=song.user,
        state=_state(song, locale),
        score=score,
    )


def _state(song: Song, locale: str) -> str:
    if song.state is SongState.PLAYED:
        when = song.started_at or song.ended_at or song.at
        return say("review.history_played", locale, moment=moment(when))
    state = say(f"refusal.state_{song.state.value}", locale)
    if song.ended_at:
        return say("review.history_ended", locale, state=state, moment=moment(song.ended_at))
    return state
