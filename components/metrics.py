"""What a live came to: a page of its table, its totals, the table as a file."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

import hikari

from components.curve import Curve
from components.display_states import cause_text
from components.markdown import plain
from components.pages import page_count, page_row
from components.settings import duration
from components.texts import FALLBACK, number, say
from state.live_records import LiveSession, PlayedSong, Viewer

PAGE: Final = 10
"""Viewers on a page."""
PAGE_HANDLER: Final = "metrics.page"
LEADERS_HANDLER: Final = "metrics.leaders"

_COLOR: Final = 0x5C8374
_CSV_COLUMNS: Final = (
    *("handle_id", "name", "user_id", "points", "coins", "gifts", "likes", "comments", "shares", "follows"),
    *("subscribes", "active_ms", "first_at", "last_at"),
)
# Discord takes 10 MiB a file (its reference, Uploading Files), and the picture comes along.
_FILE_BYTES: Final = 8 * 1024 * 1024
# Spreadsheets take a cell that begins so for a formula (OWASP, CSV Injection).
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def live_name(session: LiveSession, locale: str = FALLBACK) -> str:
    """A live in a list of choices, at most 100 characters."""
    return say(
        "metrics.choice",
        locale,
        session=session.session,
        host=session.host,
        day=session.started_at.strftime("%Y-%m-%d %H:%M"),
        length=duration(_seconds(session), locale),
    )[:100]


def metrics_embed(
    session: LiveSession,
    viewers: Sequence[Viewer],
    count: int,
    page: int,
    songs: Sequence[PlayedSong],
    locale: str = FALLBACK,
) -> hikari.Embed:
    """The page of a live that begins with those viewers; `page` is one there is."""
    embed = hikari.Embed(
        title=say(
            "metrics.title", locale, host=plain(session.host, 30), day=session.started_at.strftime("%Y-%m-%d")
        ),
        description="\n".join(_totals(session, songs, locale)),
        color=_COLOR,
    )
    rows = [_row(place, viewer, locale) for place, viewer in enumerate(viewers, (page - 1) * PAGE + 1)]
    for start in range(0, len(rows), 5):
        embed.add_field("\u200b", "\n".join(rows[start : start + 5]))
    if not rows:
        embed.add_field("\u200b", say("metrics.nobody", locale))
    pages = page_count(count, PAGE)
    footer = say("metrics.page", locale, page=page, pages=pages, count=number(count, locale))
    return embed.set_footer(f"{footer}\n{say('metrics.hint', locale)}")


def metrics_rows(
    session: int, page: int, count: int, locale: str = FALLBACK
) -> Sequence[hikari.impl.MessageActionRowBuilder]:
    """The buttons that turn the pages of that live."""
    return page_row(PAGE_HANDLER, page, page_count(count, PAGE), locale, str(session))


def leaders_embed(
    viewers: Sequence[Viewer], count: int, page: int, days: int, locale: str = FALLBACK
) -> hikari.Embed:
    """A page of those who did the most; `days` is 0 for all time."""
    title = say("metrics.leaderboard_days" if days else "metrics.leaderboard", locale, days=days)
    rows = [_row(place, viewer, locale) for place, viewer in enumerate(viewers, (page - 1) * PAGE + 1)]
    embed = hikari.Embed(
        title=title, description="\n".join(rows) or say("metrics.none_yet", locale), color=_COLOR
    )
    pages = page_count(count, PAGE)
    footer = say("metrics.leaderboard_page", locale, page=page, pages=pages, count=number(count, locale))
    return embed.set_footer(f"{footer}\n{say('metrics.hint', locale)}")


def leaders_rows(
    page: int, count: int, days: int, locale: str = FALLBACK
) -> Sequence[hikari.impl.MessageActionRowBuilder]:
    """The buttons that turn its pages."""
    return page_row(LEADERS_HANDLER, page, page_count(count, PAGE), locale, str(days))


def table_file(session: int, viewers: Iterable[Viewer]) -> hikari.Bytes:
    """The whole table as a file to attach, zipped where it is too large for Discord; that takes seconds."""
    plain_name, zip_name = _file_names(session)
    content = table(viewers)
    if len(content) <= _FILE_BYTES:
        return hikari.Bytes(content, plain_name, mimetype="text/csv")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(plain_name, content)
    return hikari.Bytes(packed.getvalue(), zip_name, mimetype="application/zip")


def file_names(session: int) -> frozenset[str]:
    """What the file of a live's table may be called."""
    return frozenset(_file_names(session))


def _file_names(session: int) -> tuple[str, str]:
    return f"live-{session}.csv", f"live-{session}.zip"


def unposted_text(session: LiveSession, channel: int, code: int, locale: str = FALLBACK) -> str:
    """What is told of a table that its channel does not take; `code` is Discord's, or the HTTP status."""
    return say(
        "metrics.unposted",
        locale,
        host=plain(session.host, 30),
        channel=channel,
        cause=cause_text(code, locale),
    )


def table(viewers: Iterable[Viewer]) -> bytes:
    """Every viewer as CSV (RFC 4180, UTF-8 with a mark, so that spreadsheets read the names right)."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(_CSV_COLUMNS)
    for viewer in viewers:
        writer.writerow([_cell(getattr(viewer, name)) for name in _CSV_COLUMNS])
    return text.getvalue().encode("utf-8-sig")


def _cell(value: object) -> str:
    if value is None:
        return ""
    text = value.isoformat() if isinstance(value, datetime) else str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(_FORMULA) else text


def _totals(session: LiveSession, songs: Sequence[PlayedSong], locale: str) -> Iterable[str]:
    def said(key: str, **values: int) -> str:
        return say(
            f"metrics.{key}", locale, **{name: number(value, locale) for name, value in values.items()}
        )

    start, end = int(session.started_at.timestamp()), int(session.ended_at.timestamp())
    yield say(
        "metrics.ran",
        locale,
        start=f"<t:{start}:t>",
        end=f"<t:{end}:t>",
        length=duration(end - start, locale),
    )
    yield said("gifts", gifts=session.gifts, coins=session.coins)
    yield said(
        "room",
        likes=session.likes,
        comments=session.comments,
        shares=session.shares,
        follows=session.follows,
        subscribes=session.subscribes,
    )
    yield said(
        "viewers",
        peak=session.viewers_peak,
        average=round(session.viewers_average),
        minutes=session.viewer_ms // 60_000,
    )
    if songs:
        played = sum(
            (min(song.ended_at or session.ended_at, session.ended_at) - song.started_at).total_seconds()
            for song in songs
        )
        yield say(
            "metrics.songs", locale, count=number(len(songs), locale), length=duration(int(played), locale)
        )
    else:
        yield say("metrics.no_songs", locale)
    breaks = [gap for gap in session.gaps if gap[2:] == ["over"]]
    if breaks:
        yield say("metrics.breaks", locale, length=_together(breaks, locale))
    missed = [gap for gap in session.gaps if gap not in breaks]
    if missed:
        key = "metrics.gap" if len(missed) == 1 else "metrics.gaps"
        yield say(key, locale, count=number(len(missed), locale), length=_together(missed, locale))
    if session.skipped:
        yield said("skipped", count=session.skipped)


def _together(gaps: Sequence[Sequence[int | str]], locale: str) -> str:
    """How long they were in all, at least a second."""
    milliseconds = sum(int(gap[1]) - int(gap[0]) for gap in gaps)
    return duration(max(1, round(milliseconds / 1000)), locale)


def _row(place: int, viewer: Viewer, locale: str) -> str:
    linked = say("metrics.linked", locale, user=viewer.user_id) if viewer.user_id else ""
    head = say(
        "metrics.row",
        locale,
        place=place,
        name=plain(viewer.name, 30),
        linked=linked,
        points=number(viewer.points, locale),
    )
    did = [
        say(f"metrics.{name}", locale, **{name: number(getattr(viewer, name), locale)})
        for name in ("coins", "likes", "comments", "shares")
        if getattr(viewer, name)
    ]
    did += [say(f"metrics.{name}", locale) for name in ("follows", "subscribes") if getattr(viewer, name)]
    if viewer.active_ms >= 60_000:
        did.append(say("metrics.active", locale, length=duration(viewer.active_ms // 60_000 * 60, locale)))
    if viewer.sessions > 1:
        did.append(say("metrics.sessions", locale, count=number(viewer.sessions, locale)))
    return f"{head}\n{' · '.join(did) or say('metrics.nothing', locale)}"


def _seconds(session: LiveSession) -> int:
    return max(0, int((session.ended_at - session.started_at).total_seconds()))


def curve_of(session: LiveSession, songs: Sequence[PlayedSong], locale: str = FALLBACK) -> Curve:
    """What the picture of a live shows."""
    start = session.started_at
    began = start.timestamp() * 1000
    return Curve(
        title=f"@{session.host} · {start:%Y-%m-%d}",
        points=[(int(minute), int(viewers), int(coins)) for minute, viewers, coins, *_ in session.curve],
        songs=[((song.started_at - start).total_seconds() / 60, song.title) for song in songs],
        gaps=[((int(gap[0]) - began) / 60_000, (int(gap[1]) - began) / 60_000) for gap in session.gaps],
        labels=(
            say("metrics.axis_viewers", locale),
            say("metrics.axis_coins", locale),
            say("metrics.axis_minutes", locale),
        ),
    )
