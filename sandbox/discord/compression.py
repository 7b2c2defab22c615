"""The gateway's transport compressions: one stream for the whole life of a connection."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def encoder(name: str | None) -> Callable[[bytes], bytes] | None:
    """Give what compresses one payload after the other, or None where nothing was asked for.

    Raises ValueError for a name Discord does not know, RuntimeError for zstd-stream without backports.zstd.
    """
    if not name:
        return None
    if name == "zlib-stream":
        return _zlib_stream()
    if name == "zstd-stream":
        return _zstd_stream()
    raise ValueError(name)


def _zlib_stream() -> Callable[[bytes], bytes]:
    # Level 1: on loopback the time matters and the size does not.
    deflator = zlib.compressobj(1)

    def encode(payload: bytes) -> bytes:
        return deflator.compress(payload) + deflator.flush(zlib.Z_SYNC_FLUSH)

    return encode


def _zstd_stream() -> Callable[[bytes], bytes]:
    try:
        from backports import zstd
    except ImportError as error:
        raise RuntimeError("zstd-stream needs the package backports.zstd") from error
    compressor = zstd.ZstdCompressor(level=1)
    flush = zstd.ZstdCompressor.FLUSH_BLOCK

    def encode(payload: bytes) -> bytes:
        return compressor.compress(payload, flush)

    return encode
