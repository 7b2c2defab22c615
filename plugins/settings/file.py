"""`/settings export` and `import`: settings and ladder as a file."""

from __future__ import annotations

import asyncio
from typing import Final

import aiohttp
import alluka
import hikari
import tanjun
from redis.asyncio import Redis

from bot.errors import UserError
from bot.router import Press
from components import settings_file
from components.confirmation import confirm_rows
from components.refusals import worded
from components.texts import describe, say
from components.who import manager
from plugins.settings.group import follow, listed, routes, settings_, things
from state.configure import Configuration
from state.guild_settings import Kind
from state.ladder import Ladder
from state.questions import Questions

_IMPORT: Final = "settings.import"
_FILE_SECONDS: Final = 10.0


@settings_.as_sub_command("export", describe("settings.export_description"))
async def export(ctx: tanjun.abc.SlashContext, configuration: alluka.Injected[Configuration]) -> None:
    """Hands everything out as a file."""
    caller = manager(ctx.interaction)
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
    caller = manager(ctx.interaction)
    if file.size > settings_file.LARGEST:
        raise UserError(say("settings.file_too_large", caller.locale))
    await ctx.defer(ephemeral=True)
    try:
        async with asyncio.timeout(_FILE_SECONDS):
            content = await file.read()
    except (hikari.HTTPError, aiohttp.ClientError, OSError, TimeoutError) as failed:
        raise UserError(say("settings.file_unreachable", caller.locale)) from failed
    values, rungs = await configuration.raw_settings(caller.guild)
    ladder = await configuration.ladder(caller.guild)
    roles = set(things(ctx.client, caller.guild, Kind.ROLE))
    channels = set(things(ctx.client, caller.guild, Kind.CHANNEL))
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
    told = say("settings.import_ask", caller.locale, changes=listed(changed, tiers, ladder, caller.locale))
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
    caller, configuration = manager(press.interaction), press.get(Configuration)
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
    await follow(press.interaction.app.rest, configuration, caller, changed)
    now = await configuration.ladder(caller.guild)
    told = say("settings.imported", caller.locale, changes=listed(changed, tiers, now, caller.locale))
    await press.update(told, components=[])
