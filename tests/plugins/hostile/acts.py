"""What people can try on a running show, and what there is of it to be looked at afterwards."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from redis.asyncio import Redis

from sandbox.discord import Message, Person, Reply, Upload
from tests.doors import Doors
from tests.stage import Stage

MP3 = b"ID3\x04\x00\x00\x00\x00\x00\x00" + b"\xff\xfb\x90\x00" + bytes(4096)
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(4096)
MEGABYTE = 1024 * 1024
YOUTUBE = "https://youtu.be/dQw4w9WgXcQ"

# An answer is kept for a repetition of its question, the worker writes down how far it has come, and the sums
# of the leaderboard are made when somebody first asks for them.
HARMLESS = re.compile(r"sl:\{\d+\}:(req:.*|question:.*|lease:.*|painted:.*|archived|noticed|points:total)")

Dump = dict[str, Any]


@dataclass
class Scene:
    """A show in the middle of an evening, and another guild that has nothing to do with it."""

    stage: Stage
    other: Stage
    doors: Doors
    board: Message
    panel: Message
    pending: Message
    numbers: dict[str, int]
    rich: Person


async def dump(stage: Stage) -> Dump:
    """Every key of a guild with its value."""
    redis: Redis = stage.app.stores.redis
    found: Dump = {}
    async for key in redis.scan_iter(match=f"sl:{{{stage.id}}}:*", count=5000):
        if HARMLESS.fullmatch(key):
            continue
        match await redis.type(key):
            case "hash":
                found[key] = await redis.hgetall(key)  # type: ignore[misc]
            case "zset":
                found[key] = await redis.zrange(key, 0, -1, withscores=True)
            case "stream":
                found[key] = await redis.xrange(key)
            case "string":
                found[key] = await redis.get(key)
            case kind:
                found[key] = (kind, await redis.dump(key))
    return found


async def heard(reply: Reply, told: str) -> str:
    """All that the person reads: the answer, and what comes after it; waits for what is to be told."""
    assert reply.ok, reply.refusal
    if reply.modal is not None:
        return reply.modal.title
    message = await reply.settled()

    def said() -> str:
        return "\n".join([message.text, *(each.text for each in reply.followups)])

    with contextlib.suppress(TimeoutError):
        await reply.interaction.channel.wait_until(lambda: told in said(), timeout=2)
    return said()


Act = Callable[[Scene], Awaitable[Reply]]


def link(**given: Any) -> Act:
    """`/submit link` by Alice, as no client would send it."""

    async def act(scene: Scene) -> Reply:
        options = {"url": "https://youtu.be/aaaaaaaaaaa", "artist": "A", "title": "T", **given}
        return await scene.stage.bruno.command(
            "submit link", scene.stage.submissions, options=options, forge=True
        )

    return act


def file(name: str, content: bytes, **given: Any) -> Act:
    async def act(scene: Scene) -> Reply:
        options = {"file": Upload(name, content), "artist": "A", "title": "T", **given}
        return await scene.rich.command("submit file", scene.stage.submissions, options=options, forge=True)

    return act


def form(**fields: str) -> Act:
    async def act(scene: Scene) -> Reply:
        opened = await scene.stage.bruno.command("submit form", scene.stage.submissions)
        given = {"url": YOUTUBE, "artist": "A", "title": "T", **fields}
        return await scene.stage.bruno.submit(opened.modal, given, forge=True)

    return act


def run(who: str, command: str, **options: Any) -> Act:
    """A command by one of the people; a value that names a song of the scene stands for its number."""

    async def act(scene: Scene) -> Reply:
        given = {
            name: str(scene.numbers[value]) if isinstance(value, str) and value in scene.numbers else value
            for name, value in options.items()
        }
        person: Person = getattr(scene.stage, who)
        return await person.command(command, scene.stage.review, options=given, forge=True)

    return act


def filled(custom_id: str, scene: Scene) -> str:
    return re.sub(r"<(\w+)>", lambda name: str(scene.numbers[name[1]]), custom_id)


def press(who: str, on: str, custom_id: str) -> Act:
    async def act(scene: Scene) -> Reply:
        person: Person = getattr(scene.stage, who)
        return await person.press(getattr(scene, on), filled(custom_id, scene), forge=True)

    return act


def choose(who: str, on: str, custom_id: str, *values: Any) -> Act:
    async def act(scene: Scene) -> Reply:
        person: Person = getattr(scene.stage, who)
        chosen = [filled(str(value), scene) for value in values]
        return await person.choose(getattr(scene, on), filled(custom_id, scene), chosen, forge=True)

    return act


async def forged(scene: Scene, person: Person, custom_id: str, **fields: str) -> Reply:
    """A form that was never opened: one that was, under another name."""
    opened = await person.command("submit form", scene.stage.submissions)
    assert opened.modal is not None
    opened.modal._body = opened.modal._body | {"custom_id": filled(custom_id, scene)}
    return await person.submit(opened.modal, fields, forge=True)


def send(who: str, custom_id: str, **fields: str) -> Act:
    async def act(scene: Scene) -> Reply:
        return await forged(scene, getattr(scene.stage, who), custom_id, **fields)

    return act


def lying(url: str, told: str) -> tuple[str, Act, str]:
    return f"link {url[:60]}", link(url=url), told
