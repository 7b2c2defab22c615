"""Every event, through the real client over real sockets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from TikTokLive.events import GiftEvent

from sandbox.tiktok import ROSE, UNIVERSE
from tests.sandbox.tiktok.listening import listening

if TYPE_CHECKING:
    from sandbox.tiktok import TikTok


async def test_a_streak_comes_with_growing_counts_and_an_end(tiktok: TikTok) -> None:
    live = tiktok.host("dj_mara").go_live()
    anna = tiktok.viewer("anna", "Anna")
    async with listening(tiktok, "dj_mara") as client:
        streak = anna.streak(live, ROSE)
        streak.more(3)
        streak.end()
        gifts = await client.hears(GiftEvent, 3)
    assert [(each.repeat_count, each.repeat_end, each.streaking) for each in gifts] == [
        (1, 0, True),
        (4, 0, True),
        (4, 1, False),
    ]
    for event in gifts:
        assert (event.user.id, event.user.display_id, event.user.nickname) == (anna.id, "anna", "Anna")
        assert (event.gift.id, event.gift.name, event.gift.diamond_count) == (ROSE.id, "Rose", 1)
        assert event.group_id == streak.group
        assert event.common.room_id == live.room
    assert [each.common.msg_id for each in gifts] == [each.id for each in streak.messages]
    assert tiktok.books.of().viewers[anna.id].coins == 4


async def test_a_large_gift_comes_once(tiktok: TikTok) -> None:
    live = tiktok.host("dj_mara").go_live()
    anna = tiktok.viewer("anna")
    async with listening(tiktok, "dj_mara") as client:
        anna.gift(live, UNIVERSE)
        (gift,) = await client.hears(GiftEvent)
        assert (gift.repeat_count, gift.repeat_end, gift.streaking) == (1, 0, False)
        assert tiktok.books.of().viewers[anna.id].coins == 44_999
