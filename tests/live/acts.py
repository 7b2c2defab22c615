"""What tests of lives do and wait for, over and over."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
from collections.abc import AsyncGenerator
from typing import Any

from sandbox.tiktok import Host, TikTok
from state import keys
from state.hosts import Status
from state.live_session import LiveSession
from state.scripts import Actor
from state.song import NewSong
from tests.stage import Stage, until

ARTIST = Actor(7, "artist")
SECONDS = 15.0


async def connect(stage: Stage, handle: str) -> None:
    reply = await stage.host.command("tiktok connect", stage.review, options={"handle": f"@{handle}"})
    assert "Listening to" in reply.text, reply.text


async def connected(stage: Stage, tiktok: TikTok) -> Host:
    """A host that is live and listened to."""
    host = tiktok.host(f"dj_{secrets.token_hex(3)}")
    host.go_live()
    await connect(stage, host.name)
    await stands(stage, host, "live")
    return host


async def stands(stage: Stage, host: Host, state: str, seconds: float = SECONDS) -> Status:
    """Waits until the connection to a host stands so."""
    found: list[Status] = []

    async def so() -> bool:
        status = await stage.app.stores.hosts.status(stage.id, host.name)
        found[:] = [status] if status is not None and status.state == state else []
        return bool(found)

    await until(so, seconds)
    return found[0]


async def session_of(stage: Stage, host: Host, state: str | None = None) -> LiveSession:
    """The open session of a host, once there is one (that stands so)."""
    found: list[LiveSession] = []

    async def so() -> bool:
        sessions = await stage.app.stores.live.open(stage.id)
        found[:] = [each for each in sessions if each.host == host.name and state in (None, each.state)]
        return bool(found)

    await until(so, SECONDS)
    return found[0]


async def booked(stage: Stage, number: int, seconds: float = SECONDS, **totals: int) -> LiveSession:
    """A session once it has those totals."""
    found: list[LiveSession] = []

    async def so() -> bool:
        session = await stage.app.stores.live.session(stage.id, number)
        found[:] = [session] if session is not None else []
        return session is not None and all(getattr(session, name) == n for name, n in totals.items())

    try:
        await until(so, seconds)
    except TimeoutError:
        raise AssertionError(f"never {totals}: {found}") from None
    return found[0]


async def has(stage: Stage, user: int, points: int) -> None:
    """Waits until an account has so many points."""

    async def so() -> bool:
        return await stage.app.stores.points.of_user(stage.id, user) == points

    await until(so, SECONDS)


async def submit(stage: Stage, title: str, user: int) -> int:
    song = NewSong(title, f"Artist {user}", user, f"user{user}")
    return (await stage.app.stores.queue.submit(stage.id, secrets.token_hex(8), ARTIST, song)).song.number


async def kinds(stage: Stage, kind: str) -> int:
    """How many events of that kind the guild has."""
    client: Any = stage.app.stores.redis
    entries = await client.xrange(keys.events(stage.id))
    return sum(fields["kind"] == kind for _, fields in entries)


@contextlib.asynccontextmanager
async def within(seconds: float) -> AsyncGenerator[None]:
    """Fails where the block takes longer: for promises that name a time."""
    began = time.monotonic()
    async with asyncio.timeout(seconds):
        yield
    assert time.monotonic() - began < seconds
