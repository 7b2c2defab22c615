"""`/settings`: everything a server can choose, for those who manage it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final

import aiohttp
import alluka
import hikari
import tanjun
from redis.asyncio import Redis

from bot.answers import already_answered
from bot.errors import UserError
from bot.router import Press, Router, Submission, encode
from components import settings_file
from components.confirmation import confirm_rows
from components.ladder_lines import (
    LADDER_CHOICE,
    LADDER_FORM,
    LINES_FIELD,
    OWN,
    ladder_form,
    ladder_select,
    read_ladder,
    tiers_text,
)
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
from components.setup import DISPLAYS
from components.texts import describe, languages, say
from components.who import Caller
from persistence.archive import Archive
from persistence.errors import Unavailable
from state.configure import CONFIGURED, Configuration, Configured, last_standing
from state.guild_settings import Kind, Setting
from state.ladder import PRESETS, Ladder
from state.questions import Questions
from state.refusal import Reason, Refused

_IMPORT: Final = "settings.import"
_HISTORY: Final = 100
_LISTED: Final = 20
_FILE_SECONDS: Final = 10.0

routes = Router()
settings_ = tanjun.slash_command_group(
    "settings",
    describe("settings.description"),
    default_member_permissions=hikari.Permissions.MANAGE_GUILD,
    default_to_ephemeral=True,
    dm_enabled=False,
)


def _admit(
    interaction: hikari.CommandInteraction | hikari.ComponentInteraction | hikari.ModalInteraction,
) -> Caller:
    caller = Caller.of(interaction)
    # Who sees the command is the server's choice; who may use it is decided here.
    caller.demand_manager()
    return caller


async def _answer(
    ctx: tanjun.abc.SlashContext,
    text: str,
    rows: list[hikari.impl.MessageActionRowBuilder] | hikari.UndefinedType = hikari.UNDEFINED,
) -> None:
    await ctx.respond(
        text, components=rows, user_mentions=False, role_mentions=False, mentions_everyone=False
    )


@settings_.as_sub_command("show", describe("settings.show_description"))
async def show(ctx: tanjun.abc.SlashContext, configuration: alluka.Injected[Configuration]) -> None:
    """Shows the first page of everything."""
    caller = _admit(ctx.interaction)
    values, _ = await configuration.raw_settings(caller.guild)
    embed, rows = show_embed(values, await configuration.ladder(caller.guild), 1, caller.locale)
    await ctx.respond(embed=embed, components=rows)


@routes.component(SHOW_HANDLER)
async def show_page(press: Press) -> None:
    """Turns the page in the presser's own message."""
    caller, configuration = _admit(press.interaction), press.get(Configuration)
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
            choices = _things(ctx.client, caller.guild, setting.kind)
            wanted = typed.strip().lstrip("@#").casefold()
            found = [(name[:100], str(id_)) for id_, name in choices.items() if wanted in name.casefold()]
            found.append((say("settings.nothing", caller.locale), "none"))
        case Kind.LANGUAGE:
            found = [(say("language.name", each), each) for each in languages()]
        case _:
            pass
    await ctx.set_choices(found[:25])


def _things(client: tanjun.abc.Client, guild: int, kind: Kind) -> Mapping[int, str]:
    """Ids and names of what the server has of that kind."""
    if client.cache is None:
        return {}
    if kind is Kind.ROLE:
        roles = client.cache.get_roles_view_for_guild(guild).values()
        return {int(role.id): role.name for role in roles if int(role.id) != guild}
    channels = client.cache.get_guild_channels_view_for_guild(guild).values()
    return {
        int(channel.id): channel.name or ""
        for channel in channels
        if isinstance(channel, hikari.GuildTextChannel)
    }


def _check_exists(client: tanjun.abc.Client, caller: Caller, setting: Setting, value: str | None) -> None:
    if value is None or setting.kind not in (Kind.ROLE, Kind.CHANNEL):
        return
    if setting.kind is Kind.ROLE and int(value) == caller.guild:
        raise UserError(say("setup.everyone_role", caller.locale))
    if int(value) not in _things(client, caller.guild, setting.kind):
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
    caller = _admit(ctx.interaction)
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
    await _follow(ctx.rest, configuration, caller, {setting.field: (before, kept)})
    (line,) = difference_lines({setting.field: (before, kept)}, {}, caller.locale)
    await _answer(ctx, say("settings.changed", caller.locale, change=line))


async def _follow(
    rest: hikari.api.RESTClient,
    configuration: Configuration,
    caller: Caller,
    changes: Mapping[str, tuple[str | None, str | None]],
) -> None:
    """Moves the displays of a channel that was changed to the new one."""
    for place, displays in DISPLAYS.items():
        after = changes.get(f"channel:{place}", (None, None))[1]
        if after is None:
            continue
        registered = await configuration.displays(caller.guild)
        for display in displays:
            old = registered.get(display)
            if old is None or old[0] == int(after):
                continue
            request = f"{caller.request}.{display}"
            await configuration.set_display(caller.guild, request, caller.actor, display, (int(after), 0))
            if old[1]:
                try:
                    await rest.delete_message(old[0], old[1])
                except hikari.HTTPError:
                    # Gone already, or no longer ours to delete: the display has left it either way.
                    continue


@settings_.as_sub_command("history", describe("settings.history_description"))
async def history(
    ctx: tanjun.abc.SlashContext,
    configuration: alluka.Injected[Configuration],
    archive: alluka.Injected[Archive],
) -> None:
    """Shows the newest changes."""
    caller = _admit(ctx.interaction)
    changes = await _changes(configuration, archive, caller.guild)
    embed, rows = history_embed(changes, 1, caller.locale)
    await ctx.respond(embed=embed, components=rows)


@routes.component(HISTORY_HANDLER)
async def history_page(press: Press) -> None:
    """Turns the page in the presser's own message."""
    caller = _admit(press.interaction)
    changes = await _changes(press.get(Configuration), press.get(Archive), caller.guild)
    embed, rows = history_embed(changes, page_asked(press.args), caller.locale)
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
    caller = _admit(ctx.interaction)
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
    await _follow(ctx.rest, configuration, caller, back)
    await _answer(
        ctx,
        say(
            "settings.undone",
            caller.locale,
            name=change.by_name,
            moment=f"<t:{change.at // 1000}:R>",
            changes=_listed(back, tiers, caller.locale),
        ),
    )


def _listed(
    settings: Mapping[str, tuple[str | None, str | None]],
    ladder: Mapping[str, tuple[str | None, str | None]],
    locale: str,
) -> str:
    lines = difference_lines(settings, ladder, locale)
    more = ["…"] if len(lines) > _LISTED else []
    return "\n".join(f"- {line}" for line in [*lines[:_LISTED], *more])


@settings_.as_sub_command("export", describe("settings.export_description"))
async def export(ctx: tanjun.abc.SlashContext, configuration: alluka.Injected[Configuration]) -> None:
    """Hands everything out as a file."""
    caller = _admit(ctx.interaction)
    values, _ = await configuration.raw_settings(caller.guild)
    content = settings_file.written(values, await configuration.ladder(caller.guild))
    await ctx.respond(
        say("settings.exported", caller.locale),
        attachment=hikari.Bytes(content, "skipline-settings.json", mimetype="application/json"),
    )


@tanjun.with_attachment_slash_option("file", describe("settings.file_option"))
@settings_.as_sub_command("import", describe("settings.import_description"))
async def import_(
    ctx: tanjun.abc.SlashContext,
    file: hikari.Attachment,
    configuration: alluka.Injected[Configuration],
    redis: alluka.Injected[Redis],
) -> None:
    """Reads and checks a file, shows what it would change, and asks."""
    caller = _admit(ctx.interaction)
    if file.size > settings_file.LARGEST:
        raise UserError(say("settings.file_too_large", caller.locale))
    try:
        await ctx.defer(ephemeral=True)
    except hikari.BadRequestError as error:
        if not already_answered(error):
            raise
    try:
        async with asyncio.timeout(_FILE_SECONDS):
            content = await file.read()
    except (hikari.HTTPError, aiohttp.ClientError, OSError, TimeoutError) as failed:
        raise UserError(say("settings.file_unreachable", caller.locale)) from failed
    values, rungs = await configuration.raw_settings(caller.guild)
    ladder = await configuration.ladder(caller.guild)
    roles = set(_things(ctx.client, caller.guild, Kind.ROLE))
    channels = set(_things(ctx.client, caller.guild, Kind.CHANNEL))
    wanted = settings_file.read(content, ladder, roles, channels, caller.locale)
    changed = {
        field: (values.get(field), value)
        for field, value in wanted.settings.items()
        if values.get(field) != value
    }
    tiers = _tiers_changed(ladder, wanted.ladder)
    notes: list[str] = []
    if wanted.foreign:
        notes.append(say("settings.import_foreign", caller.locale, names=", ".join(wanted.foreign)))
    if not changed and not tiers:
        await ctx.edit_initial_response("\n".join([say("settings.import_none", caller.locale), *notes]))
        return
    facts = {
        "settings": changed,
        "ladder": wanted.ladder.to_hash() if wanted.ladder and tiers else None,
        "seen_ladder": {str(tier.label): rungs.get(str(tier.label)) for tier in ladder.tiers},
        "tiers": tiers,
    }
    await Questions(redis).ask(caller.guild, caller.request, caller.actor.id, facts)
    told = say("settings.import_ask", caller.locale, changes=_listed(changed, tiers, caller.locale))
    await ctx.edit_initial_response(
        "\n".join([told, *notes]),
        components=confirm_rows(_IMPORT, caller.request, caller.locale),
        user_mentions=False,
        role_mentions=False,
    )


def _tiers_changed(now: Ladder, wanted: Ladder | None) -> dict[str, tuple[str | None, str | None]]:
    before, after = now.to_hash(), wanted.to_hash() if wanted else now.to_hash()
    return {
        label: (before.get(label), after.get(label))
        for label in {**before, **after}
        if before.get(label) != after.get(label)
    }


@routes.component(_IMPORT)
async def import_confirmed(press: Press) -> None:
    """Makes the changes of the file as one move, if everything still is as it was when they were shown."""
    caller, configuration = _admit(press.interaction), press.get(Configuration)
    if press.args[:1] == ("no",):
        await press.update(say("common.cancelled", caller.locale), components=[])
        return
    request = press.args[1] if len(press.args) == 2 else ""
    facts = await Questions(press.get(Redis)).asked(caller.guild, request, caller.actor.id)
    if facts is None:
        raise UserError(say("common.question_gone", caller.locale))
    changed = {field: (before, after) for field, (before, after) in facts["settings"].items()}
    tiers = {field: (before, after) for field, (before, after) in facts["tiers"].items()}
    ladder = Ladder.from_hash(facts["ladder"]) if facts["ladder"] else None
    with worded(await configuration.ladder(caller.guild), caller.locale):
        await configuration.adopt(
            caller.guild,
            request,
            caller.actor,
            settings={field: after for field, (_, after) in changed.items()},
            seen={field: before for field, (before, _) in changed.items()},
            ladder=ladder,
            seen_ladder=facts["seen_ladder"] if ladder else None,
        )
    await _follow(press.interaction.app.rest, configuration, caller, changed)
    told = say("settings.imported", caller.locale, changes=_listed(changed, tiers, caller.locale))
    await press.update(told, components=[])


@settings_.as_sub_command("ladder", describe("settings.ladder_description"))
async def ladder_(ctx: tanjun.abc.SlashContext, configuration: alluka.Injected[Configuration]) -> None:
    """Shows the ladder with the choice of others."""
    caller = _admit(ctx.interaction)
    ladder = await configuration.ladder(caller.guild)
    text = say("settings.ladder_now", caller.locale, tiers=tiers_text(ladder))
    await _answer(ctx, text, [ladder_select(ladder, locale=caller.locale)])


@routes.component(LADDER_CHOICE)
async def ladder_chosen(press: Press) -> None:
    """Takes a preset, or opens the form for a ladder of one's own."""
    caller, configuration = _admit(press.interaction), press.get(Configuration)
    chosen = press.values[0] if len(press.values) == 1 else ""
    if chosen == OWN:
        ladder = await configuration.ladder(caller.guild)
        form = ladder_form(ladder, caller.locale)
        await press.ask(say("settings.ladder_title", caller.locale), encode(LADDER_FORM), form)
        return
    if chosen not in PRESETS:
        raise UserError(say("common.outdated", caller.locale))
    text = await _set_ladder(caller, configuration, PRESETS[chosen])
    await press.update(text, components=[ladder_select(PRESETS[chosen], locale=caller.locale)])


@routes.modal(LADDER_FORM)
async def ladder_written(submission: Submission) -> None:
    """Takes the ladder that was written; opened from any message that offers the choice."""
    caller, configuration = _admit(submission.interaction), submission.get(Configuration)
    ladder = read_ladder(submission.values.get(LINES_FIELD, ""), caller.locale)
    await submission.respond(await _set_ladder(caller, configuration, ladder))


async def _set_ladder(caller: Caller, configuration: Configuration, ladder: Ladder) -> str:
    before = await configuration.ladder(caller.guild)
    try:
        await configuration.set_ladder(caller.guild, caller.request, caller.actor, ladder)
    except Refused as refused:
        raise UserError(refusal_text(refused, before, caller.locale)) from refused
    return say("settings.ladder_done", caller.locale, tiers=tiers_text(ladder))


component = tanjun.Component(name="settings").load_from_scope()


@component.with_on_open
async def register(router: alluka.Injected[Router]) -> None:
    """Puts this feature's buttons and forms where presses are routed, each time a bot opens."""
    router.include(routes)


load = component.make_loader()
