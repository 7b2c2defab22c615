"""`/wallet`: one's Luxury Coins and every change of them; those who manage the server give and take some."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

import alluka
import hikari
import tanjun

from bot.errors import UserError
from bot.router import Press, Router
from components.markdown import plain
from components.pages import page_asked, page_count, within
from components.texts import describe, number, say
from components.wallet import PAGE, PAGE_HANDLER, Change, history_embed, wallet_text
from components.who import Caller, manager
from persistence.errors import PersistenceError
from persistence.ledger import Ledger
from state.configure import Configuration
from state.refusal import Reason, Refused
from state.wallet import MOST_GIVEN, Wallet

ARCHIVE_SECONDS: Final = 1.5
"""How long the history waits for PostgreSQL before it says that it cannot be read."""
_REASON: Final = 200

routes = Router()
wallet_ = tanjun.slash_command_group(
    "wallet", describe("wallet.description"), default_to_ephemeral=True, dm_enabled=False
)


@wallet_.as_sub_command("show", describe("wallet.show_description"))
async def show(
    ctx: tanjun.abc.SlashContext,
    wallet: alluka.Injected[Wallet],
    configuration: alluka.Injected[Configuration],
) -> None:
    """Tells the caller what is in their wallet and what it buys."""
    caller = Caller.of(ctx.interaction)
    quote = await wallet.quote(caller.guild, caller.actor.id)
    ladder = await configuration.ladder(caller.guild)
    await ctx.respond(wallet_text(quote.balance, quote.prices, ladder, caller.locale))


@wallet_.as_sub_command("history", describe("wallet.history_description"))
async def history(
    ctx: tanjun.abc.SlashContext, ledger: alluka.Injected[Ledger], wallet: alluka.Injected[Wallet]
) -> None:
    """Shows the newest changes to the caller alone."""
    caller = Caller.of(ctx.interaction)
    embed, rows = await _page(ledger, wallet, caller, 1)
    await ctx.respond(embed=embed, components=rows)


@routes.component(PAGE_HANDLER)
async def turn(press: Press) -> None:
    """Turns the page in the presser's own message; it shows the presser's wallet, whatever it says."""
    caller = Caller.of(press.interaction)
    embed, rows = await _page(press.get(Ledger), press.get(Wallet), caller, page_asked(press.args))
    await press.update(embeds=[embed], components=rows)


async def _page(
    ledger: Ledger, wallet: Wallet, caller: Caller, page: int
) -> tuple[hikari.Embed, Sequence[hikari.impl.MessageActionRowBuilder]]:
    user = caller.actor.id
    try:
        async with asyncio.timeout(ARCHIVE_SECONDS):
            found, count = await ledger.of_user(caller.guild, user, offset=(page - 1) * PAGE, limit=PAGE)
            nearest = within(page, page_count(count, PAGE))
            if nearest != page:
                offset = (nearest - 1) * PAGE
                found, count = await ledger.of_user(caller.guild, user, offset=offset, limit=PAGE)
    except (PersistenceError, TimeoutError) as away:
        coins = number(await wallet.balance(caller.guild, user), caller.locale)
        raise UserError(say("wallet.away", caller.locale, coins=coins)) from away
    changes = [
        Change(int(each.at.timestamp()), each.change, each.cause, each.balance, each.song, each.reason)
        for each in found
    ]
    return history_embed(changes, count, nearest, caller.locale)


@tanjun.with_str_slash_option("reason", describe("wallet.reason_option"), max_length=_REASON)
@tanjun.with_int_slash_option(
    "amount", describe("wallet.amount_option"), min_value=-MOST_GIVEN, max_value=MOST_GIVEN
)
@tanjun.with_user_slash_option("user", describe("wallet.to_option"))
@wallet_.as_sub_command("give", describe("wallet.give_description"))
async def give(
    ctx: tanjun.abc.SlashContext,
    user: hikari.User,
    amount: int,
    reason: str,
    wallet: alluka.Injected[Wallet],
) -> None:
    """Gives or takes coins; the history says who did, and why."""
    caller = manager(ctx.interaction)
    if user.is_bot:
        raise UserError(say("wallet.no_bots", caller.locale))
    amount = min(max(amount, -MOST_GIVEN), MOST_GIVEN)
    if amount == 0:
        raise UserError(say("wallet.nothing", caller.locale))
    try:
        coins = await wallet.give(
            caller.guild, caller.request, caller.actor, int(user.id), amount, reason=reason or None
        )
    except Refused as refused:
        if refused.reason is not Reason.SHORT:
            raise
        held = number(int(refused.facts["balance"]), caller.locale)
        raise UserError(say("wallet.too_few", caller.locale, user=user.id, coins=held)) from refused
    key = ("wallet.given" if amount > 0 else "wallet.taken") + ("_reason" if reason else "")
    text = say(
        key,
        caller.locale,
        user=user.id,
        amount=number(abs(amount), caller.locale),
        coins=number(coins, caller.locale),
        reason=plain(reason, _REASON),
    )
    await ctx.respond(text, user_mentions=False, role_mentions=False, mentions_everyone=False)


component = tanjun.Component(name="wallet").load_from_scope()


@component.with_on_open
async def register(router: alluka.Injected[Router]) -> None:
    """Puts this feature's buttons where presses are routed, each time a bot opens."""
    router.include(routes)


load = component.make_loader()
