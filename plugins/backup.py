"""`/backup`: a backup right now, and which there are, for those who manage the server."""

from __future__ import annotations

import alluka
import hikari
import tanjun

from bot.errors import UserError
from components.backup import BackupFacts, list_text, taken_text
from components.texts import describe, say
from components.who import manager
from persistence.backups import Backups, Cause, Entry, NotKept, NotOpen
from persistence.errors import Busy

backup = tanjun.slash_command_group(
    "backup",
    describe("backup.description"),
    default_member_permissions=hikari.Permissions.MANAGE_GUILD,
    default_to_ephemeral=True,
    dm_enabled=False,
)


@backup.as_sub_command("now", describe("backup.now_description"))
async def now(ctx: tanjun.abc.SlashContext, backups: alluka.Injected[Backups]) -> None:
    """Takes a backup, unless nothing has moved since the last one."""
    caller = manager(ctx.interaction)
    await ctx.defer()
    try:
        taken = await backups.take(caller.guild, Cause.ASKED)
    except NotOpen as unknown:
        raise UserError(say("backup.nothing", caller.locale)) from unknown
    except Busy as busy:
        raise UserError(say("backup.busy", caller.locale)) from busy
    except NotKept as lost:
        raise UserError(say("backup.failed", caller.locale)) from lost
    await ctx.respond(taken_text(_facts(taken.entry), new=taken.new, locale=caller.locale))


@backup.as_sub_command("list", describe("backup.list_description"))
async def list_(ctx: tanjun.abc.SlashContext, backups: alluka.Injected[Backups]) -> None:
    """Shows the newest backups and where each is kept."""
    caller = manager(ctx.interaction)
    await ctx.defer()
    entries = await backups.store.entries(caller.guild)
    database = all(entry.database for entry in entries)
    await ctx.respond(
        list_text([_facts(entry) for entry in entries], database=database, locale=caller.locale)
    )


def _facts(entry: Entry) -> BackupFacts:
    return BackupFacts(
        at=int(entry.taken_at.timestamp()),
        revision=entry.revision,
        songs=entry.row.songs if entry.row else None,
        size=entry.row.size if entry.row else None,
        file=entry.path is not None,
        database=entry.row is not None,
    )


component = tanjun.Component(name="backup").load_from_scope()

load = component.make_loader()
