"""`/skip buy`: an artist pays a skip for a waiting song of theirs with Luxury Coins, after a question."""

from __future__ import annotations

from typing import Final

import alluka
import tanjun
from redis.asyncio import Redis

from bot.errors import UserError
from bot.router import Press, Router
from components.confirmation import confirm_rows
from components.markdown import clean
from components.outcomes import named
from components.refusals import worded
from components.song_lines import tier_name
from components.song_option import demand_tier, matches, parse
from components.texts import describe, number, say
from components.who import Caller
from state.configure import Configuration
from state.questions import Questions
from state.wallet import Offer, Quote, Wallet

_BUY: Final = "skip.buy"

routes = Router()
skip = tanjun.slash_command_group(
    "skip", describe("skip.description"), default_to_ephemeral=True, dm_enabled=False
)


async def offer_tiers(ctx: tanjun.abc.AutocompleteContext, typed: str) -> None:
    """The tiers the caller's song can go up to, with what each costs them."""
    caller = Caller.of(ctx.interaction)
    ladder = await ctx.get_type_dependency(Configuration).ladder(caller.guild)
    quote = await ctx.get_type_dependency(Wallet).quote(caller.guild, caller.actor.id)
    group = ctx.interaction.options[0].options or () if ctx.interaction.options else ()
    song = next((str(option.value) for option in group if option.name == "song"), None)
    offer = _chosen(quote, song)
    found: list[tuple[str, str]] = []
    for tier in ladder.paid:
        cost = quote.cost(offer, tier.label) if offer else quote.prices.get(tier.label) or None
        if cost is not None and typed.strip().casefold() in tier.name.casefold():
            coins = number(cost, caller.locale)
            name = say("skip.choice", caller.locale, tier=clean(tier.name, 40), coins=coins)
            found.append((name[:100], str(tier.label)))
    await ctx.set_choices(found[:25])


async def offer_songs(ctx: tanjun.abc.AutocompleteContext, typed: str) -> None:
    """The caller's songs that can go up."""
    caller = Caller.of(ctx.interaction)
    quote = await ctx.get_type_dependency(Wallet).quote(caller.guild, caller.actor.id)
    await ctx.set_choices(matches([offer.song for offer in quote.offers], typed))


def _chosen(quote: Quote, text: str | None) -> Offer | None:
    """The song that is meant; the first that came where none is named."""
    if text is None:
        return quote.offers[0] if quote.offers else None
    wanted = parse(text)
    return next((offer for offer in quote.offers if offer.song.number == wanted), None)


@tanjun.with_str_slash_option(
    "song", describe("skip.song_option"), default=None, max_length=100, autocomplete=offer_songs
)
@tanjun.with_str_slash_option("tier", describe("skip.tier_option"), max_length=100, autocomplete=offer_tiers)
@skip.as_sub_command("buy", describe("skip.buy_description"))
async def buy(
    ctx: tanjun.abc.SlashContext,
    tier: str,
    song: str | None,
    wallet: alluka.Injected[Wallet],
    configuration: alluka.Injected[Configuration],
    redis: alluka.Injected[Redis],
) -> None:
    """Asks, with the price, before anything is paid."""
    caller = Caller.of(ctx.interaction)
    ladder = await configuration.ladder(caller.guild)
    rung = demand_tier(ladder, tier, caller.locale)
    quote = await wallet.quote(caller.guild, caller.actor.id)
    offer = _chosen(quote, song)
    if offer is None:
        raise UserError(say("skip.no_such_song" if quote.offers else "skip.no_song", caller.locale))
    name, before = named(offer.song), tier_name(offer.song.tier, ladder)
    if rung.label <= offer.song.tier:
        raise UserError(say("refusal.not_higher", caller.locale, song=name, tier=before))
    cost = quote.cost(offer, rung.label)
    if cost is None:
        sold = tier_name(rung.label, ladder)
        raise UserError(say("refusal.not_for_sale", caller.locale, tier=sold))
    coins = {"price": number(cost, caller.locale), "balance": number(quote.balance, caller.locale)}
    if cost > quote.balance:
        raise UserError(say("refusal.short", caller.locale, **coins))
    facts = {"song": offer.song.number, "tier": rung.label, "price": cost}
    await Questions(redis).ask(caller.guild, caller.request, caller.actor.id, facts)
    text = say(
        "skip.ask",
        caller.locale,
        coins=coins["price"],
        song=name,
        before=before,
        tier=tier_name(rung.label, ladder),
        balance=coins["balance"],
        left=number(quote.balance - cost, caller.locale),
    )
    yes = say("skip.yes", caller.locale, coins=coins["price"])
    rows = confirm_rows(_BUY, caller.request, caller.locale, yes=yes)
    await ctx.respond(
        text, components=rows, user_mentions=False, role_mentions=False, mentions_everyone=False
    )


@routes.component(_BUY)
async def sure(press: Press) -> None:
    """Pays, as one move with the song's; a second press changes nothing."""
    caller = Caller.of(press.interaction)
    if press.args[:1] == ("no",):
        await press.update(say("common.cancelled", caller.locale), components=[])
        return
    request = press.args[1] if len(press.args) == 2 else ""
    facts = await Questions(press.get(Redis)).asked(caller.guild, request, caller.actor.id)
    if facts is None or not {"song", "tier", "price"} <= facts.keys():
        raise UserError(say("common.question_gone", caller.locale))
    ladder = await press.get(Configuration).ladder(caller.guild)
    with worded(ladder, caller.locale, reader=caller.actor.id):
        bought = await press.get(Wallet).buy(
            caller.guild, request, caller.actor, facts["song"], facts["tier"], expected=facts["price"]
        )
    text = say(
        "skip.done" if bought.place else "skip.done_held",
        caller.locale,
        coins=number(bought.price, caller.locale),
        song=named(bought.song),
        tier=tier_name(bought.song.tier, ladder),
        place=bought.place,
        balance=number(bought.balance, caller.locale),
    )
    await press.update(text, components=[])


component = tanjun.Component(name="skip").load_from_scope()


@component.with_on_open
async def register(router: alluka.Injected[Router]) -> None:
    """Puts this feature's buttons where presses are routed, each time a bot opens."""
    router.include(routes)


load = component.make_loader()
