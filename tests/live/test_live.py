"""A live on the local TikTok, through the real client, to places in the queue and the table after it."""

from __future__ import annotations

import secrets

from sandbox.tiktok import ROSE, Host, TikTok
from state.hosts import Status
from state.scripts import Actor
from state.song import NewSong
from tests.live.conftest import Start
from tests.stage import Stage, until

ARTIST = Actor(7, "artist")
SECONDS = 15.0


async def connected(stage: Stage, tiktok: TikTok) -> Host:
    """A host that is live and listened to."""
    host = tiktok.host(f"dj_{secrets.token_hex(3)}")
    host.go_live()
    reply = await stage.host.command("tiktok connect", stage.review, options={"handle": f"@{host.name}"})
    assert "Listening to" in reply.text
    await stands(stage, host, "live")
    return host


async def stands(stage: Stage, host: Host, state: str) -> Status:
    """Waits until the connection to a host stands so."""
    found: list[Status] = []

    async def so() -> bool:
        status = await stage.app.stores.hosts.status(stage.id, host.name)
        found[:] = [status] if status is not None and status.state == state else []
        return bool(found)

    await until(so, SECONDS)
    return found[0]


async def has(stage: Stage, user: int, points: int) -> None:
    """Waits until an account has so many points."""

    async def so() -> bool:
        return await stage.app.stores.points.of_user(stage.id, user) == points

    await until(so, SECONDS)


async def submit(stage: Stage, title: str, user: int) -> int:
    song = NewSong(title, f"Artist {user}", user, f"user{user}")
    return (await stage.app.stores.queue.submit(stage.id, secrets.token_hex(8), ARTIST, song)).song.number


async def test_likes_score_and_gifts_lift_the_song_of_who_gave_them(
    stage: Stage, tiktok: TikTok, listen: Start
) -> None:
    await listen()
    host = await connected(stage, tiktok)
    live, anna, alice = host.live, tiktok.viewer("anna"), int(stage.alice.id)
    assert live is not None
    await stage.app.stores.points.link(stage.id, "l1", ARTIST, anna.id, alice, name="@anna")
    await submit(stage, "First", int(stage.bruno.id))
    mine = await submit(stage, "Night Bus", alice)
    before = await stage.app.stores.points.of_user(stage.id, alice)
    anna.like(live, 12)
    await has(stage, alice, before + 12)
    assert (await stage.app.stores.queue.board(stage.id, count=1)).songs[0].number == mine
    streak = anna.streak(live, ROSE, 400)
    streak.more(400)
    streak.end()
    await has(stage, alice, before + 12 + 2 * 800)
    anna.gift(live, ROSE, 200)

    async def lifted() -> bool:
        song = await stage.app.stores.queue.song(stage.id, mine)
        return song is not None and song.tier == 5

    await until(lifted, SECONDS)
