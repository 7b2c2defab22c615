"""Frames of the push socket: what is done about each, held against what TikTokLive would do."""

from __future__ import annotations

import warnings

import pytest

from integrations.tiktok.decoders import Reader
from integrations.tiktok.frames import Inbox
from sandbox.tiktok.frames import fetch_result, push_frame

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    from TikTokLive.proto import ProtoMessageFetchResult, WebcastPushFrame

ROOM, LOG = 7_000_000_000_000_000_001, 2**62 + 3


def frame(internal_ext: str, *, first: bool = False, need_ack: bool = True, compress: bool = False) -> bytes:
    result = fetch_result([], cursor="-", internal_ext=internal_ext, now=1, first=first, need_ack=need_ack)
    return push_frame(LOG, "msg", result, compress=compress)


@pytest.mark.parametrize("internal_ext", ["fetch_time:1|wss_push_did:2", ""])
@pytest.mark.parametrize("compress", [False, True])
async def test_a_frame_is_acknowledged_with_the_bytes_of_the_library(
    internal_ext: str, compress: bool
) -> None:
    receipt = await Inbox(Reader(ROOM), 10).accept(frame(internal_ext, compress=compress))
    assert receipt.acknowledgement == bytes(
        WebcastPushFrame(
            payload_type="ack", payload_encoding="pb", log_id=LOG, payload=(internal_ext or "-").encode()
        )
    )
    assert receipt.for_library is None


async def test_the_frame_a_connection_begins_with_is_the_librarys() -> None:
    receipt = await Inbox(Reader(ROOM), 10).accept(frame("ext", first=True))
    assert receipt.acknowledgement is None and receipt.for_library is not None
    shown = WebcastPushFrame().parse(receipt.for_library)
    result = ProtoMessageFetchResult().parse(shown.payload)
    assert (shown.log_id, result.is_first, result.need_ack, result.internal_ext) == (LOG, True, True, "ext")


async def test_what_asks_for_nothing_gets_nothing() -> None:
    inbox = Inbox(Reader(ROOM), 10)
    for data in (frame("ext", need_ack=False), push_frame(LOG, "hb", b"")):
        receipt = await inbox.accept(data)
        assert receipt.acknowledgement is None and receipt.for_library is None
