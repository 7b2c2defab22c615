"""`/privacy`: everything held about the caller in this server, as a file, or gone."""

from __future__ import annotations

import asyncio
import io
import zipfile
from typing import Any, Final

import alluka
import hikari
import orjson
import tanjun

from bot.errors import UserError
from bot.router import Press, Router
from components.privacy import DELETE, KEEP, question_rows
from components.texts import describe, say
from components.who import Caller
from persistence.errors import PersistenceError
from persistence.privacy import Privacy

PLAIN_BYTES: Final = 4 * 1024 * 1024
"""Up to this size the file is sent as it is, readable at once; above it is packed."""
LARGEST: Final = 9 * 1024 * 1024
"""Discord takes files of 10 MiB from a bot."""

routes = Router()

privacy = tanjun.slash_command_group(
    "privacy", describe("privacy.description"), default_to_ephemeral=True, dm_enabled=False
)


@privacy.as_sub_command("export", describe("privacy.export_description"))
async def export(ctx: tanjun.abc.SlashContext, store: alluka.Injected[Privacy]) -> None:
    """Hands the caller a file with all of it."""
    caller = Caller.of(ctx.interaction)
    await ctx.defer()
    try:
        found = await store.export(caller.guild, caller.actor.id)
    except PersistenceError as away:
        raise UserError(say("privacy.away", caller.locale)) from away
    name, content = await asyncio.to_thread(_file, found)
    if len(content) > LARGEST:
        raise UserError(say("privacy.too_large", caller.locale))
    await ctx.respond(say("privacy.exported", caller.locale), attachments=[hikari.Bytes(content, name)])


def _file(found: dict[str, Any]) -> tuple[str, bytes]:
    content = orjson.dumps(found, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS, default=str)
    if len(content) <= PLAIN_BYTES:
        return "skipline-data.json", content
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("skipline-data.json", content)
    return "skipline-data.zip", packed.getvalue()


@privacy.as_sub_command("delete", describe("privacy.delete_description"))
async def delete(ctx: tanjun.abc.SlashContext) -> None:
    """Asks, and deletes nothing yet."""
    caller = Caller.of(ctx.interaction)
    rows = question_rows(caller.actor.id, caller.locale)
    await ctx.respond(say("privacy.ask", caller.locale), components=rows)


@routes.component(KEEP)
async def keep(press: Press) -> None:
    """Leaves everything as it is."""
    await press.update(say("privacy.kept", Caller.of(press.interaction).locale), components=[])


@routes.component(DELETE)
async def sure(press: Press) -> None:
    """Forgets the one who presses, and nobody else."""
    caller = Caller.of(press.interaction)
    if press.args != (str(caller.actor.id),):
        raise UserError(say("common.outdated", caller.locale))
    await press.defer()
    try:
        gone = await press.get(Privacy).forget(caller.guild, caller.request, caller.actor.id)
    except (PersistenceError, OSError) as away:
        raise UserError(say("privacy.unfinished", caller.locale)) from away
    text = say("privacy.done", caller.locale, songs=gone.songs, files=gone.files)
    await press.update(text, components=[])


component = tanjun.Component(name="privacy").load_from_scope()


@component.with_on_open
async def register(router: alluka.Injected[Router]) -> None:
    """Puts the buttons where presses are routed, each time a bot opens."""
    router.include(routes)


load = component.make_loader()
