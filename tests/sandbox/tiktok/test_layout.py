"""The double's own encoding against the message classes of the installed library."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, cast

import pytest
from TikTokLive.events.proto_events import EVENT_MAPPINGS
from TikTokLiveProto.v3.webcast.im import WebcastPushFrame
from TikTokLiveProto.v3.webcast.shared.message import ProtoMessageFetchResult

from sandbox.tiktok import GIFTS, ROSE, Size
from sandbox.tiktok.frames import ClientFrame, envelope, fetch_result, push_frame
from sandbox.tiktok.wire import blob, number, read, text, varint

if TYPE_CHECKING:
    from sandbox.tiktok import TikTok


# By the names messages go under; what the library annotates says less than what it has.
CLASSES: dict[str, Any] = dict(EVENT_MAPPINGS)


def unknown_fields(message: Any) -> list[str]:
    """Find fields of a parsed message that its class does not know, at any depth."""
    found = [type(message).__name__] if message._unknown_fields else []
    for name in message.__dataclass_fields__:
        value: Any = getattr(message, name)
        for each in cast("list[Any]", value) if isinstance(value, list) else [value]:
            if hasattr(each, "_unknown_fields"):
                found += [f"{name}.{path}" for path in unknown_fields(each)]
    return found


@pytest.mark.parametrize("size", Size)
async def test_every_field_sent_is_one_the_library_knows(tiktok: TikTok, size: Size) -> None:
    live = tiktok.host("dj_mara").go_live(size=size)
    anna = tiktok.viewer("anna", moderator=True, masked=True)
    for gift in GIFTS:
        anna.gift(live, gift)
    anna.like(live)
    anna.comment(live, "hi")
    anna.share(live)
    anna.follow(live)
    anna.subscribe(live)
    anna.join(live)
    live.viewers(3)
    live.pause()
    seen: set[str] = set()
    for message, method, payload in live.recent:
        seen.add(method)
        with warnings.catch_warnings():
            # Some parts of a user are marked as deprecated in the schema, and still sent.
            warnings.simplefilter("ignore", DeprecationWarning)
            parsed: Any = CLASSES[method]().parse(payload)
            assert unknown_fields(parsed) == []
        assert (parsed.common.method, parsed.common.msg_id) == (method, message.id)
        # The library writes the fields in the same order, so that the same bytes mean the same message.
        assert len(bytes(parsed)) == len(payload)
    assert len(seen) == 8


def test_a_fetch_result_and_its_frame_mean_the_same_to_the_library() -> None:
    body = fetch_result(
        [envelope("WebcastChatMessage", b"\x01", 77, history=True), envelope("X", b"", 78)],
        cursor="c",
        internal_ext="ext",
        now=1_700_000_000_000,
        first=True,
        push_server="wss://push",
        route_params={"imprp": "token", "wrss": "other"},
    )
    result = ProtoMessageFetchResult.parse(body)
    assert [(each.method, each.payload, each.msg_id, each.is_history) for each in result.messages] == [
        ("WebcastChatMessage", b"\x01", 77, True),
        ("X", b"", 78, False),
    ]
    assert (result.cursor, result.internal_ext, result.push_server) == ("c", "ext", "wss://push")
    assert (result.is_first, result.need_ack, result.now) == (True, True, 1_700_000_000_000)
    assert result.route_params == {"imprp": "token", "wrss": "other"}
    frame = WebcastPushFrame.parse(push_frame(9, "msg", body, compress=True))
    assert (frame.log_id, frame.payload_type, frame.payload_encoding) == (9, "msg", "pb")
    assert [(each.key, each.value) for each in frame.headers] == [("compress_type", "gzip")]
    assert frame.payload[:2] == b"\x1f\x8b"
    plain = WebcastPushFrame.parse(push_frame(9, "msg", body))
    assert (plain.payload, plain.headers) == (body, [])


def test_frames_of_the_library_are_read() -> None:
    sent = bytes(WebcastPushFrame(payload_type="ack", payload_encoding="pb", log_id=300, payload=b"ext"))
    assert ClientFrame.parse(sent) == ClientFrame("ack", 300, b"ext")


@pytest.mark.parametrize("value", [0, 1, 127, 128, 300, 2**31, 2**63 - 1])
def test_numbers_come_back(value: int) -> None:
    assert read(number(5, value)) == ({5: [value]} if value else {})


def test_a_negative_number_takes_ten_bytes() -> None:
    assert len(varint(-1)) == 10
    assert read(number(1, -1)) == {1: [2**64 - 1]}


def test_fields_come_back_in_order() -> None:
    assert read(blob(1, b"a") + number(2, 3) + text(1, "b")) == {1: [b"a", b"b"], 2: [3]}
    assert read(b"\x0d\x01\x02\x03\x04") == {1: [b"\x01\x02\x03\x04"]}


@pytest.mark.parametrize("data", [b"\x0a\x05ab", b"\x08", b"\x08" + b"\xff" * 11, b"\x0f\x01"])
def test_what_is_no_message_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"message|varint|Wire type"):
        read(data)


def test_the_shop_has_what_viewers_know() -> None:
    assert ROSE.price == 1
    assert max(gift.price for gift in GIFTS) == 44_999
    assert len({gift.id for gift in GIFTS}) == len(GIFTS)
