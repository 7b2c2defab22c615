"""The backup commands themselves. Each gives its exit code; 1: something failed or is damaged."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import getpass
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from redis.exceptions import RedisError

from bot.backup_cli.desk import Desk, open_desk
from bot.backup_cli.words import counted, difference_lines, entry_line, restored_lines, taken_line
from bot.errors import SettingsError, StartupError
from bot.progress import Progress
from bot.settings import load
from persistence.backups import Backup, Cause, Entry, Way, preview, restore
from persistence.errors import PersistenceError
from persistence.recovery import open_guild
from state.refusal import Unopened
from state.restore import Restoration
from state.scripts import Actor, Scripts


def run(name: str, options: argparse.Namespace) -> int:
    """Run one command. Raises `StartupError` with one sentence."""
    return asyncio.run(_run(name, options))


async def _run(name: str, options: argparse.Namespace) -> int:
    logging.basicConfig(level=logging.ERROR, format="skipline: %(message)s")
    settings = load()
    needs_redis = name in ("now", "restore")
    async with Progress() as progress, open_desk(settings, progress, redis=needs_redis) as desk:
        try:
            return await _COMMANDS[name](desk, options)
        except PersistenceError as error:
            raise StartupError(str(error)) from error
        except Unopened as error:
            raise StartupError(f"Nothing was changed: {error}.") from error
        except RedisError as error:
            raise StartupError(f"Redis cannot be used ({type(error).__name__}: {error}).") from error


async def _now(desk: Desk, options: argparse.Namespace) -> int:
    guilds = [options.guild] if options.guild is not None else await desk.backups.guilds()
    if not guilds:
        desk.say("Redis knows no server yet, so there is nothing to back up.")
    failed = 0
    for count, guild in enumerate(guilds, start=1):
        place = f" ({count} of {len(guilds)})" if len(guilds) > 1 else ""

        def step(text: str, where: str = f"Server {guild}{place}: ") -> None:
            desk.progress(where + text[0].lower() + text[1:])

        try:
            desk.say(taken_line(guild, await desk.backups.take(guild, Cause.ASKED, step)))
        except PersistenceError as error:
            failed += 1
            desk.say(f"Server {guild}: no backup. {error}")
    return 1 if failed else 0


async def _list(desk: Desk, options: argparse.Namespace) -> int:
    desk.warn()
    desk.progress("Reading the list")
    entries = await desk.store.entries(options.guild)
    if not entries:
        desk.say("There are no backups yet. skipline backup now takes one.")
    for entry in entries:
        desk.say(entry_line(entry))
    return 0


async def _verify(desk: Desk, options: argparse.Namespace) -> int:
    desk.warn()
    entries = await desk.store.entries(options.guild)
    damaged = 0
    for count, entry in enumerate(entries, start=1):
        desk.progress(f"Checking backup {count} of {len(entries)}")
        faults = await desk.store.verify(entry)
        damaged += bool(faults)
        for fault in faults:
            desk.say(str(fault))
        if faults and len(faults) < (entry.path is not None) + (entry.row is not None):
            desk.say("  Its other copy is good, and is what a restore takes.")
    good = len(entries) - damaged
    desk.say(f"{good} of {len(entries)} backups are good." if entries else "There are no backups yet.")
    return 1 if damaged else 0


async def _restore(desk: Desk, options: argparse.Namespace) -> int:
    desk.warn()
    backup = await _chosen(desk, options)
    way = _way(desk)
    desk.say(
        f"Server {backup.guild_id}, backup {backup.name} ({backup.cause}), {counted(backup.songs, 'song')}."
    )
    if not options.yes:
        desk.progress("Comparing it with the queue")
        for line in difference_lines(await preview(backup, way)):
            desk.say(line)
        desk.say("Nothing was changed. Add --yes to do it; a backup of what is there now is taken first.")
        return 0
    restored = await restore(backup, way, desk.progress)
    if restored.before is not None:
        desk.say("First: " + taken_line(backup.guild_id, restored.before))
    for line in difference_lines(restored.difference):
        desk.say(line)
    for line in restored_lines(backup.guild_id, restored):
        desk.say(line)
    return 0


def _way(desk: Desk) -> Way:
    async def opener(guild: int) -> None:
        if desk.archive is None:
            raise Unopened(f"guild {guild} is unknown to Redis, and PostgreSQL is away")
        try:
            await open_guild(guild, desk.redis, desk.archive)
        except PersistenceError as error:
            raise Unopened(f"guild {guild} could not be opened") from error

    actor = Actor(0, f"skipline restore ({_login()})")
    restoration = Restoration(Scripts(desk.redis, opener), actor)
    return Way(desk.redis, desk.archive, desk.backups, restoration.put, actor.id, actor.name)


def _login() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        return "unknown"


async def _chosen(desk: Desk, options: argparse.Namespace) -> Backup:
    """The backup the options name, the newest good one without. Raises `SettingsError` when there is none."""
    if options.file is not None:
        backup = await desk.store.open_file(options.file)
        if options.guild is not None and options.guild != backup.guild_id:
            raise SettingsError(
                f"{options.file} is a backup of server {backup.guild_id}, not of {options.guild}."
            )
        return backup
    entries = await _of_one_guild(desk, options.guild)
    if options.revision is not None or options.at is not None:
        entries = _matching(entries, options)
        return await desk.store.load(entries[0])
    desk.progress("Looking for the newest good backup")
    found, faults = await desk.store.newest_good(entries)
    for fault in faults:
        desk.say(f"{fault} An older one is taken.")
    if found is None:
        raise StartupError("None of the backups can be used.")
    return found


async def _of_one_guild(desk: Desk, guild: int | None) -> list[Entry]:
    entries = await desk.store.entries(guild)
    guilds = sorted({entry.guild_id for entry in entries})
    if not guilds:
        of = "" if guild is None else f" of server {guild}"
        raise StartupError(f"There is no backup{of}.")
    if len(guilds) > 1:
        listed = ", ".join(map(str, guilds))
        raise SettingsError(f"There are backups of several servers; choose one with --guild: {listed}.")
    return entries


def _matching(entries: Sequence[Entry], options: argparse.Namespace) -> list[Entry]:
    if options.revision is not None:
        found = [entry for entry in entries if entry.revision == options.revision]
        wanted = f"of revision {options.revision}"
    else:
        until = _time(options.at)
        found = [entry for entry in entries if entry.taken_at <= until]
        wanted = f"up to {until:%Y-%m-%d %H:%M:%S} UTC"
    if not found:
        raise SettingsError(f"There is no backup {wanted}; skipline backup list shows them all.")
    return found


def _time(text: str) -> datetime:
    """A moment as people or file names write it: UTC unless it has a zone; a bare minute lasts to its end."""
    for form in ("%Y-%m-%dT%H-%M-%SZ", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M"):
        with contextlib.suppress(ValueError):
            moment = datetime.strptime(text, form).replace(tzinfo=UTC)
            return moment if "%S" in form else moment.replace(second=59)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise SettingsError(f'"{text}" is no time; write it as "2026-11-21 14:00", in UTC.') from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


_COMMANDS: Final[Mapping[str, Callable[[Desk, argparse.Namespace], Awaitable[int]]]] = {
    "now": _now,
    "list": _list,
    "verify": _verify,
    "restore": _restore,
}
