"""A live on the local TikTok, through the real client, to places in the queue and the table after it."""

from __future__ import annotations

from sandbox.tiktok import ROSE, TikTok
from tests.live.acts import ARTIST, SECONDS, connected, has, submit
from tests.live.conftest import Start
from tests.stage import Stage, until


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
