"""What a move did, in one or two lines for the one who made it."""

from __future__ import annotations

import hikari

from components.markdown import plain
from components.refusals import song_text
from components.song_lines import tier_name
from components.texts import FALLBACK, say
from state.ladder import Ladder
from state.moved import Advanced, Moved, Undone
from state.review import HIGHEST_SCORE, Bookmarked, Reviewed
from state.song import SongFacts


def advanced_text(advanced: Advanced, ladder: Ladder, locale: str = FALLBACK) -> str:
    """What plays now, by whom, and how many still wait."""
    if advanced.song is None:
        ended = named(advanced.ended) if advanced.ended else ""
        return say("review.finished", locale, song=ended)
    return say(
        "review.advanced",
        locale,
        song=named(advanced.song),
        tier=tier_name(advanced.song.tier, ladder),
        user=advanced.song.user,
        waiting=advanced.waiting,
    )


def undone_text(undone: Undone, ladder: Ladder, locale: str = FALLBACK) -> str:
    """Which move was taken back, whose it was, and where its songs are now."""
    lines = [
        say(
            "review.undone",
            locale,
            move=say(f"refusal.move_{undone.move}", locale),
            name=plain(undone.move_by_name, 40),
        )
    ]
    for song in undone.songs[:3]:
        if song.state == "waiting":
            where = say("refusal.state_waiting_in", locale, tier=tier_name(song.tier, ladder))
        else:
            where = say(f"refusal.state_{song.state}", locale)
        lines.append(say("review.undone_song", locale, song=named(song), where=where))
    if len(undone.songs) > 3:
        lines.append(say("review.undone_more", locale, count=len(undone.songs) - 3))
    return "\n".join(lines)


def promoted_text(moved: Moved, ladder: Ladder, locale: str = FALLBACK) -> str:
    """From which tier to which, and the place it has there."""
    return say(
        "review.promoted" if moved.place else "review.promoted_held",
        locale,
        song=named(moved.song),
        before=tier_name(moved.song.tier if moved.from_tier is None else moved.from_tier, ladder),
        tier=tier_name(moved.song.tier, ladder),
        place=moved.place,
        waiting=moved.waiting,
    )


def approved_text(moved: Moved, ladder: Ladder, locale: str = FALLBACK, *, paid: str = "") -> str:
    """Into which tier a claimed skip was let, how it was paid (escaped), and its place."""
    tier = tier_name(moved.song.tier, ladder)
    key = "review.approved_paid" if paid else "review.approved"
    return say(key, locale, song=named(moved.song), tier=tier, place=moved.place, paid=paid)


def placed_text(moved: Moved, ladder: Ladder, locale: str = FALLBACK) -> str:
    """What a hold, a return or a move down did, and the place the song has now."""
    return say(
        f"review.{moved.kind}",
        locale,
        song=named(moved.song),
        tier=tier_name(moved.song.tier, ladder),
        place=moved.place,
        waiting=moved.waiting,
    )


def reviewed_text(reviewed: Reviewed, locale: str = FALLBACK) -> str:
    """The score and the note a song has now."""
    parts: list[str] = []
    if reviewed.score is not None:
        parts.append(say("review.score", locale, score=reviewed.score, highest=HIGHEST_SCORE))
    if reviewed.note:
        parts.append(say("review.quoted", locale, note=plain(reviewed.note, 300)))
    if not parts:
        return say("review.review_taken", locale, song=named(reviewed.song))
    return say("review.reviewed", locale, song=named(reviewed.song), text=" · ".join(parts))


def bookmarked_text(bookmarked: Bookmarked, locale: str = FALLBACK) -> str:
    """Whether a song is marked now, and what becomes of its card."""
    if bookmarked.marked:
        key = "review.bookmarked" if bookmarked.channel else "review.bookmarked_only"
    else:
        key = "review.unbookmarked_card" if bookmarked.channel else "review.unbookmarked"
    return say(key, locale, song=named(bookmarked.song), channel=bookmarked.channel)


def removed_text(moved: Moved, ladder: Ladder, reason: str | None, locale: str = FALLBACK) -> str:
    """What was removed, or whose skip was rejected, why, and where the song is then."""
    key = "review.rejected" if moved.kind == "rejected" else "review.removed"
    if moved.song.state == "waiting":
        key = "review.rejected_free"
    text = say(
        f"{key}_reason" if reason else key,
        locale,
        song=named(moved.song),
        reason=plain(reason or "", 300),
        tier=tier_name(moved.song.tier, ladder),
        place=moved.place,
        waiting=moved.waiting,
    )
    return f"{text}\n{say(f'review.rejected_{moved.barred}', locale)}" if moved.barred else text


def named(song: SongFacts) -> str:
    """`#12 Title — Artist`, escaped."""
    return song_text({"number": song.number, "title": song.title, "artist": song.artist})


REASON_FIELD = "reason"
REASON_LIMIT = 200


def reason_rows(locale: str = FALLBACK) -> list[hikari.impl.ModalActionRowBuilder]:
    """The one, optional field of the form that asks why a song goes."""
    row = hikari.impl.ModalActionRowBuilder()
    row.add_text_input(
        REASON_FIELD,
        say("panel.reason", locale),
        placeholder=say("panel.reason_placeholder", locale),
        required=False,
        max_length=REASON_LIMIT,
    )
    return [row]
