"""Every event, through the real client over real sockets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from TikTokLive.events import (
    CommentEvent,
    ControlEvent,
    DisconnectEvent,
    FollowEvent,
    GiftEvent,
    JoinEvent,
    LikeEvent,
    LiveEndEvent,
    LivePauseEvent,
    LiveUnpauseEvent,
    RoomUserSeqEvent,
    ShareEvent,
    SocialEvent,
    SubNotifyEvent,
)

from sandbox.tiktok import ROSE, UNIVERSE, Size
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
        assert (event.gift.type, event.gift.combo, event.gift_id) == (1, True, ROSE.id)
        assert event.group_id == streak.group
        assert event.common.room_id == live.room
    assert [each.common.msg_id for each in gifts] == [each.id for each in streak.messages]
    assert [each.common.create_time for each in gifts] == [each.at for each in streak.messages]
    assert tiktok.books.of().viewers[anna.id].coins == 4


async def test_a_large_gift_comes_once(tiktok: TikTok) -> None:
    live = tiktok.host("dj_mara").go_live()
    anna = tiktok.viewer("anna")
    async with listening(tiktok, "dj_mara") as client:
        anna.gift(live, UNIVERSE, 2)
        (gift,) = await client.hears(GiftEvent)
        assert (gift.repeat_count, gift.repeat_end, gift.streaking) == (2, 0, False)
        assert gift.gift.diamond_count == 44_999
    assert tiktok.books.of().viewers[anna.id].coins == 89_998
    with pytest.raises(ValueError, match="does not streak"):
        anna.streak(live, UNIVERSE)


async def test_likes_come_in_batches_with_the_total_of_the_room(tiktok: TikTok) -> None:
    live = tiktok.host("dj_mara").go_live()
    async with listening(tiktok, "dj_mara") as client:
        tiktok.viewer("anna").like(live, 40)
        tiktok.viewer("beni").like(live, 2)
        likes = await client.hears(LikeEvent, 4)
    assert [(each.count, each.total, each.user.display_id) for each in likes] == [
        (15, 15, "anna"),
        (15, 30, "anna"),
        (10, 40, "anna"),
        (2, 42, "beni"),
    ]
    assert tiktok.books.of(room=live.room).total.likes == live.likes == 42


async def test_comment_share_follow_subscribe_and_join(tiktok: TikTok) -> None:
    live = tiktok.host("dj_mara").go_live()
    anna = tiktok.viewer("anna", moderator=True)
    async with listening(tiktok, "dj_mara") as client:
        said = anna.comment(live, "¡hola! 🔥")
        anna.share(live)
        anna.follow(live)
        anna.subscribe(live, 3)
        anna.join(live)
        (comment,) = await client.hears(CommentEvent)
        shared, followed = await client.hears(SocialEvent, 2)
        (subscribed,) = await client.hears(SubNotifyEvent)
        (joined,) = await client.hears(JoinEvent)
        assert len(client.of(ShareEvent)) == len(client.of(FollowEvent)) == 1
    assert (comment.content, comment.common.msg_id) == ("¡hola! 🔥", said.id)
    assert comment.user_identity.is_moderator_of_anchor
    assert (shared.action, shared.share_count, followed.action) == (3, 1, 1)
    assert (subscribed.sub_month, subscribed.user.id) == (3, anna.id)
    assert (joined.action, joined.member_count, joined.user.id) == (1, 1, anna.id)
    total = tiktok.books.of().total
    assert (total.comments, total.shares, total.follows, total.subscribes, total.joins) == (1, 1, 1, 1, 1)


async def test_the_viewer_sequence_names_the_top_gifters(tiktok: TikTok) -> None:
    live = tiktok.host("dj_mara").go_live()
    anna, beni = tiktok.viewer("anna"), tiktok.viewer("beni")
    async with listening(tiktok, "dj_mara") as client:
        anna.gift(live, ROSE, 3)
        beni.gift(live, UNIVERSE)
        live.viewers(120, 900)
        (seen,) = await client.hears(RoomUserSeqEvent)
    assert (seen.total, seen.total_user) == (120, 900)
    assert [(each.rank, each.score, each.user.id) for each in seen.ranks] == [
        (1, 44_999, beni.id),
        (2, 3, anna.id),
    ]


async def test_pause_resume_and_end(tiktok: TikTok) -> None:
    live = tiktok.host("dj_mara").go_live()
    async with listening(tiktok, "dj_mara") as client:
        live.pause()
        await client.hears(LivePauseEvent)
        live.resume()
        await client.hears(LiveUnpauseEvent)
        live.end()
        await client.hears(LiveEndEvent)
        assert await client.ends() is None
        assert client.of(DisconnectEvent)
        assert [each.action for each in client.of(ControlEvent)] == [1, 2, 3]


async def test_a_renamed_viewer_keeps_the_id(tiktok: TikTok) -> None:
    live = tiktok.host("dj_mara").go_live()
    anna = tiktok.viewer("anna")
    async with listening(tiktok, "dj_mara") as client:
        anna.comment(live, "before")
        anna.rename("anna.sings", "Anna sings")
        anna.comment(live, "after")
        before, after = await client.hears(CommentEvent, 2)
    assert before.user.id == after.user.id == anna.id
    assert (before.user.display_id, after.user.display_id) == ("anna", "anna.sings")
    assert tiktok.viewer("anna").id != anna.id
    assert tiktok.viewer("anna.sings") is anna


async def test_a_renamed_host_is_found_under_the_new_name(tiktok: TikTok) -> None:
    host = tiktok.host("dj_mara")
    host.go_live()
    tiktok.host("taken")
    with pytest.raises(ValueError, match="is taken"):
        host.rename("taken")
    host.rename("mara.live")
    assert tiktok.find_host("dj_mara") is None
    async with listening(tiktok, str(host.id), client={"is_user_id": True}) as client:
        assert client.client.unique_id == "mara.live"
    async with listening(tiktok, "mara.live"):
        pass


async def test_a_masked_viewer_says_so(tiktok: TikTok) -> None:
    live = tiktok.host("dj_mara").go_live()
    async with listening(tiktok, "dj_mara") as client:
        tiktok.viewer("anna", masked=True).comment(live, "who am I")
        tiktok.viewer("beni").comment(live, "and I")
        masked, plain = await client.hears(CommentEvent, 2)
    assert masked.user.enigma_info.is_enigma_mask_on
    assert plain.user.enigma_info is None


@pytest.mark.parametrize("size", [Size.USUAL, Size.LARGE])
async def test_events_weigh_what_real_ones_do(tiktok: TikTok, size: Size) -> None:
    live = tiktok.host("dj_mara").go_live(size=size)
    anna = tiktok.viewer("anna")
    async with listening(tiktok, "dj_mara") as client:
        anna.comment(live, "hello")
        anna.like(live, 3)
        anna.gift(live, ROSE)
        anna.join(live)
        await client.hears(JoinEvent)
        (comment,) = client.of(CommentEvent)
    assert comment.user.avatar_thumb.url_list[0].startswith("https://")
    for _, _, payload in live.recent:
        assert size * 0.9 < len(payload) < size * 1.1


async def test_two_clients_and_two_hosts_hear_their_own(tiktok: TikTok) -> None:
    mara, tio = tiktok.host("dj_mara").go_live(), tiktok.host("tio_beat").go_live()
    anna = tiktok.viewer("anna")
    async with (
        listening(tiktok, "dj_mara") as first,
        listening(tiktok, "dj_mara", compress_ws_events=False) as second,
        listening(tiktok, "tio_beat") as third,
    ):
        anna.comment(mara, "one")
        anna.comment(tio, "two")
        for client, text in ((first, "one"), (second, "one"), (third, "two")):
            (heard,) = await client.hears(CommentEvent)
            assert heard.content == text
        assert [each.compress for each in mara.connections] == [True, False]
        await mara.acknowledged()
        await tio.acknowledged()
    assert tiktok.books.received("dj_mara").total.comments == 1
    assert tiktok.books.received().total.comments == 2
