"""Songs on a stage, and the reviewer's messages of it."""

from __future__ import annotations

import secrets

from sandbox.discord import Channel, Message, Person, Reply
from state.board import Board
from state.scripts import Actor
from state.song import NewSong
from tests.stage import Stage, until


async def submitted(
    stage: Stage,
    artist: Person,
    title: str,
    *,
    tier: int = 0,
    **more: str | None,
) -> int:
    """A song in the queue, at once in the tier it is to have; gives its number."""
    queue = stage.app.stores.queue
    actor = Actor(int(artist.id), artist.name)
    song = NewSong(title, f"{artist.name} Band", actor.id, actor.name, **more)
    moved = await queue.submit(stage.id, secrets.token_hex(8), actor, song)
    if tier:
        await queue.promote(stage.id, secrets.token_hex(8), Actor(1, "test"), moved.song.number, tier)
    return moved.song.number


async def claimed(stage: Stage, artist: Person, title: str, tier: int, **more: str | None) -> int:
    """A pending skip; gives its number."""
    actor = Actor(int(artist.id), artist.name)
    song = NewSong(title, f"{artist.name} Band", actor.id, actor.name, claimed=tier, **more)
    moved = await stage.app.stores.queue.submit(stage.id, secrets.token_hex(8), actor, song)
    return moved.song.number


async def board(stage: Stage) -> Board:
    return await stage.app.stores.queue.board(stage.id, count=25, pending=25, held=5)


async def order(stage: Stage) -> list[int]:
    return [song.number for song in (await board(stage)).songs]


async def playing(stage: Stage) -> int | None:
    return (await board(stage)).now.song


async def panel(stage: Stage) -> Message:
    """The reviewer panel, posted by the bot's own display."""
    await stage.display("reviewer", stage.review)
    return shown(stage.review)


def shown(channel: Channel) -> Message:
    """The newest message of a display."""
    return [message for message in channel.messages if not message.ephemeral and message.embeds][-1]


async def shows(channel: Channel, text: str) -> Message:
    """Waits until the display of a channel has that text."""
    await channel.wait_for(lambda messages: any(text in message.text for message in messages), timeout=5)
    return shown(channel)


def buttons(components: list[dict[str, object]]) -> dict[str, str]:
    """Labels to custom_ids of all buttons."""
    found: dict[str, str] = {}
    for row in components:
        for item in row["components"]:  # type: ignore[union-attr]
            if item.get("label"):
                found[item["label"]] = item["custom_id"]
    return found


def option_values(menu: dict[str, object]) -> list[str]:
    """Values a select offers."""
    return [option["value"] for option in menu["options"]]  # type: ignore[union-attr]


async def redrawn(reply: Reply) -> Reply:
    """Waits until the message that was pressed shows what came of it, at once or after a promise."""
    assert reply.kind in ("update", "deferred_update"), reply.text
    await reply.settled()
    return reply


async def archived(stage: Stage) -> None:
    """Waits until the archive has every move."""
    redis = stage.app.stores.redis

    async def done() -> bool:
        revision, reached = await redis.mget(f"sl:{{{stage.id}}}:rev", f"sl:{{{stage.id}}}:archived")
        return revision == reached

    await until(done)
