"""`/review history`: every song the server ever had, searched in the archive; one person's by their menu."""

from __future__ import annotations

from datetime import datetime

import alluka
import hikari
import tanjun

from bot.errors import UserError
from bot.router import Press
from components.history import (
    PAGE,
    PAGE_HANDLER,
    TEXT_LIMIT,
    Search,
    history_embed,
    history_rows,
    nearest,
    read_day,
)
from components.pages import page_asked
from components.texts import describe, say
from components.who import Caller, admit
from persistence.archive import Archive
from persistence.submissions import Submission, Wanted
from plugins.review.desk import review, routes
from state.configure import Configuration
from state.ladder import Ladder
from state.review import HIGHEST_SCORE
from state.song import Song, SongState


async def _page(
    archive: Archive, caller: Caller, ladder: Ladder, search: Search, page: int
) -> tuple[hikari.Embed, tuple[hikari.impl.MessageActionRowBuilder, ...]]:
    wanted = Wanted(
        user_id=search.person,
        artist=search.artist,
        title=search.title,
        least=search.least,
        since=search.begins,
        until=search.ends,
        bookmarked=search.bookmarks,
    )
    page = max(page, 1)
    found, count = await archive.search(caller.guild, wanted, offset=(page - 1) * PAGE, limit=PAGE)
    if (there := nearest(page, count)) != page:
        page = there
        found, count = await archive.search(caller.guild, wanted, offset=(page - 1) * PAGE, limit=PAGE)
        page = nearest(page, count)
    songs = [_song(row) for row in found]
    return (
        history_embed(songs, count, page, search, ladder, caller.locale),
        history_rows(count, page, caller.locale),
    )


def _song(row: Submission) -> Song:
    return Song(
        number=row.number,
        title=row.title or "",
        artist=row.artist or "",
        user=row.user_id or 0,
        user_name=row.user_name or "",
        tier=int(row.tier or 0),
        state=SongState(row.state or SongState.REMOVED),
        submitted_at=_milliseconds(row.submitted_at) or 0,
        started_at=_milliseconds(row.started_at),
        ended_at=_milliseconds(row.ended_at),
        at=_milliseconds(row.at) or 0,
        score=row.score,
        review_note=row.review_note,
        bookmarked_at=_milliseconds(row.bookmarked_at),
    )


def _milliseconds(moment: datetime | None) -> int | None:
    return int(moment.timestamp() * 1000) if moment else None


@tanjun.with_bool_slash_option("bookmarks", describe("review.bookmarks_option"), default=False)
@tanjun.with_user_slash_option("person", describe("review.person_option"), default=None)
@tanjun.with_str_slash_option("until", describe("review.until_option"), default=None, max_length=10)
@tanjun.with_str_slash_option("since", describe("review.since_option"), default=None, max_length=10)
@tanjun.with_int_slash_option(
    "score", describe("review.least_option"), default=None, min_value=0, max_value=HIGHEST_SCORE
)
@tanjun.with_str_slash_option("title", describe("review.title_option"), default=None, max_length=TEXT_LIMIT)
@tanjun.with_str_slash_option("artist", describe("review.artist_option"), default=None, max_length=TEXT_LIMIT)
@review.as_sub_command("history", describe("review.history_description"))
async def history(
    ctx: tanjun.abc.SlashContext,
    artist: str | None,
    title: str | None,
    score: int | None,
    since: str | None,
    until: str | None,
    person: hikari.User | None,
    bookmarks: bool,
    archive: alluka.Injected[Archive],
    configuration: alluka.Injected[Configuration],
) -> None:
    """Shows the first page of what matches, to the caller alone."""
    caller, ladder = await admit(ctx.interaction, configuration)
    search = Search(
        artist=artist,
        title=title,
        least=score,
        since=read_day(since, caller.locale),
        until=read_day(until, caller.locale),
        person=int(person.id) if person else None,
        bookmarks=bookmarks,
    ).tidy()
    embed, rows = await _page(archive, caller, ladder, search, 1)
    await ctx.respond(embed=embed, components=rows)


@tanjun.as_user_menu(describe("review.person_menu"), default_to_ephemeral=True, dm_enabled=False)
async def songs_of_person(
    ctx: tanjun.abc.MenuContext,
    user: hikari.User,
    archive: alluka.Injected[Archive],
    configuration: alluka.Injected[Configuration],
) -> None:
    """The same for one person, from their name."""
    caller, ladder = await admit(ctx.interaction, configuration)
    embed, rows = await _page(archive, caller, ladder, Search(person=int(user.id)), 1)
    await ctx.respond(embed=embed, components=rows)


@routes.component(PAGE_HANDLER)
async def turn(press: Press) -> None:
    """Turns the page in the presser's own message."""
    caller, ladder = await admit(press.interaction, press.get(Configuration))
    search = Search.read(press.interaction.message)
    if search is None:
        raise UserError(say("common.outdated", caller.locale))
    embed, rows = await _page(press.get(Archive), caller, ladder, search, page_asked(press.args))
    await press.update(embeds=[embed], components=rows)
