"""The frames of the push socket, read before the library reads them, and the events that wait for a consumer.

The library would parse each frame, each message and each event object in Python, and start a task for each
event whoever keeps up with them or not. Here a frame is read by the compiled runtime, its events wait in one
bounded place, and no further frame is taken from the socket while that is full. Acknowledgements are written
here as well: one would take the library longer than all else that a small frame needs. What is left for the
library is the frame a connection begins with, without its messages.
"""

from __future__ import annotations

import asyncio
import zlib
from collections import Counter
from dataclasses import dataclass
from typing import Final

from integrations.tiktok.decoders import Decoded, Reader
from integrations.tiktok.events import Ended, LiveEvent
from integrations.tiktok.schema import DecodeError, FetchResult, Message, PushFrame
from integrations.tiktok.source import SourceError

__all__ = ["CorruptFrame", "Inbox", "Receipt"]

_LARGEST: Final = 64 << 20  # bytes a frame may unpack to; the socket takes at most 16 MiB
_GZIP: Final = 31


class CorruptFrame(Exception):
    """A frame that is not what it should be: nothing that follows it can be trusted."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a frame that was read asks for: to be acknowledged by this, or to be shown to the library so."""

    acknowledgement: bytes | None = None
    for_library: bytes | None = None


_NOTHING: Final = Receipt()


class Inbox:
    """The events of one connection between the socket and whoever takes them.

    Holds at most `limit` events and one frame more. `last_frame` (anything, heartbeats too) and
    `last_message` are on the event loop's clock.
    """

    def __init__(self, reader: Reader, limit: int) -> None:
        self.reader = reader
        self.last_frame = self.last_message = asyncio.get_running_loop().time()
        self.opened = asyncio.Event()
        self.ended = False
        self._limit = limit
        self._waiting: list[LiveEvent] = []
        self._changed = asyncio.Event()
        self._roomy = asyncio.Event()
        self._over = False
        self._error: SourceError | None = None

    @property
    def skipped(self) -> Counter[str]:
        """What could not be read, by kind."""
        return self.reader.skipped

    @property
    def depth(self) -> int:
        """Events that wait."""
        return len(self._waiting)

    async def accept(self, data: bytes) -> Receipt:
        """Read a frame, wait until there is room for the next one, and give what is to be done about it.

        Raises:
            CorruptFrame: it is none.
        """
        self.last_frame = asyncio.get_running_loop().time()
        try:
            frame = PushFrame.FromString(data)
            if frame.payload_type != b"msg":
                return _NOTHING
            result = FetchResult.FromString(_unpacked(frame))
        except (DecodeError, zlib.error) as error:
            raise CorruptFrame(str(error)) from error
        self.last_message = self.last_frame
        for message in result.messages:
            self._add(
                self.reader.read(message.method.decode("utf-8", "replace"), message.payload, message.msg_id)
            )
        receipt = _receipt(frame, result)
        while len(self._waiting) >= self._limit and not self._over:
            self._roomy.clear()
            await self._roomy.wait()
        return receipt

    def add_decoded(self, decoded: Decoded) -> None:
        """Take a message that the library dispatched: those of the sign service's answer."""
        if decoded.message is None:
            self.reader.skip("unparsable", decoded.method)
        else:
            self._add(self.reader.event(decoded.method, decoded.message))

    def _add(self, event: LiveEvent | None) -> None:
        if event is None or self.ended:
            return
        self._waiting.append(event)
        self.ended = isinstance(event, Ended)
        self._changed.set()

    def take(self) -> list[LiveEvent]:
        """Take all that waits, without waiting."""
        taken, self._waiting = self._waiting, []
        self._roomy.set()
        return taken

    async def next(self) -> list[LiveEvent]:
        """Wait for events and take them.

        Raises:
            StopAsyncIteration: the live is over.
            SourceError: the connection broke; everything that arrived before was taken.
        """
        while not self._waiting:
            if self._error is not None:
                raise self._error
            if self._over:
                raise StopAsyncIteration
            self._changed.clear()
            await self._changed.wait()
        return self.take()

    def finish(self, error: SourceError | None) -> None:
        """Say that nothing more comes, and why. The first word stands."""
        if not self._over:
            self._over, self._error = True, error
            self._changed.set()
            self._roomy.set()


def _unpacked(frame: Message) -> bytes:
    if all(header.key != b"compress_type" or header.value != b"gzip" for header in frame.headers):
        return frame.payload
    unpacker = zlib.decompressobj(_GZIP)
    payload = unpacker.decompress(frame.payload, _LARGEST)
    if not unpacker.eof:
        raise CorruptFrame("a payload that is cut short, or unpacks to more than 64 MiB")
    return payload


def _receipt(frame: Message, result: Message) -> Receipt:
    if result.is_first:
        rest = FetchResult(
            need_ack=result.need_ack, is_first=result.is_first, internal_ext=result.internal_ext
        )
        first = PushFrame(log_id=frame.log_id, payload_type=b"msg", payload=rest.SerializeToString())
        return Receipt(for_library=first.SerializeToString())
    if not result.need_ack:
        return _NOTHING
    ack = PushFrame(
        log_id=frame.log_id,
        payload_encoding=b"pb",
        payload_type=b"ack",
        payload=result.internal_ext or b"-",
    )
    return Receipt(acknowledgement=ack.SerializeToString())
