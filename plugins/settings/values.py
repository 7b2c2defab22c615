"""`/settings show`, `set`, `history` and `undo`."""

from __future__ import annotations

from typing import Final

import alluka
import tanjun

from bot.errors import UserError
from bot.router import Press
from components.pages import page_asked
from components.refusals import refusal_text, worded
from components.settings import (
    HISTORY_HANDLER,
    SHOW_HANDLER,
    demand,
    difference_lines,
    find,
    history_embed,
    offered,
    read_value,
    show_embed,
    wrong,
)
from components.texts import describe, languages, say
from components.who import Caller, manager
from persistence.archive import Archive
from persistence.errors import Unavailable
from plugins.settings.group import answer, follow, listed, routes, settings_, things
from state.configure import CONFIGURED, Configuration, Configured, last_standing
from state.guild_settings import Kind, Setting
from state.refusal import Reason, Refused

_HISTORY: Final = 100


@settings_.as_sub_command("show", describe("settings.show_description"))
async def show(ctx: tanjun.abc.SlashContext, configuration: alluka.Injected[Configuration]) -> None:
    """Shows the first page of everything."""
    caller = manager(ctx.interaction)
    values, _ = await configuration.raw_settings(caller.guild)
    embed, rows = show_embed(values, await configuration.ladder(caller.guild), 1, caller.locale)
    await ctx.respond(embed=embed, components=rows)


@routes.component(SHOW_HANDLER)
async def show_page(press: Press) -> None:
    """Turns the page in the presser's own message."""
    caller, configuration = manager(press.interaction), press.get(Configuration)
    values, _ = await configuration.raw_settings(caller.guild)
    ladder = await configuration.ladder(caller.guild)
    embed, rows = show_embed(values, ladder, page_asked(press.args), caller.locale)
    await press.update(embeds=[embed], components=rows)


async def offer_names(ctx: tanjun.abc.AutocompleteContext, typed: str) -> None:
    """Settings by name and description."""
    caller = Caller.of(ctx.interaction)
    ladder = await ctx.get_type_dependency(Configuration).ladder(caller.guild)
    await ctx.set_choices(offered(typed, ladder, caller.locale) if caller.manages else [])


async def offer_values(ctx: tanjun.abc.AutocompleteContext, typed: str) -> None:
    """Values of the setting that was named: on and off, or the roles and channels of the server."""
    caller = Caller.of(ctx.interaction)
    ladder = await ctx.get_type_dependency(Configuration).ladder(caller.guild)
    options = ctx.interaction.options[0].options or () if ctx.interaction.options else ()
    name = next((str(option.value) for option in options if option.name == "name"), "")
    setting = find(name, ladder) if caller.manages else None
    found: list[tuple[str, str]] = []
    match setting and setting.kind:
        case Kind.SWITCH:
            found = [(say(f"settings.{word}", caller.locale), word) for word in ("on", "off")]
        case Kind.CHOICE:
            assert setting is not None
            found = [(choice, choice) for choice in setting.choices]
        case Kind.ROLE | Kind.CHANNEL:
            assert setting is not None
            choices = things(ctx.client, caller.guild, setting.kind)
            wanted = typed.strip().lstrip("@#").casefold()
            found = [(name[:100], str(id_)) for id_, name in choices.items() if wanted in name.casefold()]
            found.append((say("settings.nothing", caller.locale), "none"))
        case Kind.LANGUAGE:
            found = [(say("language.name", each), each) for each in languages()]
        case _:
            pass
    await ctx.set_choices(found[:25])


def _check_exists(client: tanjun.abc.Client, caller: Caller, setting: Setting, value: str | None) -> None:
    if value is None or setting.kind not in (Kind.ROLE, Kind.CHANNEL):
        return
    if setting.kind is Kind.ROLE and int(value) == caller.guild:
        raise UserError(say("setup.everyone_role", caller.locale))
    if int(value) not in things(client, caller.guild, setting.kind):
        raise UserError(wrong(setting, caller.locale))


@tanjun.with_str_slash_option(
    "value", describe("settings.value_option"), max_length=100, autocomplete=offer_values
)
@tanjun.with_str_slash_option(
    "name", describe("settings.name_option"), max_length=100, autocomplete=offer_names
)
@settings_.as_sub_command("set", describe("settings.set_description"))
async def set_(
    ctx: tanjun.abc.SlashContext, name: str, value: str, configuration: alluka.Injected[Configuration]
) -> None:
    """Changes one setting."""
    caller = manager(ctx.interaction)
    ladder = await configuration.ladder(caller.guild)
    setting = demand(name, ladder, caller.locale)
    kept = read_value(setting, value, caller.locale)
    _check_exists(ctx.client, caller, setting, kept)
    values, _ = await configuration.raw_settings(caller.guild)
    before = values.get(setting.field)
    with worded(ladder, caller.locale):
        await configuration.change(
            caller.guild, caller.request, caller.actor, {setting.field: kept}, seen={setting.field: before}
        )
    await follow(ctx.rest, configuration, caller, {setting.field: (before, kept)})
    (line,) = difference_lines({setting.field: (before, kept)}, {}, ladder, caller.locale)
    await answer(ctx, say("settings.changed", caller.locale, change=line))


@settings_.as_sub_command("history", describe("settings.history_description"))
async def history(
    ctx: tanjun.abc.SlashContext,
    configuration: alluka.Injected[Configuration],
    archive: alluka.Injected[Archive],
) -> None:
    """Shows the newest changes."""
    caller = manager(ctx.interaction)
    changes = await _changes(configuration, archive, caller.guild)
    embed, rows = history_embed(changes, 1, await configuration.ladder(caller.guild), caller.locale)
    await ctx.respond(embed=embed, components=rows)


@routes.component(HISTORY_HANDLER)
async def history_page(press: Press) -> None:
    """Turns the page in the presser's own message."""
    caller = manager(press.interaction)
    configuration = press.get(Configuration)
    changes = await _changes(configuration, press.get(Archive), caller.guild)
    ladder = await configuration.ladder(caller.guild)
    embed, rows = history_embed(changes, page_asked(press.args), ladder, caller.locale)
    await press.update(embeds=[embed], components=rows)


async def _changes(configuration: Configuration, archive: Archive, guild: int) -> list[Configured]:
    """Changes, newest first: those Redis still has, and older ones from the archive while it is there."""
    recent, complete = await configuration.changes(guild)
    found = {change.revision: change for change in recent}
    if not complete:
        try:
            for event in await archive.latest(guild, kinds=CONFIGURED, limit=_HISTORY):
                who = event.by_id, event.by_name
                change = Configured.of(event.revision, event.kind, event.at, *who, event.data)
                found.setdefault(event.revision, change)
        except Unavailable:
            # What Redis has is true and the newest; the rest comes back with the database.
            pass
    return sorted(found.values(), key=lambda change: -change.revision)[:_HISTORY]


@settings_.as_sub_command("undo", describe("settings.undo_description"))
async def undo(
    ctx: tanjun.abc.SlashContext,
    configuration: alluka.Injected[Configuration],
    archive: alluka.Injected[Archive],
) -> None:
    """Puts back what the last change replaced, if nobody has changed it since."""
    caller = manager(ctx.interaction)
    ladder = await configuration.ladder(caller.guild)
    change = last_standing(await _changes(configuration, archive, caller.guild))
    if change is None:
        raise UserError(say("settings.nothing_to_undo", caller.locale))
    try:
        await configuration.take_back(caller.guild, caller.request, caller.actor, change)
    except Refused as refused:
        if refused.reason is Reason.CHANGED:
            raise UserError(say("settings.overtaken", caller.locale)) from refused
        raise UserError(refusal_text(refused, ladder, caller.locale)) from refused
    back = {field: (after, before) for field, (before, after) in change.settings.items()}
    tiers = {field: (after, before) for field, (before, after) in change.ladder.items()}
    await follow(ctx.rest, configuration, caller, back)
    await answer(
        ctx,
        say(
            "settings.undone",
            caller.locale,
            name=change.by_name,
            moment=f"<t:{change.at // 1000}:R>",
            changes=listed(back, tiers, await configuration.ladder(caller.guild), caller.locale),
        ),
    )
