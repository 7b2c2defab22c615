"""`/queue page`: its link for everybody, and for managers the switch."""

from __future__ import annotations

import alluka
import tanjun

from bot.errors import UserError
from components.texts import describe, say
from components.who import Caller, manager
from plugins.queue.group import queue_
from state.configure import Configuration
from state.public_page import PublicPages
from state.refusal import Reason, Refused
from state.served import Served, ServedPages

page_ = queue_.make_sub_group("page", describe("queue.page_description"))


def _address(token: str, served: Served, caller: Caller) -> str:
    """The link of a page; managers are also told where it does not work yet."""
    url = f"<{served.address}/queue/{token}>"
    if not served.public and caller.manages:
        return f"{url}\n{say('queue.page_local', caller.locale)}"
    return url


async def _demand_served(serving: ServedPages, caller: Caller) -> Served:
    served = await serving.where()
    if served is None:
        raise UserError(say("queue.page_not_served", caller.locale))
    return served


@page_.as_sub_command("link", describe("queue.page_link_description"))
async def link(
    ctx: tanjun.abc.SlashContext,
    pages: alluka.Injected[PublicPages],
    configuration: alluka.Injected[Configuration],
    serving: alluka.Injected[ServedPages],
) -> None:
    """Tells the link to whoever asks, while the page is on."""
    caller = Caller.of(ctx.interaction)
    served = await _demand_served(serving, caller)
    if not (await configuration.settings(caller.guild)).public_page:
        raise UserError(say("queue.page_is_off", caller.locale))
    token = await pages.link(caller.guild, caller.request, caller.actor)
    await ctx.respond(say("queue.page_told", caller.locale, url=_address(token, served, caller)))


@page_.as_sub_command("on", describe("queue.page_on_description"))
async def on(
    ctx: tanjun.abc.SlashContext,
    pages: alluka.Injected[PublicPages],
    configuration: alluka.Injected[Configuration],
    serving: alluka.Injected[ServedPages],
) -> None:
    """Opens the page, under the link it had before if it had one."""
    caller = manager(ctx.interaction)
    served = await _demand_served(serving, caller)
    # First the link, so that whoever hears of the switch finds one.
    token = await pages.link(caller.guild, caller.request, caller.actor)
    await _switch(caller, configuration, "1")
    await ctx.respond(say("queue.page_on", caller.locale, url=_address(token, served, caller)))


@page_.as_sub_command("off", describe("queue.page_off_description"))
async def off(ctx: tanjun.abc.SlashContext, configuration: alluka.Injected[Configuration]) -> None:
    """Closes the page, also for those who are on it."""
    caller = manager(ctx.interaction)
    await _switch(caller, configuration, None)
    await ctx.respond(say("queue.page_off", caller.locale))


@page_.as_sub_command("renew", describe("queue.page_renew_description"))
async def renew(
    ctx: tanjun.abc.SlashContext,
    pages: alluka.Injected[PublicPages],
    configuration: alluka.Injected[Configuration],
    serving: alluka.Injected[ServedPages],
) -> None:
    """Gives the page a new link; whoever has the old one sees nothing any more."""
    caller = manager(ctx.interaction)
    served = await _demand_served(serving, caller)
    token = await pages.renew(caller.guild, caller.request, caller.actor)
    on = (await configuration.settings(caller.guild)).public_page
    key = "queue.page_renewed" if on else "queue.page_renewed_off"
    await ctx.respond(say(key, caller.locale, url=_address(token, served, caller)))


async def _switch(caller: Caller, configuration: Configuration, value: str | None) -> None:
    try:
        await configuration.change(caller.guild, caller.request, caller.actor, {"public_page": value})
    except Refused as refused:
        # It is as wanted already.
        if refused.reason is not Reason.UNCHANGED:
            raise
