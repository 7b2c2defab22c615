"""A discord.py bot that keeps the queue in PostgreSQL: the same answers as Skipline's, by asyncpg row locks.

Next locks the guild's row against others who press, takes the first waiting song with SKIP LOCKED, and
answers with the panel of the moment. `DATABASE_URL` says where the table is; `lay_out` makes and fills it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any, Final

import asyncpg
import discord
from discord import app_commands

from benchmarks.interactions.bare_discord_py import Client

PAGE: Final = 10
LISTED: Final = 25

_TABLES: Final = """
CREATE TABLE guilds (guild bigint PRIMARY KEY, playing bigint, turn bigint NOT NULL DEFAULT 0);
CREATE TABLE songs (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    guild bigint NOT NULL,
    state text NOT NULL DEFAULT 'waiting',
    tier int NOT NULL DEFAULT 0,
    points bigint NOT NULL DEFAULT 0,
    title text NOT NULL,
    artist text NOT NULL,
    user_id bigint NOT NULL,
    user_name text NOT NULL,
    at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX songs_in_order ON songs (guild, tier DESC, points DESC, id) WHERE state = 'waiting';
CREATE INDEX songs_of_users ON songs (guild, user_id) WHERE state = 'waiting';
"""
_LOCK: Final = "SELECT playing, turn FROM guilds WHERE guild = $1 FOR UPDATE"
_FIRST: Final = """
SELECT id, title, artist, user_name FROM songs WHERE guild = $1 AND state = 'waiting'
ORDER BY tier DESC, points DESC, id LIMIT 1 FOR UPDATE SKIP LOCKED
"""
_ENDED: Final = "UPDATE songs SET state = 'played' WHERE id = $1"
_STARTED: Final = "UPDATE songs SET state = 'playing', points = 0 WHERE id = $1"
_STAGE: Final = "UPDATE guilds SET playing = $2, turn = turn + 1 WHERE guild = $1"
_NEXT_ONES: Final = """
SELECT id, title, artist, user_name, tier, count(*) OVER () AS waiting FROM songs
WHERE guild = $1 AND state = 'waiting' ORDER BY tier DESC, points DESC, id LIMIT $2
"""
# One's own place: how many stand before one's first song.
_PAGE: Final = """
WITH own AS (
    SELECT tier, points, id FROM songs WHERE guild = $1 AND user_id = $2 AND state = 'waiting'
    ORDER BY tier DESC, points DESC, id LIMIT 1
)
SELECT id, title, artist, user_name, tier,
    (SELECT count(*) FROM songs WHERE guild = $1 AND state = 'waiting') AS waiting,
    (SELECT count(*) FROM songs s, own WHERE s.guild = $1 AND s.state = 'waiting'
        AND (-s.tier, -s.points, s.id) <= (-own.tier, -own.points, own.id)) AS place
FROM songs WHERE guild = $1 AND state = 'waiting'
ORDER BY tier DESC, points DESC, id LIMIT $3 OFFSET $4
"""


async def lay_out(url: str, songs: Mapping[int, int]) -> None:
    """Makes the tables, with as many waiting songs in each guild as `songs` says."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(_TABLES)
        await connection.executemany("INSERT INTO guilds (guild) VALUES ($1)", [(guild,) for guild in songs])
        await connection.copy_records_to_table(
            "songs",
            records=[
                (guild, f"Song {number}", f"Artist {number}", 10**6 + number, f"user{number}")
                for guild, count in songs.items()
                for number in range(count)
            ],
            columns=("guild", "title", "artist", "user_id", "user_name"),
        )
        await connection.execute("ANALYZE")
    finally:
        await connection.close()


class Next(discord.ui.Button["discord.ui.View"]):
    """The button that is pressed."""

    def __init__(self, bot: RowLocks) -> None:
        super().__init__(label="Next", custom_id="panel:next", row=0)
        self.bot = bot

    async def callback(self, interaction: discord.Interaction) -> None:
        """Plays the next song."""
        await self.bot.next(interaction)


def panel(
    bot: RowLocks, playing: Any, songs: Sequence[Any], turn: int
) -> tuple[list[discord.Embed], discord.ui.View]:
    """The panel's message: what plays, what comes, and the same buttons and menus as Skipline's."""
    waiting = songs[0]["waiting"] if songs else 0
    stage = discord.Embed(title="Nothing is playing.")
    if playing is not None:
        text = f"**{playing['artist']}**\nby {playing['user_name']}"
        stage = discord.Embed(title=f"#{playing['id']} {playing['title']}", description=text)
    lines = [f"#{s['id']} **{s['title']}** · {s['artist']} · {s['user_name']}" for s in songs[:PAGE]]
    coming = discord.Embed(title=f"Up next: {waiting}", description="\n".join(lines))
    number = None if playing is None else playing["id"]
    coming.set_footer(text=f"#{number} playing · turn {turn}")
    view = discord.ui.View(timeout=None)
    view.add_item(Next(bot))
    for name in ("Undo", "Hold", "Bump", "Pause"):
        view.add_item(discord.ui.Button(label=name, custom_id=f"panel:{name.lower()}", row=0))
    for name in ("Score", "Bookmark", "Fairness"):
        view.add_item(discord.ui.Button(label=name, custom_id=f"panel:{name.lower()}", row=1))
    if songs:
        options = [discord.SelectOption(label=s["title"], value=str(s["id"])) for s in songs]
        for row, name in enumerate(("promote", "remove"), 2):
            view.add_item(discord.ui.Select(custom_id=f"panel:{name}", options=options, row=row))
    return [stage, coming], view


class RowLocks(Client):
    """The bot itself."""

    pool: asyncpg.Pool

    async def setup_hook(self) -> None:
        """Begins with its commands and a pool of connections to PostgreSQL."""
        self.pool = await asyncpg.create_pool(os.environ["DATABASE_URL"], min_size=10, max_size=10)
        group = app_commands.Group(name="queue", description="The queue.")

        @group.command(name="show", description="Shows a page.")
        async def show(interaction: discord.Interaction, page: int = 1) -> None:
            await self.show(interaction, page)

        @self.tree.command(name="panel", description="Puts up the panel.")
        async def put_up(interaction: discord.Interaction) -> None:
            embeds, view = panel(
                self, None, await self.pool.fetch(_NEXT_ONES, interaction.guild_id, LISTED), 0
            )
            await interaction.response.send_message(embeds=embeds, view=view)

        self.tree.add_command(group)
        await super().setup_hook()

    async def show(self, interaction: discord.Interaction, page: int) -> None:
        """Shows one page and the caller's own place."""
        songs = await self.pool.fetch(
            _PAGE, interaction.guild_id, interaction.user.id, PAGE, (page - 1) * PAGE
        )
        lines = [
            f"**{place}.** {song['title']} — {song['artist']} · {song['user_name']}"
            for place, song in enumerate(songs, (page - 1) * PAGE + 1)
        ]
        waiting = songs[0]["waiting"] if songs else 0
        place = songs[0]["place"] if songs else 0
        embed = discord.Embed(title=f"Queue: {waiting}", description="\n".join(lines))
        embed.set_footer(text=f"Your place: {place}" if place else "You have no song here.")
        await interaction.response.send_message(embed=embed, ephemeral=True)

    async def next(self, interaction: discord.Interaction) -> None:
        """Plays the next song."""
        guild = interaction.guild_id
        async with self.pool.acquire() as connection:
            async with connection.transaction():
                stage = await connection.fetchrow(_LOCK, guild)
                song = await connection.fetchrow(_FIRST, guild)
                if stage["playing"] is not None:
                    await connection.execute(_ENDED, stage["playing"])
                if song is not None:
                    await connection.execute(_STARTED, song["id"])
                await connection.execute(_STAGE, guild, None if song is None else song["id"])
            songs = await connection.fetch(_NEXT_ONES, guild, LISTED)
        embeds, view = panel(self, song, songs, stage["turn"] + 1)
        await interaction.response.edit_message(embeds=embeds, view=view)


if __name__ == "__main__":
    RowLocks().run_on_uvloop()
