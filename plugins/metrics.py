"""`/metrics`: what each live came to, for reviewers: the table, the picture, the file, who leads over all."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import alluka
import hikari
import tanjun

from bot.errors import UserError
from bot.router import Press, Router
from components.curve import Pictures
from components.metrics import (
    LEADERS_HANDLER,
    PAGE,
    PAGE_HANDLER,
    curve_of,
    leaders_embed,
    leaders_rows,
    live_name,
    metrics_embed,
    metrics_rows,
    table_file,
)
from components.pages import page_asked, page_count, within
from components.texts import describe, say
from components.who import Caller, reviewer
from persistence.sessions import Sessions
from state.configure import Configuration
from state.live_records import LiveSession

_LONGEST_DAYS: Final = 3650

routes = Router()
metrics = tanjun.slash_command_group(
    "metrics", describe("metrics.description"), default_to_ephemeral=True, dm_enabled=False
)

Page = tuple[hikari.Embed, Sequence[hikari.impl.MessageActionRowBuilder]]


async def offer_lives(ctx: tanjun.abc.AutocompleteContext, typed: str) -> None:
    """The newest lives whose line holds what is typed."""
    try:
        caller = await reviewer(ctx.interaction, ctx.get_type_dependency(Configuration))
    except UserError:
        await ctx.set_choices({})
        return
    lives = await ctx.get_type_dependency(Sessions).newest(caller.guild, limit=100)
    named = {live_name(live, caller.locale): str(live.session) for live in lives}
    wanted = typed.casefold()
    await ctx.set_choices(dict([each for each in named.items() if wanted in each[0].casefold()][:25]))


async def _chosen(sessions: Sessions, caller: Caller, live: str | None) -> LiveSession:
    """The live somebody named, or the newest. Raises `UserError`."""
    if live is None:
        newest = await sessions.newest(caller.guild, limit=1)
        if not newest:
            raise UserError(say("metrics.none_yet", caller.locale))
        return newest[0]
    number = live.strip().removeprefix("#")
    if number.isascii() and number.isdecimal() and len(number) < 12:
        found = await sessions.session(caller.guild, int(number))
        if found is not None:
            return found
    raise UserError(say("metrics.unknown_live", caller.locale))


async def _page(sessions: Sessions, caller: Caller, live: LiveSession, page: int) -> Page:
    page = min(max(page, 1), 10**5)
    viewers, count = await sessions.viewers(caller.guild, live.session, offset=(page - 1) * PAGE, limit=PAGE)
    if (nearest := within(page, page_count(count, PAGE))) != page:
        page = nearest
        viewers, count = await sessions.viewers(
            caller.guild, live.session, offset=(page - 1) * PAGE, limit=PAGE
        )
    songs = await sessions.songs(caller.guild, live)
    return (
        metrics_embed(live, viewers, count, page, songs, caller.locale),
        metrics_rows(live.session, page, count, caller.locale),
    )


@tanjun.with_int_slash_option(
    "page", describe("metrics.page_option"), default=1, min_value=1, max_value=10**5
)
@tanjun.with_str_slash_option("live", describe("metrics.live_option"), default=None, autocomplete=offer_lives)
@metrics.as_sub_command("show", describe("metrics.show_description"))
async def show(
    ctx: tanjun.abc.SlashContext,
    live: str | None,
    page: int,
    sessions: alluka.Injected[Sessions],
    configuration: alluka.Injected[Configuration],
    pictures: alluka.Injected[Pictures],
) -> None:
    """Shows a page of a live's table with the picture of its course."""
    caller = await reviewer(ctx.interaction, configuration)
    await ctx.defer(ephemeral=True)
    chosen = await _chosen(sessions, caller, live)
    embed, rows = await _page(sessions, caller, chosen, page)
    await ctx.edit_initial_response(embed=embed, components=rows)
    # Drawing takes seconds on a busy machine; the table need not wait for it.
    drawn = await pictures.of(curve_of(chosen, await sessions.songs(caller.guild, chosen), caller.locale))
    if drawn is not None:
        name = f"live-{chosen.session}.png"
        await ctx.edit_initial_response(attachment=hikari.Bytes(drawn, name, mimetype="image/png"))


@routes.component(PAGE_HANDLER)
async def turn(press: Press) -> None:
    """Turns the page; the picture stays where it is."""
    caller = await reviewer(press.interaction, press.get(Configuration))
    sessions = press.get(Sessions)
    chosen = await _chosen(sessions, caller, press.args[2] if len(press.args) == 3 else "")
    embed, rows = await _page(sessions, caller, chosen, page_asked(press.args[:2]))
    await press.update(embeds=[embed], components=rows)


@tanjun.with_str_slash_option("live", describe("metrics.live_option"), default=None, autocomplete=offer_lives)
@metrics.as_sub_command("export", describe("metrics.export_description"))
async def export(
    ctx: tanjun.abc.SlashContext,
    live: str | None,
    sessions: alluka.Injected[Sessions],
    configuration: alluka.Injected[Configuration],
) -> None:
    """Hands the whole table out as CSV."""
    caller = await reviewer(ctx.interaction, configuration)
    await ctx.defer(ephemeral=True)
    chosen = await _chosen(sessions, caller, live)
    viewers = [viewer async for viewer in sessions.every_viewer(caller.guild, chosen.session)]
    await ctx.edit_initial_response(
        say("metrics.file", caller.locale),
        attachment=await asyncio.to_thread(table_file, chosen.session, viewers),
    )


async def _leaders(sessions: Sessions, caller: Caller, days: int, page: int) -> Page:
    since = datetime.now(UTC) - timedelta(days=days) if days else None
    page = min(max(page, 1), 10**5)
    found, count = await sessions.leaders(caller.guild, since=since, offset=(page - 1) * PAGE, limit=PAGE)
    if (nearest := within(page, page_count(count, PAGE))) != page:
        page = nearest
        found, count = await sessions.leaders(caller.guild, since=since, offset=(page - 1) * PAGE, limit=PAGE)
    return (
        leaders_embed(found, count, page, days, caller.locale),
        leaders_rows(page, count, days, caller.locale),
    )


@tanjun.with_int_slash_option(
    "page", describe("metrics.page_option"), default=1, min_value=1, max_value=10**5
)
@tanjun.with_int_slash_option(
    "days", describe("metrics.days_option"), default=0, min_value=1, max_value=_LONGEST_DAYS
)
@metrics.as_sub_command("leaderboard", describe("metrics.leaderboard_description"))
async def leaderboard(
    ctx: tanjun.abc.SlashContext,
    days: int,
    page: int,
    sessions: alluka.Injected[Sessions],
    configuration: alluka.Injected[Configuration],
) -> None:
    """Shows who did the most over all lives."""
    caller = await reviewer(ctx.interaction, configuration)
    await ctx.defer(ephemeral=True)
    embed, rows = await _leaders(sessions, caller, days, page)
    await ctx.edit_initial_response(embed=embed, components=rows)


@routes.component(LEADERS_HANDLER)
async def turn_leaders(press: Press) -> None:
    """Turns the page of the leaders."""
    caller = await reviewer(press.interaction, press.get(Configuration))
    text = press.args[2] if len(press.args) == 3 else "0"
    days = min(int(text), _LONGEST_DAYS) if text.isascii() and text.isdecimal() and len(text) < 6 else 0
    embed, rows = await _leaders(press.get(Sessions), caller, days, page_asked(press.args[:2]))
    await press.update(embeds=[embed], components=rows)


component = tanjun.Component(name="metrics").load_from_scope()


@component.with_on_open
async def register(router: alluka.Injected[Router]) -> None:
    """Puts this feature's buttons where presses are routed, each time a bot opens."""
    router.include(routes)


load = component.make_loader()
