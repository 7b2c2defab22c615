"""A discord.py bot that answers a command and a button at once and does nothing else."""

from __future__ import annotations

import os
from typing import Any

import discord
import uvloop
import yarl
from discord import app_commands


class Client(discord.Client):
    """Declares the commands of its tree once it is logged in.

    discord.py has no setting for where Discord is, and asks for its gateway only with several shards: both
    are put in their places.
    """

    def __init__(self) -> None:
        discord.http.Route.BASE = os.environ["DISCORD_REST_URL"]
        super().__init__(intents=discord.Intents(guilds=True), max_messages=None)
        self.tree: app_commands.CommandTree[Any] = app_commands.CommandTree(self)

    async def setup_hook(self) -> None:
        """Declares the commands, and learns where the gateway is."""
        await self.tree.sync()
        _, url, _ = await self.http.get_bot_gateway()
        discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(url)

    def run_on_uvloop(self) -> None:
        """Runs until killed."""
        uvloop.run(self.start(os.environ["DISCORD_BOT_TOKEN"]))


class Panel(discord.ui.View):
    """The one button that is pressed, on whatever message stands."""

    def __init__(self) -> None:
        super().__init__(timeout=None)

    @discord.ui.button(label="Next", custom_id="panel:next")
    async def next(self, interaction: discord.Interaction, _: discord.ui.Button[Panel]) -> None:
        """Answers."""
        await interaction.response.defer()


class Bare(Client):
    """The bot itself."""

    async def setup_hook(self) -> None:
        """Begins with its command and its button."""
        self.add_view(Panel())

        @self.tree.command(name="bare", description="Answers.")
        async def bare(interaction: discord.Interaction) -> None:
            await interaction.response.send_message("Here.")

        await super().setup_hook()


if __name__ == "__main__":
    Bare().run_on_uvloop()
