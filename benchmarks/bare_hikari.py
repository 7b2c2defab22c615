"""The floor: a hikari bot that answers a command and a button at once and does nothing else."""

from __future__ import annotations

import os

import hikari
import uvloop


def build() -> hikari.GatewayBot:
    """A bot with the settings and the event loop Skipline runs with."""
    uvloop.install()
    return hikari.GatewayBot(
        os.environ["DISCORD_BOT_TOKEN"],
        rest_url=os.environ["DISCORD_REST_URL"],
        banner=None,
        logs=None,
        intents=hikari.Intents.GUILDS,
        suppress_optimization_warning=True,
        auto_chunk_members=False,
        http_settings=hikari.impl.HTTPSettings(force_close_transports=False),
        cache_settings=hikari.impl.CacheSettings(components=hikari.api.CacheComponents.GUILDS),
    )


def main() -> None:
    """Runs until killed."""
    bot = build()

    @bot.listen()
    async def declare(_: hikari.StartedEvent) -> None:
        me = await bot.rest.fetch_application()
        command = bot.rest.slash_command_builder("bare", "Answers.")
        await bot.rest.set_application_commands(me, [command])

    @bot.listen()
    async def answer(event: hikari.InteractionCreateEvent) -> None:
        interaction = event.interaction
        if isinstance(interaction, hikari.CommandInteraction):
            await interaction.create_initial_response(hikari.ResponseType.MESSAGE_CREATE, "Here.")
        elif isinstance(interaction, hikari.ComponentInteraction):
            await interaction.create_initial_response(hikari.ResponseType.DEFERRED_MESSAGE_UPDATE)

    bot.run(check_for_updates=False)


if __name__ == "__main__":
    main()
