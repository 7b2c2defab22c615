"""What goes over the push socket: fetch results, and the push frames around them."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sandbox.tiktok.wire import blob, entry, number, read, text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_ENCODING: Final = text(6, "pb")


def envelope(method: str, payload: bytes, message_id: int, *, history: bool = False) -> bytes:
    """Wrap a message as it stands in a fetch result."""
    inner = text(1, method) + blob(2, payload) + number(3, message_id) + number(6, history)
    return blob(1, inner)


def fetch_result(
    envelopes: Iterable[bytes],
    *,
    cursor: str,
    internal_ext: str,
    now: int,
    first: bool = False,
    need_ack: bool = True,
    push_server: str = "",
    route_params: Mapping[str, str] | None = None,
) -> bytes:
    """Encode a ProtoMessageFetchResult. `now` is in milliseconds."""
    params = b"".join(entry(7, key, value) for key, value in (route_params or {}).items())
    return (
        b"".join(envelopes)
        + text(2, cursor)
        + number(3, 1000)
        + number(4, now)
        + text(5, internal_ext)
        + number(6, 1)
        + params
        + number(8, 10_000)
        + number(9, need_ack)
        + text(10, push_server)
        + number(11, first)
    )


def push_frame(log_id: int, payload_type: str, payload: bytes, *, compress: bool = False) -> bytes:
    """Encode a WebcastPushFrame; `compress` puts the payload in gzip and says so in a header."""
    headers = b""
    if compress:
        payload = gzip.compress(payload, 1, mtime=0)
        headers = blob(5, text(1, "compress_type") + text(2, "gzip"))
    return (
        number(1, log_id)
        + number(2, log_id)
        + number(3, 9000)
        + number(4, 8)
        + headers
        + _ENCODING
        + text(7, payload_type)
        + blob(8, payload)
    )


@dataclass(frozen=True, slots=True)
class ClientFrame:
    """A frame a client sent: `hb`, `ack` or `im_enter_room`."""

    kind: str
    log_id: int
    payload: bytes

    @classmethod
    def parse(cls, data: bytes) -> ClientFrame:
        """Decode a push frame. Raises ValueError."""
        fields = read(data)
        kind, payload = _last(fields, 7), _last(fields, 8)
        log_id = fields.get(2, [0])[-1]
        if not isinstance(log_id, int):
            message = "The log id of a push frame is a number."
            raise ValueError(message)
        return cls(kind.decode(), log_id, payload)


def _last(fields: dict[int, list[int | bytes]], field: int) -> bytes:
    value = fields.get(field, [b""])[-1]
    if not isinstance(value, bytes):
        message = f"Field {field} of a push frame is not a number."
        raise ValueError(message)
    return value
