"""What reviewers keep of a song: a score, a note, a bookmark."""

from __future__ import annotations

import re
from typing import Final

import alluka
import hikari
import tanjun

from bot.errors import UserError
from bot.router import Submission, encode
from components.outcomes import bookmarked_text, reviewed_text
from components.refusals import refusal_text, worded
from components.review import NOTE_FIELD, NOTE_LIMIT, SCORE_FIELD, read_note, read_score, score_rows
from components.song_option import demand_song, parse
from components.texts import describe, say
from components.who import admit
from plugins.review.desk import GUARD_MS, answer, offer_all, offer_played, review, routes
from state.configure import Configuration
from state.queue import Queue
from state.refusal import Reason, Refused
from state.review import HIGHEST_SCORE

_SCORED: Final = "review.scored"
_NUMBER: Final = re.compile(r"#(\d{1,12})\b.*")


@tanjun.with_str_slash_option("text", describe("review.text_option"), default=None, max_length=NOTE_LIMIT)
@tanjun.with_int_slash_option(
    "score", describe("review.score_option"), default=None, min_value=0, max_value=HIGHEST_SCORE
)
@tanjun.with_str_slash_option("song", describe("review.played_option"), autocomplete=offer_played)
@review.as_sub_command("note", describe("review.note_description"))
async def note(
    ctx: tanjun.abc.SlashContext,
    song: str,
    score: int | None,
    text: str | None,
    queue: alluka.Injected[Queue],
    configuration: alluka.Injected[Configuration],
) -> None:
    """Gives a song a score, a note, or both; what is left out stays."""
    caller, ladder = await admit(ctx.interaction, configuration)
    number = demand_song(song, caller.locale)
    text = read_note(text, caller.locale)
    if score is None and text is None:
        raise UserError(say("review.nothing_given", caller.locale))
    if score is not None:
        read_score(str(score), caller.locale)
    with worded(ladder, caller.locale, reader=caller.actor.id):
        kept = await queue.review(caller.guild, caller.request, caller.actor, number, score=score, note=text)
    await answer(ctx, reviewed_text(kept, caller.locale))


@tanjun.with_str_slash_option("song", describe("review.played_option"), autocomplete=offer_all)
@review.as_sub_command("bookmark", describe("review.bookmark_description"))
async def bookmark(
    ctx: tanjun.abc.SlashContext,
    song: str,
    queue: alluka.Injected[Queue],
    configuration: alluka.Injected[Configuration],
) -> None:
    """Marks a song, whose card goes to the bookmarks channel, or takes its mark off."""
    caller, ladder = await admit(ctx.interaction, configuration)
    number = demand_song(song, caller.locale)
    with worded(ladder, caller.locale, reader=caller.actor.id):
        marked = await queue.bookmark(caller.guild, caller.request, caller.actor, number, guard=GUARD_MS)
    await answer(ctx, bookmarked_text(marked, caller.locale))


@tanjun.as_message_menu(describe("review.score_menu"), default_to_ephemeral=True, dm_enabled=False)
async def score_this(
    ctx: tanjun.abc.MenuContext,
    message: hikari.Message,
    queue: alluka.Injected[Queue],
    configuration: alluka.Injected[Configuration],
) -> None:
    """Opens the form for the song that one of our messages shows: a card, or the panel."""
    caller, ladder = await admit(ctx.interaction, configuration)
    me = ctx.cache.get_me() if ctx.cache else None
    number = _shown(message) if me is not None and message.author.id == me.id else None
    song = None if number is None else await queue.song(caller.guild, number)
    if number is None:
        raise UserError(say("review.no_song_there", caller.locale))
    if song is None:
        refused = Refused(Reason.UNKNOWN_SONG, {"number": number})
        raise UserError(refusal_text(refused, ladder, caller.locale))
    await ctx.create_modal_response(
        say("review.score_title", caller.locale, number=number),
        encode(_SCORED, number),
        components=score_rows(song.score, song.review_note, caller.locale),
    )


def _shown(message: hikari.Message) -> int | None:
    """The song a message shows: its number is the first word of a footer."""
    for embed in message.embeds:
        found = _NUMBER.match(embed.footer.text) if embed.footer and embed.footer.text else None
        if found is not None:
            return int(found.group(1))
    return None


@routes.modal(_SCORED)
async def scored(submission: Submission) -> None:
    """The form behind it: what was emptied is taken away."""
    caller, ladder = await admit(submission.interaction, submission.get(Configuration))
    number = parse(submission.args[0]) if len(submission.args) == 1 else None
    if number is None:
        raise UserError(say("common.outdated", caller.locale))
    score = read_score(submission.values.get(SCORE_FIELD, ""), caller.locale)
    text = read_note(submission.values.get(NOTE_FIELD), caller.locale)
    with worded(ladder, caller.locale, reader=caller.actor.id):
        kept = await submission.get(Queue).review(
            caller.guild,
            caller.request,
            caller.actor,
            number,
            score=False if score is None else score,
            note=text or False,
        )
    await submission.respond(reviewed_text(kept, caller.locale))
