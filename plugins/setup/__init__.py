"""`/setup`: one command that makes a server ready, and a wizard on its answer. Safe to use again."""

from __future__ import annotations

import asyncio
from typing import Final
from weakref import WeakValueDictionary

import alluka
import hikari
import tanjun

from bot.errors import UserError
from bot.router import Press, Router, encode
from components.choices import choices
from components.ladder_lines import LADDER_FORM, OWN, ladder_form
from components.setup import (
    CHANNEL_CHOICE,
    FIRST_PAGE,
    LADDER_CHOICE,
    MORE,
    MORE_CHOICE,
    MORE_PAGE,
    PLACES,
    ROLE_CHOICE,
    more_rows,
    outcome_text,
    wizard_rows,
)
from components.texts import describe, say
from components.who import Caller, manager
from plugins.setup.steps import NONE, Choice, run_through
from state.configure import Configuration
from state.ladder import PRESETS

# All interactions of a guild reach the process that has its shard, so its own memory is enough.
_running: Final[WeakValueDictionary[int, asyncio.Lock]] = WeakValueDictionary()

routes = Router()


def _lock(caller: Caller) -> asyncio.Lock:
    """Keeps two from setting a server up at once. Raises `UserError` while somebody does."""
    lock = _running.setdefault(caller.guild, asyncio.Lock())
    if lock.locked():
        raise UserError(say("setup.busy", caller.locale))
    return lock


@tanjun.with_channel_slash_option(
    "metrics", describe("setup.metrics_option"), default=None, types=[hikari.GuildTextChannel]
)
@tanjun.with_channel_slash_option(
    "alerts", describe("setup.alerts_option"), default=None, types=[hikari.GuildTextChannel]
)
@tanjun.with_channel_slash_option(
    "bookmarks", describe("setup.bookmarks_option"), default=None, types=[hikari.GuildTextChannel]
)
@tanjun.with_channel_slash_option(
    "now_playing", describe("setup.now_playing_option"), default=None, types=[hikari.GuildTextChannel]
)
@tanjun.with_str_slash_option(
    "ladder",
    describe("setup.ladder_option"),
    default=None,
    choices=choices({name: f"setup.ladder_{name}" for name in PRESETS}),
)
@tanjun.with_channel_slash_option(
    "review", describe("setup.review_option"), default=None, types=[hikari.GuildTextChannel]
)
@tanjun.with_channel_slash_option(
    "queue", describe("setup.queue_option"), default=None, types=[hikari.GuildTextChannel]
)
@tanjun.with_channel_slash_option(
    "submissions", describe("setup.submissions_option"), default=None, types=[hikari.GuildTextChannel]
)
@tanjun.with_role_slash_option("reviewer_role", describe("setup.reviewer_role_option"), default=None)
@tanjun.as_slash_command(
    "setup",
    describe("setup.description"),
    default_member_permissions=hikari.Permissions.MANAGE_GUILD,
    default_to_ephemeral=True,
    dm_enabled=False,
)
async def setup(
    ctx: tanjun.abc.SlashContext,
    reviewer_role: hikari.Role | None,
    submissions: hikari.InteractionChannel | None,
    queue: hikari.InteractionChannel | None,
    review: hikari.InteractionChannel | None,
    ladder: str | None,
    now_playing: hikari.InteractionChannel | None,
    bookmarks: hikari.InteractionChannel | None,
    alerts: hikari.InteractionChannel | None,
    metrics: hikari.InteractionChannel | None,
    configuration: alluka.Injected[Configuration],
) -> None:
    """Sets the server up, or completes and changes an earlier set-up."""
    caller = manager(ctx.interaction)
    if reviewer_role is not None and int(reviewer_role.id) == caller.guild:
        raise UserError(say("setup.everyone_role", caller.locale))
    channels = (submissions, queue, review, now_playing, bookmarks, alerts, metrics)
    given = zip((*PLACES, *MORE), channels, strict=True)
    choice = Choice(
        role=None if reviewer_role is None else int(reviewer_role.id),
        channels={kind: int(channel.id) for kind, channel in given if channel is not None},
        ladder=ladder,
    )
    async with _lock(caller):
        await ctx.defer(ephemeral=True)
        outcome = await run_through(caller, ctx.client, configuration, choice, heal=True)
    await ctx.edit_initial_response(
        outcome_text(outcome, caller.locale),
        components=wizard_rows(outcome, caller.locale),
        user_mentions=False,
        role_mentions=False,
        mentions_everyone=False,
    )


@routes.component(ROLE_CHOICE)
async def role_chosen(press: Press) -> None:
    """Gives the reviewers another role."""
    caller = manager(press.interaction)
    await _again(press, caller, Choice(role=_id(press, caller)))


@routes.component(CHANNEL_CHOICE)
async def channel_chosen(press: Press) -> None:
    """Takes another channel for what its first argument names."""
    caller = manager(press.interaction)
    if len(press.args) != 1 or press.args[0] not in PLACES:
        raise UserError(say("common.outdated", caller.locale))
    await _again(press, caller, Choice(channels={press.args[0]: _id(press, caller)}))


@routes.component(MORE_CHOICE)
async def more_chosen(press: Press) -> None:
    """Takes a channel, or none, for what its first argument names, and stays on the second page."""
    caller = manager(press.interaction)
    if len(press.args) != 1 or press.args[0] not in MORE:
        raise UserError(say("common.outdated", caller.locale))
    channel = _id(press, caller) if press.values else NONE
    await _again(press, caller, Choice(channels={press.args[0]: channel}), more=True)


@routes.component(FIRST_PAGE)
async def first_page(press: Press) -> None:
    """Leaves the second page."""
    await _again(press, manager(press.interaction), Choice())


@routes.component(LADDER_CHOICE)
async def ladder_chosen(press: Press) -> None:
    """Takes another ladder, opens the form to write one, which `/settings` answers, or turns the page."""
    caller = manager(press.interaction)
    chosen = press.values[0] if len(press.values) == 1 else ""
    if chosen == MORE_PAGE:
        await _again(press, caller, Choice(), more=True)
        return
    if chosen == OWN:
        ladder = await press.get(Configuration).ladder(caller.guild)
        form = ladder_form(ladder, caller.locale)
        await press.ask(say("settings.ladder_title", caller.locale), encode(LADDER_FORM), form)
        return
    if chosen not in PRESETS:
        raise UserError(say("common.outdated", caller.locale))
    await _again(press, caller, Choice(ladder=chosen))


def _id(press: Press, caller: Caller) -> int:
    """The one role or channel that was chosen; whatever else was sent is answered as an old message."""
    chosen = press.values[0] if len(press.values) == 1 else ""
    if not (chosen.isascii() and chosen.isdecimal() and len(chosen) <= 20):
        raise UserError(say("common.outdated", caller.locale))
    return int(chosen)


async def _again(press: Press, caller: Caller, choice: Choice, *, more: bool = False) -> None:
    """Runs through all steps with one thing chosen anew, and shows what came of it, on either page."""
    async with _lock(caller):
        await press.defer()
        client, configuration = press.get(tanjun.abc.Client), press.get(Configuration)
        outcome = await run_through(caller, client, configuration, choice)
    rows = more_rows(outcome, caller.locale) if more else wizard_rows(outcome, caller.locale)
    await press.update(outcome_text(outcome, caller.locale), components=rows)


component = tanjun.Component(name="setup").load_from_scope()


@component.with_on_open
async def register(router: alluka.Injected[Router]) -> None:
    """Puts this feature's menus where choices are routed, each time a bot opens."""
    router.include(routes)


load = component.make_loader()
