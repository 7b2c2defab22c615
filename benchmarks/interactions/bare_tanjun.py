"""A Tanjun bot with one command, which is given one dependency and answers at once."""

from __future__ import annotations

from dataclasses import dataclass

import alluka
import tanjun

from benchmarks.bare_hikari import build
from bot import tanjun_compat


@dataclass
class Words:
    """What the command is given."""

    text: str


@tanjun.as_slash_command("bare", "Answers.")
async def bare(ctx: tanjun.abc.SlashContext, words: alluka.Injected[Words]) -> None:
    """Answers."""
    await ctx.respond(words.text)


def main() -> None:
    """Runs until killed."""
    bot = build()
    tanjun_compat.mute_deprecations()
    client = tanjun.Client.from_gateway_bot(bot, declare_global_commands=True)
    client.set_type_dependency(Words, Words("Here."))
    client.add_component(tanjun.Component().add_slash_command(bare))
    bot.run(check_for_updates=False)


if __name__ == "__main__":
    main()
