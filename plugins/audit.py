"""`/audit`: who did what and when, from the archive, for reviewers."""

from __future__ import annotations

from typing import Final

import alluka
import hikari
import tanjun

from bot.errors import UserError
from bot.router import Press, Router
from components.audit import ANY, PAGE, PAGE_HANDLER, Done, audit_embed, audit_rows, kinds
from components.markdown import plain
from components.texts import describe, say
from components.who import Caller, reviewer
from persistence.archive import Archive
from state.configure import Configuration
from state.fields import EVENTS

_FARTHEST: Final = 1000

routes = Router()
audit = tanjun.slash_command_group(
    "audit", describe("audit.description"), default_to_ephemeral=True, dm_enabled=False
)


async def offer_kinds(ctx: tanjun.abc.AutocompleteContext, typed: str) -> None:
    """What can have been done."""
    await ctx.set_choices(kinds(typed))


@tanjun.with_int_slash_option(
    "page", describe("audit.page_option"), default=1, min_value=1, max_value=_FARTHEST
)
@tanjun.with_str_slash_option("kind", describe("audit.kind_option"), default=None, autocomplete=offer_kinds)
@tanjun.with_user_slash_option("user", describe("audit.user_option"), default=None)
@audit.as_sub_command("show", describe("audit.show_description"))
async def show(
    ctx: tanjun.abc.SlashContext,
    user: hikari.User | None,
    kind: str | None,
    page: int,
    archive: alluka.Injected[Archive],
    configuration: alluka.Injected[Configuration],
) -> None:
    """Shows a page to the caller alone."""
    caller = await reviewer(ctx.interaction, configuration)
    if kind is not None and kind not in EVENTS:
        raise UserError(say("audit.unknown_kind", caller.locale, kind=plain(kind, 40)))
    embed, rows = await _page(archive, configuration, caller, int(user.id) if user else 0, kind, page)
    await ctx.respond(embed=embed, components=rows)


async def _page(
    archive: Archive, configuration: Configuration, caller: Caller, user: int, kind: str | None, page: int
) -> tuple[hikari.Embed, list[hikari.impl.MessageActionRowBuilder]]:
    page = min(max(page, 1), _FARTHEST)
    events = await archive.latest(
        caller.guild,
        kinds=None if kind is None else (kind,),
        by_id=user or None,
        people_only=kind is None,
        offset=(page - 1) * PAGE,
        limit=PAGE + 1,
    )
    done = [
        Done(event.revision, event.kind, event.at, event.by_id, event.by_name, event.data) for event in events
    ]
    ladder = await configuration.ladder(caller.guild)
    embed = audit_embed(done[:PAGE], page, ladder, caller.locale)
    return embed, audit_rows(page, len(done) > PAGE, user, kind, caller.locale)


@routes.component(PAGE_HANDLER)
async def turn(press: Press) -> None:
    """Turns the page in the presser's own message."""
    configuration = press.get(Configuration)
    caller = await reviewer(press.interaction, configuration)
    match press.args:
        case (page, user, kind) if _number(page) and _number(user) and (kind == ANY or kind in EVENTS):
            pass
        case _:
            raise UserError(say("common.outdated", caller.locale))
    wanted = None if kind == ANY else kind
    embed, rows = await _page(press.get(Archive), configuration, caller, int(user), wanted, int(page))
    await press.update(embeds=[embed], components=rows)


def _number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 19


component = tanjun.Component(name="audit").load_from_scope()


@component.with_on_open
async def register(router: alluka.Injected[Router]) -> None:
    """Puts this feature's buttons where presses are routed, each time a bot opens."""
    router.include(routes)


load = component.make_loader()
