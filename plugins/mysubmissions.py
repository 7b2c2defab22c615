"""`/mysubmissions`: one's own songs here, to be edited, taken back, or to have a skip claimed for."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from datetime import datetime
from typing import Final

import alluka
import tanjun

from bot.errors import UserError
from bot.router import Press, Router, encode
from bot.router import Submission as Form
from components import submission
from components.mysubmissions import (
    CLAIM,
    EDIT,
    EDITED,
    LISTED,
    OPEN,
    PAGE_HANDLER,
    REMOVE,
    SURE,
    TIER,
    WITHDRAW,
    Mine,
    can_claim,
    can_remove,
    claim_rows,
    claim_text,
    edit_rows,
    mine_embed,
    mine_rows,
    named_song,
    needs_asking,
    question,
    question_rows,
)
from components.outcomes import named
from components.pages import page_asked
from components.refusals import refusal_text, song_text
from components.song_lines import tier_name
from components.song_option import parse
from components.texts import describe, say
from components.who import Caller
from persistence.archive import Archive
from persistence.errors import PersistenceError
from persistence.submissions import Submission
from state.moved import Moved
from state.queue import Queue
from state.refusal import Reason, Refused
from state.song import Song, SongState

ARCHIVE_SECONDS: Final = 1.5
"""How long the list waits for the archive; what is live is shown in any case."""

routes = Router()


async def _mine(caller: Caller, queue: Queue, archive: Archive) -> Mine:
    active = await queue.songs_of(caller.guild, caller.actor.id)
    board = await queue.board(caller.guild, count=0)
    waiting = [song.number for song in active if song.state in (SongState.WAITING, SongState.BUMPED)]
    places = (await queue.places(caller.guild, waiting))[0] if waiting else {}
    ended: list[Song] = []
    found: list[Submission] | None = None
    try:
        async with asyncio.timeout(ARCHIVE_SECONDS):
            found = await archive.history(caller.guild, user_id=caller.actor.id, limit=LISTED)
    except (PersistenceError, TimeoutError):
        # The show goes on without the archive; the list says what it lacks.
        pass
    numbers = {song.number for song in active}
    for row in found or ():
        if row.number not in numbers and (song := await _ended(caller, queue, row)) is not None:
            ended.append(song)
    return Mine(
        user=caller.actor.id,
        songs=(*reversed(active), *ended),
        places=places,
        waiting=board.waiting,
        ladder=board.ladder,
        archive=found is not None,
        more=len(found or ()) == LISTED,
    )


async def _ended(caller: Caller, queue: Queue, row: Submission) -> Song | None:
    """The archived song; when it ended so lately that the archive does not know, the one Redis knows."""
    state = SongState(row.state or SongState.REMOVED)
    if state.is_active:
        live = await queue.song(caller.guild, row.number)
        return live if live is not None and live.user == caller.actor.id else None
    return Song(
        number=row.number,
        title=row.title or "",
        artist=row.artist or "",
        user=caller.actor.id,
        user_name=row.user_name or "",
        tier=int(row.tier or 0),
        state=state,
        reason=row.reason,
        by=row.by_id or 0,
        at=_milliseconds(row.at),
        ended_at=_milliseconds(row.ended_at) or None,
    )


def _milliseconds(moment: datetime | None) -> int:
    return int(moment.timestamp() * 1000) if moment else 0


@tanjun.as_slash_command(
    "mysubmissions", describe("mysubmissions.description"), default_to_ephemeral=True, dm_enabled=False
)
async def mysubmissions(
    ctx: tanjun.abc.SlashContext, queue: alluka.Injected[Queue], archive: alluka.Injected[Archive]
) -> None:
    """Lists the caller's own songs, to the caller alone."""
    caller = Caller.of(ctx.interaction)
    mine = await _mine(caller, queue, archive)
    await ctx.respond(embed=mine_embed(mine, 1, caller.locale), components=mine_rows(mine, 1, caller.locale))


async def _show(press: Press | Form, caller: Caller, page: int, text: str = "") -> None:
    mine = await _mine(caller, press.get(Queue), press.get(Archive))
    page = mine.within(page)
    await press.update(
        text,
        embeds=[mine_embed(mine, page, caller.locale)],
        components=mine_rows(mine, page, caller.locale),
    )


@routes.component(OPEN)
async def open_(press: Press) -> None:
    """Lists the presser's own songs, to the presser alone: the portal's way in."""
    caller = Caller.of(press.interaction)
    mine = await _mine(caller, press.get(Queue), press.get(Archive))
    await press.respond(
        embeds=[mine_embed(mine, 1, caller.locale)], components=mine_rows(mine, 1, caller.locale)
    )


@routes.component(PAGE_HANDLER)
async def turn(press: Press) -> None:
    """Turns the page, or goes back to it."""
    await _show(press, Caller.of(press.interaction), page_asked(press.args))


def _meant(press: Press | Form, caller: Caller) -> tuple[int, int]:
    """Number and page of a press. Raises `UserError` for what no button of ours can say."""
    match press.args:
        case (text, page, *_) if (number := parse(text)) is not None:
            return number, page_asked(("at", page))
        case _:
            raise UserError(say("mysubmissions.foreign", caller.locale))


async def _own(caller: Caller, queue: Queue, number: int) -> Song:
    song = await queue.song(caller.guild, number)
    if song is None or song.user != caller.actor.id:
        raise UserError(say("mysubmissions.foreign", caller.locale))
    return song


@routes.component(REMOVE)
async def remove(press: Press) -> None:
    """Takes a Free song back; asks first where a skip would be lost."""
    caller, queue = Caller.of(press.interaction), press.get(Queue)
    number, page = _meant(press, caller)
    song = await _own(caller, queue, number)
    if not can_remove(song) or not needs_asking(song):
        await _take_back(press, caller, number, page)
        return
    ladder = (await queue.board(caller.guild, count=0)).ladder
    await press.update(
        question(song, ladder, caller.locale),
        embeds=[],
        components=question_rows(song, page, caller.locale),
    )


@routes.component(SURE)
async def sure(press: Press) -> None:
    """Takes it back after the question."""
    caller = Caller.of(press.interaction)
    await _take_back(press, caller, *_meant(press, caller))


async def _take_back(press: Press, caller: Caller, number: int, page: int) -> None:
    queue = press.get(Queue)
    moved = await _made(
        caller,
        queue,
        queue.remove(caller.guild, caller.request, caller.actor, number, owner=caller.actor.id),
    )
    await _show(press, caller, page, say("mysubmissions.done", caller.locale, song=named(moved.song)))


async def _made(caller: Caller, queue: Queue, move: Awaitable[Moved], playing: str | None = None) -> Moved:
    """The scripts themselves refuse a song of somebody else's, whatever a button or form said."""
    try:
        return await move
    except Refused as refused:
        if refused.reason is Reason.UNKNOWN_SONG:
            raise UserError(say("mysubmissions.foreign", caller.locale)) from refused
        if playing is not None and refused.reason is Reason.PLAYING:
            song = song_text(refused.facts["song"])
            raise UserError(say(playing, caller.locale, song=song)) from refused
        board = await queue.board(caller.guild, count=0)
        text = refusal_text(
            refused, board.ladder, caller.locale, reader=caller.actor.id, settings=board.settings
        )
        raise UserError(text) from refused


@routes.component(EDIT)
async def edit(press: Press) -> None:
    """Opens the form with what is there. Whether it may still be changed is asked when it comes back."""
    caller = Caller.of(press.interaction)
    number, page = _meant(press, caller)
    song = await _own(caller, press.get(Queue), number)
    title = say("mysubmissions.edit_title", caller.locale, number=number)
    await press.ask(title, encode(EDITED, number, page), edit_rows(song, caller.locale))


@routes.modal(EDITED)
async def edited(form: Form) -> None:
    """Puts right what was written; what the form does not say stays as it is."""
    caller, queue, given = Caller.of(form.interaction), form.get(Queue), form.values
    number, page = _meant(form, caller)
    song = await _own(caller, queue, number)
    words = submission.read_words(
        given.get(submission.TITLE, song.title),
        given.get(submission.ARTIST, song.artist),
        given.get(submission.NOTE, song.note),
        caller.locale,
    )
    fields: dict[str, str | None] = {"title": words.title, "artist": words.artist, "note": words.note}
    link = given.get(submission.URL, song.link or "")
    if not link and not song.file:
        raise UserError(say("mysubmissions.edit_link", caller.locale))
    if link and link != song.link:
        track = submission.read_link(link, caller.locale)
        fields |= {"link": track.url, "track": track.id}
        # The link stands in the place of the file; whoever sweeps the store finds the file nameless.
        fields |= {"file": None, "file_name": None, "file_size": None}
    moved = await _made(
        caller,
        queue,
        queue.edit(caller.guild, caller.request, caller.actor, number, fields),
        playing="mysubmissions.edit_playing",
    )
    await _show(form, caller, page, say("mysubmissions.edited", caller.locale, song=named(moved.song)))


@routes.component(CLAIM)
async def claim(press: Press) -> None:
    """Asks which skip was paid for."""
    caller, queue = Caller.of(press.interaction), press.get(Queue)
    number, page = _meant(press, caller)
    song = await _own(caller, queue, number)
    board = await queue.board(caller.guild, count=0)
    tiers = [tier for tier in board.ladder.paid if board.settings.takes(tier.label)]
    if not can_claim(song) or not tiers:
        await _show(press, caller, page)
        if can_claim(song):
            await press.respond(say("mysubmissions.claim_none", caller.locale, song=named_song(song)))
        return
    await press.update(
        claim_text(song, caller.locale), embeds=[], components=claim_rows(song, tiers, page, caller.locale)
    )


@routes.component(TIER)
async def claimed(press: Press) -> None:
    """Claims the skip that was chosen."""
    caller, queue = Caller.of(press.interaction), press.get(Queue)
    number, page = _meant(press, caller)
    tier = parse(press.values[0]) if press.values else None
    if tier is None:
        raise UserError(say("common.outdated", caller.locale))
    moved = await _made(caller, queue, queue.claim(caller.guild, caller.request, caller.actor, number, tier))
    ladder = (await queue.board(caller.guild, count=0)).ladder
    text = say(
        "mysubmissions.claimed",
        caller.locale,
        song=named(moved.song),
        tier=tier_name(moved.song.tier, ladder),
    )
    await _show(press, caller, page, text)


@routes.component(WITHDRAW)
async def withdraw(press: Press) -> None:
    """Takes the claim back; the song waits in Free."""
    caller, queue = Caller.of(press.interaction), press.get(Queue)
    number, page = _meant(press, caller)
    moved = await _made(caller, queue, queue.withdraw(caller.guild, caller.request, caller.actor, number))
    text = say(
        "mysubmissions.withdrawn",
        caller.locale,
        song=named(moved.song),
        place=moved.place,
        waiting=moved.waiting,
    )
    await _show(press, caller, page, text)


component = tanjun.Component(name="mysubmissions").load_from_scope()


@component.with_on_open
async def register(router: alluka.Injected[Router]) -> None:
    """Puts this feature's buttons where presses are routed, each time a bot opens."""
    router.include(routes)


load = component.make_loader()
