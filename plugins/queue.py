"""`/queue`: the list, one's own songs in it, the public page, and for reviewers what comes in and goes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeAlias

import alluka
import hikari
import tanjun
from redis.asyncio import Redis

from bot.errors import UserError
from bot.router import Press, Router
from bot.settings import Settings
from components.confirmation import confirm_rows
from components.markdown import plain
from components.outcomes import REASON_LIMIT
from components.pages import page_asked, page_count, within
from components.queue import PAGE, PAGE_HANDLER, SEEN, page_embed, page_rows, where_text
from components.refusals import worded
from components.song_option import demand_tier, tier_choices
from components.texts import describe, say
from components.who import Caller, admit, manager, reviewer
from state.board import Board
from state.configure import Configuration
from state.points import Points
from state.public_page import PublicPages
from state.questions import Questions
from state.queue import Queue
from state.refusal import Reason, Refused
from state.song import SongState

_CLEAR: Final = "queue.clear"

_DRAWN_KEPT: Final = 256
_Drawn: TypeAlias = tuple[Board, hikari.Embed, Sequence[hikari.impl.MessageActionRowBuilder]]
_pages: dict[tuple[int, int, str], _Drawn] = {}

routes = Router()
queue_ = tanjun.slash_command_group(
    "queue", describe("queue.description"), default_to_ephemeral=True, dm_enabled=False
)


def _drawn(
    guild: int, board: Board, locale: str
) -> tuple[hikari.Embed, Sequence[hikari.impl.MessageActionRowBuilder]]:
    """A page as it is shown, drawn once for each board that the queue gives again while it is true."""
    view = (guild, board.offset, locale)
    kept = _pages.get(view)
    if kept is None or kept[0] is not board:
        kept = _pages[view] = (board, page_embed(board, locale), page_rows(board, locale))
        if len(_pages) > _DRAWN_KEPT:
            del _pages[next(iter(_pages))]
    return kept[1], kept[2]


async def _page(queue: Queue, guild: int, page: int) -> Board:
    """The board of a page; of the nearest one there is, when the list has become shorter."""
    board = await queue.board(guild, offset=(max(page, 1) - 1) * PAGE, count=PAGE)
    nearest = within(page, page_count(board.waiting, PAGE))
    if (nearest - 1) * PAGE == board.offset:
        return board
    return await queue.board(guild, offset=(nearest - 1) * PAGE, count=PAGE)


@tanjun.with_int_slash_option(
    "page", describe("queue.page_option"), default=1, min_value=1, max_value=100_000
)
@queue_.as_sub_command("show", describe("queue.show_description"))
async def show(ctx: tanjun.abc.SlashContext, page: int, queue: alluka.Injected[Queue]) -> None:
    """Shows one page to the caller alone."""
    caller = Caller.of(ctx.interaction)
    board = await _page(queue, caller.guild, min(page, 100_000))
    embed, rows = _drawn(caller.guild, board, caller.locale)
    await ctx.respond(embed=embed, components=rows)


@routes.component(PAGE_HANDLER)
async def turn(press: Press) -> None:
    """Turns the page in the presser's own message."""
    caller = Caller.of(press.interaction)
    board = await _page(press.get(Queue), caller.guild, page_asked(press.args))
    embed, rows = _drawn(caller.guild, board, caller.locale)
    await press.update(embeds=[embed], components=rows)


@queue_.as_sub_command("where", describe("queue.where_description"))
async def where(
    ctx: tanjun.abc.SlashContext, queue: alluka.Injected[Queue], points: alluka.Injected[Points]
) -> None:
    """Tells of each of the caller's songs: place, waiting time, why."""
    caller = Caller.of(ctx.interaction)
    songs = await queue.songs_of(caller.guild, caller.actor.id)
    board = await queue.board(caller.guild, count=SEEN)
    # What the board brings is of one moment and newer than what was read before it.
    newer = {song.number: song for song in (*board.songs, *((board.playing,) if board.playing else ()))}
    songs = tuple(newer.get(song.number, song) for song in songs)
    waiting = {song.number for song in songs if song.state in (SongState.WAITING, SongState.BUMPED)}
    places = {song.number: place for place, song in enumerate(board.songs, 1) if song.number in waiting}
    if far := sorted(waiting - places.keys()):
        places.update((await queue.places(caller.guild, far))[0])
    free = any(song.tier == 0 for song in songs)
    held = await points.of_user(caller.guild, caller.actor.id) if free else 0
    await ctx.respond(
        where_text(songs, places, held, board, caller.locale),
        user_mentions=False,
        role_mentions=False,
        mentions_everyone=False,
    )


async def offer_tiers(ctx: tanjun.abc.AutocompleteContext, typed: str) -> None:
    """The tiers of this server."""
    configuration, guild = ctx.get_type_dependency(Configuration), Caller.of(ctx.interaction).guild
    await ctx.set_choices(tier_choices(await configuration.ladder(guild), typed))


async def _change(
    ctx: tanjun.abc.SlashContext,
    caller: Caller,
    configuration: Configuration,
    values: dict[str, str | None],
    text: str,
) -> None:
    ladder = await configuration.ladder(caller.guild)
    with worded(ladder, caller.locale):
        await configuration.change(caller.guild, caller.request, caller.actor, values)
    await ctx.respond(text)


@tanjun.with_str_slash_option("tier", describe("queue.tier_option"), default=None, autocomplete=offer_tiers)
@queue_.as_sub_command("open", describe("queue.open_description"))
async def open_(
    ctx: tanjun.abc.SlashContext, tier: str | None, configuration: alluka.Injected[Configuration]
) -> None:
    """Takes submissions to one tier, or to all of them and without a pause."""
    caller, ladder = await admit(ctx.interaction, configuration)
    settings = await configuration.settings(caller.guild)
    if tier is None:
        # Tiers that the ladder has lost since are opened with the others.
        labels = settings.closed | {rung.label for rung in ladder.tiers}
        values: dict[str, str | None] = {"paused": None, **{f"closed:{label}": None for label in labels}}
        await _change(ctx, caller, configuration, values, say("queue.opened", caller.locale))
        return
    rung = demand_tier(ladder, tier, caller.locale)
    text = say(
        "queue.opened_paused" if settings.paused else "queue.opened_tier",
        caller.locale,
        tier=plain(rung.name),
    )
    await _change(ctx, caller, configuration, {f"closed:{rung.label}": None}, text)


@tanjun.with_str_slash_option("tier", describe("queue.tier_option"), default=None, autocomplete=offer_tiers)
@queue_.as_sub_command("close", describe("queue.close_description"))
async def close(
    ctx: tanjun.abc.SlashContext, tier: str | None, configuration: alluka.Injected[Configuration]
) -> None:
    """Takes no more submissions to one tier, or to all of them."""
    caller, ladder = await admit(ctx.interaction, configuration)
    if tier is None:
        values: dict[str, str | None] = {f"closed:{rung.label}": "1" for rung in ladder.tiers}
        await _change(ctx, caller, configuration, values, say("queue.closed", caller.locale))
        return
    rung = demand_tier(ladder, tier, caller.locale)
    text = say("queue.closed_tier", caller.locale, tier=plain(rung.name))
    await _change(ctx, caller, configuration, {f"closed:{rung.label}": "1"}, text)


@queue_.as_sub_command("pause", describe("queue.pause_description"))
async def pause(ctx: tanjun.abc.SlashContext, configuration: alluka.Injected[Configuration]) -> None:
    """Takes no submissions until they are resumed."""
    caller = await reviewer(ctx.interaction, configuration)
    await _change(ctx, caller, configuration, {"paused": "1"}, say("queue.paused", caller.locale))


@queue_.as_sub_command("resume", describe("queue.resume_description"))
async def resume(ctx: tanjun.abc.SlashContext, configuration: alluka.Injected[Configuration]) -> None:
    """Takes submissions again, to the tiers that are open."""
    caller, ladder = await admit(ctx.interaction, configuration)
    settings = await configuration.settings(caller.guild)
    shut = all(rung.label in settings.closed for rung in ladder.tiers)
    text = say("queue.resumed_closed" if shut else "queue.resumed", caller.locale)
    await _change(ctx, caller, configuration, {"paused": None}, text)


@tanjun.with_str_slash_option(
    "reason", describe("queue.reason_option"), default=None, max_length=REASON_LIMIT
)
@tanjun.with_str_slash_option("tier", describe("queue.clear_option"), autocomplete=offer_tiers)
@queue_.as_sub_command("clear", describe("queue.clear_description"))
async def clear(
    ctx: tanjun.abc.SlashContext,
    tier: str,
    reason: str | None,
    queue: alluka.Injected[Queue],
    configuration: alluka.Injected[Configuration],
    redis: alluka.Injected[Redis],
) -> None:
    """Asks, with the number of songs, before it takes them out."""
    caller, ladder = await admit(ctx.interaction, configuration)
    rung = demand_tier(ladder, tier, caller.locale)
    count = (await queue.board(caller.guild, count=0)).counts.get(rung.label, 0)
    if not count:
        raise UserError(say("refusal.empty_tier", caller.locale, tier=plain(rung.name)))
    facts = {"tier": rung.label, "count": count, "reason": reason}
    await Questions(redis).ask(caller.guild, caller.request, caller.actor.id, facts)
    text = say("queue.clear_ask", caller.locale, tier=plain(rung.name), count=count)
    await ctx.respond(text, components=_clear_rows(caller, caller.request, count))


def _clear_rows(caller: Caller, request: str, count: int) -> Sequence[hikari.impl.MessageActionRowBuilder]:
    yes = say("queue.clear_yes_one" if count == 1 else "queue.clear_yes", caller.locale, count=count)
    return confirm_rows(_CLEAR, request, caller.locale, yes=yes, danger=True)


@routes.component(_CLEAR)
async def clear_confirmed(press: Press) -> None:
    """Takes them out as one move; asks again when there are others than those asked about."""
    caller, ladder = await admit(press.interaction, press.get(Configuration))
    if press.args[:1] == ("no",):
        await press.update(say("common.cancelled", caller.locale), components=[])
        return
    queue, questions = press.get(Queue), Questions(press.get(Redis))
    request = press.args[1] if len(press.args) == 2 else ""
    facts = await questions.asked(caller.guild, request, caller.actor.id)
    if facts is None:
        raise UserError(say("common.question_gone", caller.locale))
    label, reason = int(facts["tier"]), facts["reason"]
    tier = plain(ladder.name(label))
    count = (await queue.board(caller.guild, count=0)).counts.get(label, 0)
    if count > int(facts["count"]):
        await questions.ask(caller.guild, caller.request, caller.actor.id, {**facts, "count": count})
        text = say("queue.clear_changed", caller.locale, tier=tier, count=count)
        await press.update(text, components=_clear_rows(caller, caller.request, count))
        return
    with worded(ladder, caller.locale):
        count = await queue.clear(caller.guild, request, caller.actor, label, reason=reason)
    key = "queue.cleared_one" if count == 1 else "queue.cleared"
    await press.update(say(key, caller.locale, count=count, tier=tier), components=[])


page_ = queue_.make_sub_group("page", describe("queue.page_description"))


def _address(token: str, settings: Settings, caller: Caller) -> str:
    """The link of a page; managers are also told where it does not work yet."""
    url = f"<{settings.web_address}/queue/{token}>"
    if settings.web_url is None and caller.manages:
        return f"{url}\n{say('queue.page_local', caller.locale)}"
    return url


def _demand_served(settings: Settings, caller: Caller) -> None:
    if not settings.web_port:
        raise UserError(say("queue.page_not_served", caller.locale))


@page_.as_sub_command("link", describe("queue.page_link_description"))
async def page_link(
    ctx: tanjun.abc.SlashContext,
    pages: alluka.Injected[PublicPages],
    configuration: alluka.Injected[Configuration],
    settings: alluka.Injected[Settings],
) -> None:
    """Tells the link to whoever asks, while the page is on."""
    caller = Caller.of(ctx.interaction)
    _demand_served(settings, caller)
    if not (await configuration.settings(caller.guild)).public_page:
        raise UserError(say("queue.page_is_off", caller.locale))
    token = await pages.link(caller.guild, caller.request, caller.actor)
    await ctx.respond(say("queue.page_told", caller.locale, url=_address(token, settings, caller)))


@page_.as_sub_command("on", describe("queue.page_on_description"))
async def page_on(
    ctx: tanjun.abc.SlashContext,
    pages: alluka.Injected[PublicPages],
    configuration: alluka.Injected[Configuration],
    settings: alluka.Injected[Settings],
) -> None:
    """Opens the page, under the link it had before if it had one."""
    caller = manager(ctx.interaction)
    _demand_served(settings, caller)
    # First the link, so that whoever hears of the switch finds one.
    token = await pages.link(caller.guild, caller.request, caller.actor)
    await _switch(caller, configuration, "1")
    await ctx.respond(say("queue.page_on", caller.locale, url=_address(token, settings, caller)))


@page_.as_sub_command("off", describe("queue.page_off_description"))
async def page_off(ctx: tanjun.abc.SlashContext, configuration: alluka.Injected[Configuration]) -> None:
    """Closes the page, also for those who are on it."""
    caller = manager(ctx.interaction)
    await _switch(caller, configuration, None)
    await ctx.respond(say("queue.page_off", caller.locale))


@page_.as_sub_command("renew", describe("queue.page_renew_description"))
async def page_renew(
    ctx: tanjun.abc.SlashContext,
    pages: alluka.Injected[PublicPages],
    configuration: alluka.Injected[Configuration],
    settings: alluka.Injected[Settings],
) -> None:
    """Gives the page a new link; whoever has the old one sees nothing any more."""
    caller = manager(ctx.interaction)
    _demand_served(settings, caller)
    token = await pages.renew(caller.guild, caller.request, caller.actor)
    on = (await configuration.settings(caller.guild)).public_page
    key = "queue.page_renewed" if on else "queue.page_renewed_off"
    await ctx.respond(say(key, caller.locale, url=_address(token, settings, caller)))


async def _switch(caller: Caller, configuration: Configuration, value: str | None) -> None:
    try:
        await configuration.change(caller.guild, caller.request, caller.actor, {"public_page": value})
    except Refused as refused:
        # It is as wanted already.
        if refused.reason is not Reason.UNCHANGED:
            raise


component = tanjun.Component(name="queue").load_from_scope()


@component.with_on_open
async def register(router: alluka.Injected[Router]) -> None:
    """Puts this feature's buttons where presses are routed, each time a bot opens."""
    router.include(routes)


load = component.make_loader()
