"""A search stands in the footer of the page it gave, and comes back out of it unchanged."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from bot.errors import UserError
from components.history import TEXT_LIMIT, Search, history_embed, read_day
from components.review import grouped, paid_text, read_method, read_places, read_score, read_tier
from sandbox.discord import limits
from state.ladder import SKIPS
from state.song import Song, SongState

HOSTILE = (
    "“”",
    "a · title “b”",
    "*_~`|\\" * 40,
    "@everyone",
    "\u202e\u2066x",
    "👩‍👩‍👧‍👦" * 60,
    " ",
    "%_",
    "x" * 4000,
)


@pytest.mark.parametrize("text", HOSTILE)
def test_whatever_is_searched_for_comes_back_from_the_footer(text: str) -> None:
    search = Search(
        artist=text,
        title=text,
        least=7,
        since=date(2026, 11, 1),
        until=date(2026, 11, 30),
        person=123,
        bookmarks=True,
    ).tidy()
    assert search.artist is None or len(search.artist) <= TEXT_LIMIT
    footer = search.footer(3, 9)
    assert Search.parse(footer) == search
    assert Search.parse(Search().footer(1, 1)) == Search()


@pytest.mark.parametrize(
    "footer", ["", "#1 playing · turn 3 · no move", "1/1 · from 2026-13-01", "1/1 · score -1+", "1/1 · x"]
)
def test_no_other_footer_is_a_search(footer: str) -> None:
    assert Search.parse(footer) is None


def test_days_are_whole_and_both_count() -> None:
    search = Search(since=date(2026, 11, 1), until=date(2026, 11, 1))
    assert (search.begins, search.ends) == (
        datetime(2026, 11, 1, tzinfo=UTC),
        datetime(2026, 11, 2, tzinfo=UTC),
    )
    assert Search(until=date.max).ends is None
    assert read_day(" 2026-11-21 ") == date(2026, 11, 21) and read_day("") is None
    for wrong in ("21.11.2026", "2026-11-31", "0000-01-01", "٢٠٢٦-١١-٢١", "2026-11-21x"):
        with pytest.raises(UserError):
            read_day(wrong)


@pytest.mark.parametrize("text", HOSTILE)
def test_the_fullest_page_fits(text: str) -> None:
    song = Song(
        number=10**12 - 1,
        title=text[:200] or "x",
        artist=text[:200] or "x",
        user=10**19,
        user_name="x",
        tier=25,
        state=SongState.PLAYED,
        score=10,
        review_note=text[:500],
        bookmarked_at=1,
        started_at=1,
    )
    embed = history_embed([song] * 8, 10**6, 1, Search(artist=text, title=text).tidy(), SKIPS)
    sent = {"title": embed.title, "description": embed.description, "footer": {"text": embed.footer.text}}  # type: ignore[union-attr]
    limits.message({"embeds": [sent]})


def test_what_reviewers_type_is_read_or_refused() -> None:
    assert [read_method(text) for text in ("Gift", "gi", "TIP", "others", "")] == [
        "gift",
        "gift",
        "tip",
        "other",
        None,
    ]
    assert [read_score(text) for text in ("0", "10", " 7 ", "")] == [0, 10, 7, None]
    assert read_places("100") == 100
    assert read_tier("10", SKIPS).label == 10 and read_tier("free", SKIPS).label == 0
    for read, wrong in (
        (read_method, ("love", "-")),
        (read_score, ("11", "-1", "7.5", "٣", "100")),
        (read_places, ("0", "101", "", "²")),
        (lambda text: read_tier(text, SKIPS), ("11", "", "9" * 50)),
    ):
        for text in wrong:
            with pytest.raises(UserError):
                read(text)
    assert grouped("2000") == "2,000" and grouped("15 €") == "15 €"
    assert paid_text("gift", "2000") == "gift 2,000" and paid_text(None, "**5**") == "\\*\\*5\\*\\*"
    assert paid_text(None, None) == ""
