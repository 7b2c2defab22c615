"""The songs people upload, kept under names of our own in `<data_dir>/files/<2 hex>/<uuid>.<extension>`.

An upload is streamed into a temporary file beside them, looked at while it arrives, and takes its name only
when it is complete and on disk: a refused or broken one leaves nothing behind.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import uuid
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

LARGEST: Final = 25 * 1024 * 1024
"""Bytes of the largest upload."""
EXTENSIONS: Final = ("mp3", "wav", "m4a", "flac")

_HEAD: Final = 16
"""Bytes that tell the kind of a file."""
_BLOCK: Final = 256 * 1024
"""Bytes written at a time; the event loop waits for none of it."""
_NAME: Final = re.compile(r"[0-9a-f]{32}\.(?:mp3|wav|m4a|flac)")
# The brands of MPEG-4 files with sound in them; pictures (heic, avif) and QuickTime share the container.
_MP4_BRANDS: Final = re.compile(rb"M4[ABPV] |mp4[0-9]|iso[0-9m]|dash|MSNV|NDA[SX]|mmp4|3gp[0-9]|F4A |F4B ")


class FileRefused(Exception):
    """An upload that is not kept."""


class TooLarge(FileRefused):
    """More than `LARGEST` bytes."""


class Empty(FileRefused):
    """Not a single byte."""


class WrongKind(FileRefused):
    """The extension is none of `EXTENSIONS`, or not what the bytes say.

    `extension` is the one of the file's name, without a dot, "" when it has none, and `known` whether it is
    one of the four; `found` is the kind the bytes say, None when that is none of them or nobody looked.
    """

    def __init__(self, extension: str, found: str | None = None) -> None:
        super().__init__(f"{extension or 'no extension'}, found {found}")
        self.extension = extension
        self.known = extension in EXTENSIONS
        self.found = found


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A kept upload: its name here, its size in bytes, the SHA-256 of its bytes in hex."""

    name: str
    size: int
    sha256: str


def extension_of(file_name: str) -> str:
    """The extension in lower case, without its dot. Raises `WrongKind` when it is none of the four."""
    _, dot, extension = file_name.strip().rpartition(".")
    extension = extension.lower() if dot else ""
    if extension not in EXTENSIONS:
        raise WrongKind(extension[:10])
    return extension


def kind_of(head: bytes) -> str | None:
    """What the first 16 bytes say a file is: one of `EXTENSIONS`, None for anything else."""
    if head[:4] == b"fLaC":
        return "flac"
    if head[:4] in (b"RIFF", b"RF64", b"BW64") and head[8:12] == b"WAVE":
        return "wav"
    if head[4:8] == b"ftyp" and _MP4_BRANDS.match(head[8:12]):
        return "m4a"
    return "mp3" if _is_mp3(head) else None


def _is_mp3(head: bytes) -> bool:
    """An ID3v2 tag (its size in four 7-bit bytes), or a frame of MPEG audio layer III."""
    if head[:3] == b"ID3":
        return len(head) >= 10 and head[3] < 0xFF and all(byte < 0x80 for byte in head[6:10])
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return False
    version, layer = head[1] >> 3 & 3, head[1] >> 1 & 3
    bit_rate, sample_rate = head[2] >> 4, head[2] >> 2 & 3
    return version != 1 and layer == 1 and bit_rate not in (0, 15) and sample_rate != 3


class FileStore:
    """Keeps uploads below one directory, which it makes when the first one comes."""

    def __init__(self, data_dir: Path) -> None:
        self._folder = data_dir / "files"
        self._incoming = self._folder / "incoming"

    async def keep(self, chunks: AsyncIterator[bytes], file_name: str) -> StoredFile:
        """Stores an upload, never holding more than a part of it in memory.

        `file_name` is the one the artist gave it, whose extension the bytes must agree with. Raises
        `FileRefused` as soon as it is certain, without reading on; on any error nothing is left behind.
        """
        extension = extension_of(file_name)
        name = f"{uuid.uuid4().hex}.{extension}"
        await asyncio.to_thread(self._incoming.mkdir, parents=True, exist_ok=True)
        part = self._incoming / f"{name}.part"
        try:
            size, sha256 = await self._receive(chunks, part, extension)
            await asyncio.to_thread(self._settle, part, self.path(name))
        finally:
            # Cancelled or refused, the part goes; once it has its name there is none.
            part.unlink(missing_ok=True)
        return StoredFile(name, size, sha256)

    async def _receive(self, chunks: AsyncIterator[bytes], part: Path, extension: str) -> tuple[int, str]:
        digest, size, known = hashlib.sha256(), 0, False
        block = bytearray()
        with await asyncio.to_thread(part.open, "xb") as out:
            async for chunk in chunks:
                size += len(chunk)
                if size > LARGEST:
                    raise TooLarge
                block += chunk
                if not known and len(block) >= _HEAD:
                    known = _check(bytes(block[:_HEAD]), extension)
                if len(block) >= _BLOCK:
                    await asyncio.to_thread(_append, out, digest.update, bytes(block))
                    block.clear()
            if not size:
                raise Empty
            if not known:
                _check(bytes(block[:_HEAD]), extension)
            await asyncio.to_thread(_append, out, digest.update, bytes(block), True)
        return size, digest.hexdigest()

    def _settle(self, part: Path, target: Path) -> None:
        target.parent.mkdir(exist_ok=True)
        part.replace(target)
        # The name is in the directory, so that must be on disk too.
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def path(self, name: str) -> Path:
        """Where a stored file is, or would be. Raises ValueError for what is no name of ours."""
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} is not the name of a stored file")
        return self._folder / name[:2] / name

    def open(self, name: str) -> BinaryIO:
        """Opens a stored file for reading. Raises FileNotFoundError, and ValueError as `path` does."""
        return self.path(name).open("rb")

    async def delete(self, name: str) -> None:
        """Removes a stored file; one that is gone already is no error."""
        await asyncio.to_thread(self.path(name).unlink, missing_ok=True)

    def names(self) -> list[str]:
        """The names of all stored files."""
        return sorted(path.name for path in self._folder.glob("??/*") if _NAME.fullmatch(path.name))

    async def sweep(self, wanted: Collection[str], before: float) -> list[str]:
        """Removes what a killed process left: unfinished parts, and files that no song names.

        `wanted` are the names of all songs, live and archived. Only what was stored before the moment
        `before` (seconds since 1970) goes: well before `wanted` was read, however long ago that was, since an
        upload is stored a moment before its song is. Gives the names removed.
        """
        return await asyncio.to_thread(self._sweep, frozenset(wanted), before)

    def _sweep(self, wanted: frozenset[str], before: float) -> list[str]:
        stored = [path for path in self._folder.glob("??/*") if _NAME.fullmatch(path.name)]
        orphans = [path for path in stored if path.name not in wanted]
        removed: list[str] = []
        for path in [*orphans, *self._incoming.glob("*.part")]:
            with suppress(FileNotFoundError):
                if path.stat().st_mtime < before:
                    path.unlink()
                    removed.append(path.name)
        return removed


def _check(head: bytes, extension: str) -> bool:
    found = kind_of(head)
    if found != extension:
        raise WrongKind(extension, found)
    return True


def _append(out: BinaryIO, count: Callable[[bytes], None], block: bytes, last: bool = False) -> None:
    count(block)
    out.write(block)
    if last:
        out.flush()
        os.fsync(out.fileno())
