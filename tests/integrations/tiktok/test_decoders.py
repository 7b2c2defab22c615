"""The decoders and the hook they hang on: both must fail loudly when the library changes under them."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys

import pytest

from integrations.tiktok import events
from integrations.tiktok.decoders import DECODERS, Reader, installed
from integrations.tiktok.events import Viewer
from integrations.tiktok.schema import MESSAGES
from integrations.tiktok.tiktoklive import TikTokLiveSource

COMMON = {"msg_id": 7_450_000_000_000_000_001, "room_id": 77, "create_time": 1_700_000_000_123}
USER = {
    "id": 6_800_000_000_000_000_009,
    "nickname": "Añn",
    "display_id": "ann",
    "bio_description": "x" * 500,
}
ANN = Viewer(USER["id"], "ann", "Añn")
HEAD = (COMMON["msg_id"], 77, COMMON["create_time"])
ROSE = {"id": 5655, "type": 1, "diamond_count": 1, "name": "Rose", "describe": "y" * 200}

# What the library's own schema calls things -> the event that comes of it.
CASES: list[tuple[str, dict[str, object], events.LiveEvent | None]] = [
    (
        "WebcastGiftMessage",
        {"gift_id": 5655, "repeat_count": 5, "group_id": 99, "user": USER, "gift": ROSE},
        events.Gift(*HEAD, ANN, 5655, "Rose", 1, 5, 99, streakable=True, ended=False),
    ),
    (
        "WebcastGiftMessage",
        {"gift_id": 5655, "repeat_count": 5, "repeat_end": 1, "group_id": 99, "user": USER, "gift": ROSE},
        events.Gift(*HEAD, ANN, 5655, "Rose", 1, 5, 99, streakable=True, ended=True),
    ),
    (
        "WebcastGiftMessage",
        {
            "gift_id": 9072,
            "group_id": 99,
            "user": USER,
            "user_identity": {"is_moderator_of_anchor": True},
            "gift": {"id": 9072, "type": 2, "diamond_count": 44_999, "name": "Universe"},
        },
        events.Gift(
            *HEAD,
            Viewer(ANN.id, "ann", "Añn", moderator=True),
            9072,
            "Universe",
            44_999,
            1,
            99,
            streakable=False,
            ended=True,
        ),
    ),
    ("WebcastLikeMessage", {"count": 15, "total": 1_234, "user": USER}, events.Like(*HEAD, ANN, 15, 1_234)),
    ("WebcastChatMessage", {"content": "¡hola!", "user": USER}, events.Comment(*HEAD, ANN, "¡hola!")),
    (
        "WebcastChatMessage",
        {"content": "boo", "user": {**USER, "enigma_info": {"is_enigma_mask_on": True}}},
        events.Comment(*HEAD, Viewer(ANN.id, "ann", "Añn", masked=True), "boo"),
    ),
    ("WebcastSocialMessage", {"action": 1, "user": USER}, events.Follow(*HEAD, ANN)),
    ("WebcastSocialMessage", {"action": 3, "user": USER}, events.Share(*HEAD, ANN)),
    ("WebcastSocialMessage", {"action": 2, "user": USER}, None),
    ("WebcastMemberMessage", {"action": 1, "member_count": 5, "user": USER}, events.Join(*HEAD, ANN)),
    ("WebcastMemberMessage", {"action": 3, "user": USER}, None),
    ("WebcastSubNotifyMessage", {"sub_month": 2, "user": USER}, events.Subscribe(*HEAD, ANN)),
    ("WebcastRoomUserSeqMessage", {"total": 41, "total_user": 900}, events.Viewers(*HEAD, 41, 900)),
    ("WebcastControlMessage", {"action": 1}, events.Paused(*HEAD)),
    ("WebcastControlMessage", {"action": 2}, events.Resumed(*HEAD)),
    ("WebcastControlMessage", {"action": 3}, events.Ended(*HEAD)),
    ("WebcastControlMessage", {"action": 4}, events.Ended(*HEAD)),
    ("WebcastControlMessage", {"action": 0}, None),
]


def encoded(method: str, fields: dict[str, object]) -> bytes:
    """Those fields as the library's own schema writes them."""
    from integrations.tiktok.client import EVENT_MAPPINGS

    return bytes(EVENT_MAPPINGS[method].from_dict({"common": COMMON, **fields}))


@pytest.mark.parametrize(("method", "fields", "event"), CASES)
def test_a_message_in_the_librarys_own_schema_becomes_its_event(
    method: str, fields: dict[str, object], event: events.LiveEvent | None
) -> None:
    reader = Reader(77)
    assert reader.read(method, encoded(method, fields), 0) == event
    assert not reader.skipped


def test_a_gift_that_does_not_say_what_it_is_has_the_price_it_had() -> None:
    reader = Reader(77)
    bare = encoded("WebcastGiftMessage", {"gift_id": 5655, "repeat_count": 2, "group_id": 1, "user": USER})
    unpriced = reader.read("WebcastGiftMessage", bare, 0)
    assert isinstance(unpriced, events.Gift)
    assert unpriced.price == 0
    assert reader.skipped == {"priceless WebcastGiftMessage": 1}
    full = {"gift_id": 5655, "repeat_count": 3, "group_id": 1, "user": USER, "gift": ROSE}
    reader.read("WebcastGiftMessage", encoded("WebcastGiftMessage", full), 0)
    priced = reader.read("WebcastGiftMessage", bare, 0)
    assert isinstance(priced, events.Gift)
    assert (priced.price, priced.streakable, priced.gift_name) == (1, True, "Rose")


def test_a_name_that_is_no_text_does_not_cost_the_gift() -> None:
    message = MESSAGES["WebcastChatMessage"](content=b"\xff\xfehi")
    event = Reader(77).read("WebcastChatMessage", message.SerializeToString(), 5)
    assert isinstance(event, events.Comment)
    assert (event.text, event.message, event.room) == ("\ufffd\ufffdhi", 5, 77)
    assert event.at > 1_700_000_000_000


def test_what_cannot_be_read_is_counted_and_never_raised() -> None:
    reader = Reader(77, known={"WebcastRankTextMessage"})
    assert reader.read("WebcastGiftMessage", b"\x0a\xff\xff\xff\x0f\x01", 1) is None
    assert reader.read("WebcastRankTextMessage", b"\xff", 2) is None
    for number in range(150):
        reader.read(f"WebcastNew{number}", b"", 3)
    assert reader.skipped["unparsable WebcastGiftMessage"] == 1
    assert reader.skipped["unknown WebcastNew0"] == 1
    assert reader.skipped.total() == 151
    assert len(reader.skipped) == 101, "different kinds are not kept apart without end"


def test_the_version_whose_hook_is_used_is_the_one_installed() -> None:
    assert importlib.metadata.version("TikTokLive") == "7.0.1"
    assert importlib.metadata.version("TikTokLiveProto") == "0.2.2"
    from google.protobuf.internal import api_implementation

    assert api_implementation.Type() == "upb", "the pure Python runtime is a hundred times slower"


def test_the_fields_are_those_of_the_librarys_schema() -> None:
    """A field that is renumbered or gone in the library's schema is found here by its name."""
    from integrations.tiktok.client import EVENT_MAPPINGS

    for method in DECODERS:
        theirs = EVENT_MAPPINGS[method]._betterproto.meta_by_field_name
        for field in MESSAGES[method].DESCRIPTOR.fields:
            assert theirs[field.name].number == field.number, f"{method}.{field.name}"


def test_the_library_still_works_the_types_of_a_class_out_each_time() -> None:
    """When the last line fails, it keeps them itself: `integrations/tiktok/client.py` need not see to it."""
    from integrations.tiktok.client import EVENT_MAPPINGS

    message = next(
        each for each in EVENT_MAPPINGS["WebcastLikeMessage"].__mro__ if each.__name__ == "WebcastLikeMessage"
    )
    assert message._type_hints() is message._type_hints()
    own = message._type_hints.__func__.__wrapped__
    assert own(message) is not own(message)


async def test_the_hook_is_taken_while_a_source_is_open_and_given_back() -> None:
    from integrations.tiktok.client import EVENT_MAPPINGS

    stock = dict(EVENT_MAPPINGS)
    assert set(DECODERS) <= set(stock)
    async with TikTokLiveSource():
        async with TikTokLiveSource():
            assert EVENT_MAPPINGS.keys() == stock.keys()
            assert not any(EVENT_MAPPINGS[method] is stock[method] for method in stock)
        decoded = EVENT_MAPPINGS["WebcastLikeMessage"]().parse(b"\x10\x05")
        assert (decoded.get_type(), decoded.size, decoded.common) == ("Decoded", 2, None)
        assert decoded.message.count == 5
    assert dict(EVENT_MAPPINGS) == stock


def test_the_hook_is_given_back_by_the_last_one_out() -> None:
    mappings: dict[str, object] = {"WebcastLikeMessage": int, "WebcastOther": str}
    first, second = installed(mappings), installed(mappings)
    first.__enter__()
    assert second.__enter__() == {"WebcastLikeMessage", "WebcastOther"}
    first.__exit__(None, None, None)
    assert mappings["WebcastLikeMessage"] is not int
    second.__exit__(None, None, None)
    assert mappings == {"WebcastLikeMessage": int, "WebcastOther": str}


def test_importing_the_package_does_not_import_the_library() -> None:
    names = ("connection", "decoders", "events", "frames", "gate", "source", "status", "tiktoklive")
    imports = "".join(f"import integrations.tiktok.{name}\n" for name in names)
    script = f"{imports}import sys\nsys.exit('TikTokLive' in sys.modules or 'TikTokLiveProto' in sys.modules)"
    subprocess.run([sys.executable, "-c", script], check=True)
