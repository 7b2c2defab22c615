"""The wire format of protocol buffers, as much as webcast needs: varints and delimited fields."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_VARINT: Final = 0
_DELIMITED: Final = 2
_WIDTHS: Final = {1: 8, 5: 4}


def varint(value: int) -> bytes:
    """Encode an integer; negative ones take ten bytes, as int64 does."""
    if 0 <= value < 128:
        return bytes((value,))
    value &= (1 << 64) - 1
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def number(field: int, value: int) -> bytes:
    """Encode an integer, boolean or enumeration field. Zero is left out, as proto3 does."""
    if not value:
        return b""
    return varint(field << 3 | _VARINT) + varint(value)


def blob(field: int, value: bytes) -> bytes:
    """Encode bytes or a nested message, an empty one too: an empty message is still present."""
    return varint(field << 3 | _DELIMITED) + varint(len(value)) + value


def text(field: int, value: str) -> bytes:
    """Encode a string. An empty one is left out."""
    return blob(field, value.encode()) if value else b""


def entry(field: int, key: str, value: str) -> bytes:
    """Encode one entry of a map from string to string."""
    return blob(field, text(1, key) + text(2, value))


def read(data: bytes) -> dict[int, list[int | bytes]]:
    """Decode one level: field number -> its values in order, fixed-width ones as raw bytes.

    Raises ValueError for what is no message.
    """
    fields: dict[int, list[int | bytes]] = {}
    for field, value in _fields(data):
        fields.setdefault(field, []).append(value)
    return fields


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        kind = tag & 7
        if kind == _VARINT:
            value, at = _varint(data, at)
            yield tag >> 3, value
            continue
        if kind == _DELIMITED:
            width, at = _varint(data, at)
        elif kind in _WIDTHS:
            width = _WIDTHS[kind]
        else:
            message = f"Wire type {kind} is not used by webcast."
            raise ValueError(message)
        if at + width > len(data):
            message = "The message ends in the middle of a field."
            raise ValueError(message)
        yield tag >> 3, data[at : at + width]
        at += width


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(data):
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7
        if shift > 63:
            break
    message = "A varint does not end."
    raise ValueError(message)
