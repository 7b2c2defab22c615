"""The portal's buttons. Everything they show is for the presser alone."""

from __future__ import annotations

import tanjun

from bot.errors import UserError
from bot.router import Press, Router, encode
from components import submission
from components.dropped import reads_messages
from components.portal import AGAIN, FILE, HISTORY, LINK, POINTS, again_rows
from components.refusals import refusal_text
from components.song_option import parse
from components.texts import number, say
from components.who import Caller
from persistence.archive import Archive
from persistence.files import FileStore
from plugins.submit.history import hand_in_again, past_songs
from plugins.submit.intake import Artist
from state.configure import Configuration
from state.points import Points
from state.queue import Queue
from state.refusal import Reason, Refused

routes = Router()


async def _demand_open(press: Press, caller: Caller) -> None:
    """Raises `UserError` while no tier takes songs, before anything is asked."""
    configuration = press.get(Configuration)
    settings, ladder = await configuration.settings(caller.guild), await configuration.ladder(caller.guild)
    if any(settings.takes(tier.label) for tier in ladder.tiers):
        return
    if settings.paused:
        raise UserError(refusal_text(Refused(Reason.PAUSED, {}), ladder, caller.locale))
    raise UserError(say("refusal.closed_all", caller.locale))


@routes.component(LINK)
async def link(press: Press) -> None:
    """Opens the form of `/submit form`."""
    caller = Caller.of(press.interaction)
    await _demand_open(press, caller)
    await press.ask(
        say("submit.form_title", caller.locale),
        encode(submission.FORM),
        submission.form_rows(caller.locale),
    )


@routes.component(FILE)
async def file_(press: Press) -> None:
    """Says how a file is handed in: Discord lets no button ask for one."""
    caller = Caller.of(press.interaction)
    await _demand_open(press, caller)
    settings = await press.get(Configuration).settings(caller.guild)
    lines = [say("portal.file_how", caller.locale)]
    channel = settings.channels.get("submissions")
    if channel and reads_messages(press.get(tanjun.abc.Client).shards):
        lines.append(say("portal.file_drop", caller.locale, channel=channel))
    await press.respond("\n".join(lines))


@routes.component(HISTORY)
async def history(press: Press) -> None:
    """Offers the presser's own songs that are over."""
    caller = Caller.of(press.interaction)
    await _demand_open(press, caller)
    songs = await past_songs(caller.guild, caller.actor.id, press.get(Queue), press.get(Archive))
    if songs is None:
        raise UserError(say("portal.history_away", caller.locale))
    if not songs:
        raise UserError(say("portal.no_history", caller.locale))
    await press.respond(say("portal.ask_again", caller.locale), components=again_rows(songs, caller.locale))


@routes.component(AGAIN)
async def again(press: Press) -> None:
    """Hands the chosen song in once more, if it is the presser's own."""
    caller = Caller.of(press.interaction)
    number = parse(press.values[0]) if press.values else None
    if number is None:
        raise UserError(say("common.outdated", caller.locale))
    artist = Artist(caller.guild, caller.actor, caller.request, caller.locale)
    taken = await hand_in_again(artist, number, press.get(Queue), press.get(Archive), press.get(FileStore))
    await press.update(taken.confirmation(caller.locale), components=[])


@routes.component(POINTS)
async def points(press: Press) -> None:
    """Says how many points count for the presser's Free songs."""
    caller = Caller.of(press.interaction)
    total = await press.get(Points).of_user(caller.guild, caller.actor.id)
    await press.respond(say("portal.my_points", caller.locale, points=number(total, caller.locale)))
