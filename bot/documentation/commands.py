"""The table of commands, from a client that has loaded every plugin as the bot does."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import hikari
import tanjun

from bot.documentation.tables import code, table
from components.help import ARTIST, OWNER, REVIEWER, for_whom

EVERYBODY: Final = "everybody"
REVIEWERS: Final = "reviewers"
MANAGERS: Final = "whoever may manage the server"

_NAMED: Final = {ARTIST: EVERYBODY, REVIEWER: REVIEWERS, OWNER: MANAGERS}

_KINDS: Final = {
    hikari.CommandType.MESSAGE: "on a message: Apps",
    hikari.CommandType.USER: "on a person: Apps",
}
_NESTED: Final = (hikari.OptionType.SUB_COMMAND, hikari.OptionType.SUB_COMMAND_GROUP)


@dataclass(frozen=True, slots=True)
class Command:
    """One thing a person can call: the full name, e.g. `review next`, and what it takes."""

    name: str
    description: str
    options: Sequence[hikari.CommandOption]
    who: str
    kind: hikari.CommandType


def loaded() -> list[Command]:
    """Every command of every plugin, in order of name."""
    # A loop of its own, and not the current one: who calls may have another.
    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(_load())
    finally:
        loop.close()


def of_client(client: tanjun.abc.Client) -> list[Command]:
    """Every command of a client, in order of name."""
    found: list[Command] = []
    for slash in client.iter_slash_commands():
        built = slash.build()
        assert isinstance(built, hikari.api.SlashCommandBuilder)
        for name, description, options in _leaves(built.name, built.description, built.options):
            found.append(Command(name, description, options, _who(built, name), built.type))
    for menu in client.iter_menu_commands():
        built = menu.build()
        found.append(Command(built.name, _KINDS[built.type], (), _who(built, built.name), built.type))
    return sorted(found, key=lambda command: (command.kind, command.name))


def commands() -> str:
    """The table of commands."""
    rows = ([_name(each), each.description, _options(each), each.who] for each in loaded())
    return "\n".join(table(("command", "what it does", "options", "who may"), rows))


async def _load() -> list[Command]:
    from bot.app import load_plugins

    rest = hikari.RESTApp()
    await rest.start()
    try:
        client = tanjun.Client(rest.acquire(None), event_managed=False)
        load_plugins(client)
        return of_client(client)
    finally:
        await rest.close()


def _leaves(
    name: str, description: str, options: Sequence[hikari.CommandOption]
) -> Iterator[tuple[str, str, Sequence[hikari.CommandOption]]]:
    nested = [option for option in options if option.type in _NESTED]
    if not nested:
        yield name, description, options
    for option in nested:
        yield from _leaves(f"{name} {option.name}", option.description, option.options or ())


def _who(built: hikari.api.CommandBuilder, name: str) -> str:
    if built.default_member_permissions not in (hikari.UNDEFINED, hikari.Permissions.NONE):
        return MANAGERS
    # What is done on a person or a message is done by reviewers.
    return _NAMED[for_whom(name)] if built.type is hikari.CommandType.SLASH else REVIEWERS


def _name(command: Command) -> str:
    return code(f"/{command.name}" if command.kind is hikari.CommandType.SLASH else command.name)


def _options(command: Command) -> str:
    return "<br>".join(_option(each) for each in command.options)


def _option(option: hikari.CommandOption) -> str:
    limits = ""
    if option.choices:
        limits = ": " + ", ".join(choice.name for choice in option.choices)
    elif option.min_value is not None and option.max_value is not None:
        limits = f": {option.min_value} to {option.max_value:,}"
    needed = "" if option.is_required else " (optional)"
    return f"{code(option.name)}{needed}: {option.description}{limits}"
