"""`/overlay`: private addresses that show the queue on a stream: made, listed, renewed, taken away."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

import alluka
import hikari
import tanjun

from bot.errors import UserError
from components.markdown import clean, plain
from components.overlay import VIEWS
from components.song_lines import moment
from components.texts import describe, say
from components.who import Caller, manager
from state.overlays import Overlay, Overlays
from state.refusal import Reason, Refused
from state.served import Served, ServedPages

_NAME: Final = 32
_OFFERED: Final = 25
_LAYOUTS: Final = {"now": "landscape", "next": "vertical", "board": "landscape"}

overlay = tanjun.slash_command_group(
    "overlay",
    describe("overlay.description"),
    default_member_permissions=hikari.Permissions.MANAGE_GUILD,
    default_to_ephemeral=True,
    dm_enabled=False,
)


async def _named(overlays: Overlays, guild: int, typed: str) -> Overlay | None:
    wanted = clean(typed, _NAME).casefold()
    return next((each for each in await overlays.all(guild) if each.name.casefold() == wanted), None)


async def _existing(overlays: Overlays, caller: Caller, typed: str) -> str:
    found = await _named(overlays, caller.guild, typed)
    if found is None:
        raise UserError(say("overlay.unknown", caller.locale))
    return found.name


async def offer(ctx: tanjun.abc.AutocompleteContext, typed: str) -> None:
    """The overlays there are, to whoever may change them."""
    caller = Caller.of(ctx.interaction)
    found = await ctx.get_type_dependency(Overlays).all(caller.guild) if caller.manages else []
    part = typed.strip().casefold()
    names = [each.name for each in found if part in each.name.casefold()]
    await ctx.set_choices([(name, name) for name in names[:_OFFERED]])


async def _demand_served(pages: ServedPages, locale: str) -> Served:
    served = await pages.where()
    if served is None:
        raise UserError(say("overlay.not_served", locale))
    return served


def _addresses(token: str, served: Served, locale: str) -> str:
    """The page where its looks are chosen, then one address a view.

    Discord shows them to the caller alone, and only when they are pressed.
    """
    base = f"{served.address}/overlay/{token}"
    urls = {view: f"{base}/{view}?{urlencode({'layout': _LAYOUTS[view]})}" for view in VIEWS}
    return "\n".join(
        say("overlay.address", locale, what=say(f"overlay.what_{what}", locale), url=url)
        for what, url in {"settings": f"{base}/settings", **urls}.items()
    )


@tanjun.with_str_slash_option("name", describe("overlay.new_name_option"), max_length=_NAME)
@overlay.as_sub_command("create", describe("overlay.create_description"))
async def create(
    ctx: tanjun.abc.SlashContext,
    name: str,
    overlays: alluka.Injected[Overlays],
    pages: alluka.Injected[ServedPages],
) -> None:
    """Makes an address and tells it, once."""
    caller = manager(ctx.interaction)
    served = await _demand_served(pages, caller.locale)
    known = await _named(overlays, caller.guild, name)
    called = known.name if known is not None else clean(name, _NAME)
    try:
        token = await overlays.create(caller.guild, caller.request, caller.actor, called)
    except Refused as refused:
        key = "overlay.limit" if refused.reason is Reason.LIMIT else "overlay.taken"
        text = say(key, caller.locale, name=plain(called, 80), limit=refused.facts.get("limit"))
        raise UserError(text) from refused
    await _tell(ctx, caller, "overlay.created", called, token, served)


@tanjun.with_str_slash_option("name", describe("overlay.name_option"), max_length=_NAME, autocomplete=offer)
@overlay.as_sub_command("rotate", describe("overlay.rotate_description"))
async def rotate(
    ctx: tanjun.abc.SlashContext,
    name: str,
    overlays: alluka.Injected[Overlays],
    pages: alluka.Injected[ServedPages],
) -> None:
    """Gives an overlay a new address; whatever shows the old one goes dark."""
    caller = manager(ctx.interaction)
    served = await _demand_served(pages, caller.locale)
    called = await _existing(overlays, caller, name)
    try:
        token = await overlays.rotate(caller.guild, caller.request, caller.actor, called)
    except Refused as refused:
        raise UserError(say("overlay.unknown", caller.locale)) from refused
    await _tell(ctx, caller, "overlay.rotated", called, token, served)


async def _tell(
    ctx: tanjun.abc.SlashContext, caller: Caller, key: str, name: str, token: str | None, served: Served
) -> None:
    if token is None:
        key = "overlay.told_before"
    addresses = _addresses(token, served, caller.locale) if token is not None else ""
    await ctx.respond(say(key, caller.locale, name=plain(name, 80), addresses=addresses))


@tanjun.with_str_slash_option("name", describe("overlay.name_option"), max_length=_NAME, autocomplete=offer)
@overlay.as_sub_command("remove", describe("overlay.remove_description"))
async def remove(ctx: tanjun.abc.SlashContext, name: str, overlays: alluka.Injected[Overlays]) -> None:
    """Takes an address away."""
    caller = manager(ctx.interaction)
    called = await _existing(overlays, caller, name)
    try:
        await overlays.remove(caller.guild, caller.request, caller.actor, called)
    except Refused as refused:
        raise UserError(say("overlay.unknown", caller.locale)) from refused
    await ctx.respond(say("overlay.removed", caller.locale, name=plain(called, 80)))


@overlay.as_sub_command("list", describe("overlay.list_description"))
async def list_(ctx: tanjun.abc.SlashContext, overlays: alluka.Injected[Overlays]) -> None:
    """Names the overlays, and how old their addresses are."""
    caller = manager(ctx.interaction)
    lines = [
        say("overlay.line", caller.locale, name=plain(each.name, 80), at=moment(each.at))
        for each in await overlays.all(caller.guild)
    ]
    if not lines:
        await ctx.respond(say("overlay.none", caller.locale))
        return
    await ctx.respond(say("overlay.listed", caller.locale, lines="\n".join(lines)))


component = tanjun.Component(name="overlay").load_from_scope()

load = component.make_loader()
