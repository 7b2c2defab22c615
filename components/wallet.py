"""Luxury Coins as people read them: the balance, the prices, the history, the question before a purchase."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import hikari

from components.markdown import plain
from components.pages import page_count, page_row, within
from components.texts import FALLBACK, number, say
from state.ladder import Ladder

PAGE: Final = 10
PAGE_HANDLER: Final = "wallet.page"
_COLOR: Final = 0xC8A24B
_CAUSES: Final = ("bought", "undone", "restored", "mended", "gifts", "active")


@dataclass(frozen=True, slots=True)
class Change:
    """One change of a wallet; `at` in s since 1970, `cause` the ledger's word."""

    at: int
    change: int
    cause: str
    balance: int
    song: int | None = None
    reason: str | None = None


def wallet_text(balance: int, prices: Mapping[int, int], ladder: Ladder, locale: str = FALLBACK) -> str:
    """What somebody has, what it buys, and how more is earned. `prices`: label to coins, 0 for none."""
    lines = [
        say("wallet.price", locale, tier=plain(tier.name), coins=number(prices[tier.label], locale))
        for tier in ladder.paid
        if prices.get(tier.label)
    ]
    sold = say("wallet.prices", locale, lines="\n".join(lines)) if lines else say("wallet.no_prices", locale)
    shown = say("wallet.shown", locale, coins=number(balance, locale))
    return "\n".join((shown, say("wallet.how", locale), sold))


def history_embed(
    changes: Sequence[Change], count: int, page: int, locale: str = FALLBACK
) -> tuple[hikari.Embed, Sequence[hikari.impl.MessageActionRowBuilder]]:
    """A page of the ledger, newest first, and the buttons below it; `count` changes there are in all."""
    pages = page_count(count, PAGE)
    page = within(page, pages)
    lines = [_line(each, locale) for each in changes]
    embed = hikari.Embed(
        title=say("wallet.title", locale),
        description="\n".join(lines) or say("wallet.none", locale),
        color=_COLOR,
    )
    embed.set_footer(say("wallet.page", locale, page=page, pages=pages))
    return embed, page_row(PAGE_HANDLER, page, pages, locale)


def _line(change: Change, locale: str) -> str:
    sign = "+" if change.change > 0 else "-"
    return say(
        "wallet.line",
        locale,
        at=change.at,
        change=sign + number(abs(change.change), locale),
        cause=_cause(change, locale),
        balance=number(change.balance, locale),
    )


def _cause(change: Change, locale: str) -> str:
    reason = say("wallet.reason", locale, reason=plain(change.reason, 120)) if change.reason else ""
    if change.cause == "given":
        return say("wallet.cause_given" if change.change > 0 else "wallet.cause_taken", locale) + reason
    if change.cause == "returned":
        key = "wallet.cause_returned" if change.song else "wallet.cause_returned_many"
        return say(key, locale, song=change.song) + reason
    if change.cause in _CAUSES:
        return say(f"wallet.cause_{change.cause}", locale, song=change.song)
    return say("wallet.cause_other", locale, cause=plain(change.cause, 40))
