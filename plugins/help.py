"""`/help`, which knows who asks, and `/about`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from importlib.metadata import metadata, version
from pathlib import Path
from typing import Final

import alluka
import hikari
import psutil
import tanjun

from bot.errors import UserError
from bot.router import Press, Router
from bot.settings import Settings
from components.help import SECTION_HANDLER, Listed, help_embed, help_rows, sections_for
from components.texts import describe, say
from components.who import Caller
from state.configure import Configuration

_HERE: Final = Path(__file__).parent.parent
_SHOWN: Final = 12

routes = Router()


@tanjun.as_slash_command("help", describe("help.description"), default_to_ephemeral=True, dm_enabled=False)
async def help_(ctx: tanjun.abc.SlashContext, configuration: alluka.Injected[Configuration]) -> None:
    """Lists the commands useful to the caller; the other sections are a press away."""
    caller = Caller.of(ctx.interaction)
    sections = sections_for(caller.reviews(await configuration.settings(caller.guild)), caller.manages)
    embed = help_embed(list(_commands(ctx.client)), sections[-1], caller.locale)
    await ctx.respond(embed=embed, components=help_rows(sections[-1], sections, caller.locale))


@routes.component(SECTION_HANDLER)
async def section(press: Press) -> None:
    """Shows another section in the presser's own message."""
    caller = Caller.of(press.interaction)
    settings = await press.get(Configuration).settings(caller.guild)
    sections = sections_for(caller.reviews(settings), caller.manages)
    if len(press.args) != 1 or press.args[0] not in sections:
        raise UserError(say("common.outdated", caller.locale))
    embed = help_embed(list(_commands(press.get(tanjun.abc.Client))), press.args[0], caller.locale)
    await press.update(embeds=[embed], components=help_rows(press.args[0], sections, caller.locale))


def _commands(client: tanjun.abc.Client) -> Iterator[Listed]:
    """Every slash command as it was declared, sub-commands one by one."""
    for command in sorted(client.iter_slash_commands(), key=lambda command: command.name):
        built = command.build()
        id_ = command.tracked_command_id
        needed = built.default_member_permissions
        managers = isinstance(needed, hikari.Permissions) and bool(needed & hikari.Permissions.MANAGE_GUILD)
        yield from _leaves(built.name, built, None if id_ is None else int(id_), managers)


def _leaves(
    name: str,
    built: hikari.api.SlashCommandBuilder | hikari.CommandOption,
    id_: int | None,
    managers: bool,
) -> Iterator[Listed]:
    groups = (hikari.OptionType.SUB_COMMAND, hikari.OptionType.SUB_COMMAND_GROUP)
    inner: Sequence[hikari.CommandOption] = [
        option for option in built.options or () if option.type in groups
    ]
    for option in inner:
        yield from _leaves(f"{name} {option.name}", option, id_, managers)
    if not inner:
        words = {str(locale): text for locale, text in built.description_localizations.items()}
        yield Listed(name, id_, built.description, words, managers)


@tanjun.as_slash_command("about", describe("about.description"), default_to_ephemeral=True, dm_enabled=False)
async def about(ctx: tanjun.abc.SlashContext, settings: alluka.Injected[Settings]) -> None:
    """Says what runs here, and where its source is."""
    caller = Caller.of(ctx.interaction)
    found = settings.revision or checked_out()
    text = say(
        "about.text",
        caller.locale,
        version=version("skipline"),
        revision=f"`{found[:_SHOWN]}`" if found else say("about.no_revision", caller.locale),
        since=int(psutil.Process().create_time()),
        source=source(settings.source_url, found) or say("about.no_source", caller.locale),
    )
    await ctx.create_initial_response(
        text, flags=hikari.MessageFlag.SUPPRESS_EMBEDS | hikari.MessageFlag.EPHEMERAL
    )


@cache
def checked_out(folder: Path = _HERE / ".git") -> str | None:
    """The commit that is checked out where this program stands, None where none is."""
    try:
        head = (folder / "HEAD").read_text(encoding="ascii").strip()
        if not head.startswith("ref: "):
            return head
        name = head.removeprefix("ref: ")
        if (folder / name).is_file():
            return (folder / name).read_text(encoding="ascii").strip()
        packed = (folder / "packed-refs").read_text(encoding="ascii").splitlines()
    except (OSError, UnicodeDecodeError):
        # An installed package, without a checkout around it.
        return None
    return next((line.split()[0] for line in packed if line.endswith(f" {name}")), None)


def source(url: str | None, revision: str | None) -> str | None:
    """Where the source is: as set, else as packaged; `{revision}` in it is filled in."""
    packaged = (entry.split(", ", 1) for entry in metadata("skipline").get_all("Project-URL") or ())
    found = url or next((parts[-1] for parts in packaged if parts[0].casefold() == "source"), None)
    return found.replace("{revision}", revision or "") if found else None


component = tanjun.Component(name="help").load_from_scope()


@component.with_on_open
async def register(router: alluka.Injected[Router]) -> None:
    """Puts this feature's buttons where presses are routed, each time a bot opens."""
    router.include(routes)


load = component.make_loader()
