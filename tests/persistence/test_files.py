from __future__ import annotations

import asyncio
import hashlib
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from persistence.files import LARGEST, Empty, FileRefused, FileStore, TooLarge, WrongKind, kind_of

MP3 = b"ID3\x04\x00\x00\x00\x00\x00\x00" + b"\xff\xfb\x90\x00" + bytes(2048)
FRAMES = b"\xff\xfb\x90\x64" + bytes(2048)
WAV = b"RIFF\x24\x08\x00\x00WAVEfmt " + bytes(2048)
M4A = b"\x00\x00\x00\x20ftypM4A \x00\x00\x00\x00" + bytes(2048)
FLAC = b"fLaC\x00\x00\x00\x22" + bytes(2048)
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(2048)
HEIC = b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00" + bytes(2048)
AAC = b"\xff\xf1\x50\x80" + bytes(2048)


async def chunks(content: bytes, size: int = 1000) -> AsyncIterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


async def endless(first: bytes, count: list[int]) -> AsyncIterator[bytes]:
    yield first
    while True:
        count[0] += 1
        yield bytes(1024 * 1024)


def left(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (MP3, "song.mp3"),
        (FRAMES, "SONG.MP3"),
        (WAV, "song.wav"),
        (M4A, "my.song.m4a"),
        (FLAC, " song.flac "),
    ],
)
@pytest.mark.parametrize("size", [1, 7, 100_000])
async def test_a_song_is_kept_as_it_came(tmp_path: Path, content: bytes, name: str, size: int) -> None:
    store = FileStore(tmp_path)
    kept = await store.keep(chunks(content, size), name)
    assert kept.size == len(content)
    assert kept.sha256 == hashlib.sha256(content).hexdigest()
    with store.open(kept.name) as file:
        assert file.read() == content
    assert store.path(kept.name).parent == tmp_path / "files" / kept.name[:2]
    assert left(tmp_path) == [store.path(kept.name)]
    assert store.names() == [kept.name]


@pytest.mark.parametrize(
    ("content", "name", "found"),
    [
        (PNG, "song.mp3", None),
        (HEIC, "song.m4a", None),
        (AAC, "song.mp3", None),
        (WAV, "song.mp3", "wav"),
        (MP3, "song.flac", "mp3"),
        (b"MZ" + bytes(100), "song.wav", None),
        (b"RIFF\x00\x00\x00\x00AVI LIST", "song.wav", None),
        (b"ID3", "song.mp3", None),
        (b"\xff", "song.mp3", None),
        (MP3, "song.exe", None),
        (MP3, "song", None),
        (MP3, "mp3", None),
        (MP3, "song.mp3.exe", None),
        (MP3, ".mp3/../x", None),
    ],
)
async def test_a_lying_name_is_refused(tmp_path: Path, content: bytes, name: str, found: str | None) -> None:
    with pytest.raises(WrongKind) as refused:
        await FileStore(tmp_path).keep(chunks(content), name)
    assert refused.value.found == found
    assert not left(tmp_path)


async def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Empty):
        await FileStore(tmp_path).keep(chunks(b""), "song.mp3")
    assert not left(tmp_path)


async def test_the_cap_holds_while_streaming(tmp_path: Path) -> None:
    count = [0]
    with pytest.raises(TooLarge):
        await FileStore(tmp_path).keep(endless(MP3, count), "song.mp3")
    assert count[0] <= LARGEST // (1024 * 1024) + 1
    assert not left(tmp_path)
    store = FileStore(tmp_path)
    kept = await store.keep(chunks(MP3 + bytes(LARGEST - len(MP3)), 1 << 20), "song.mp3")
    assert kept.size == LARGEST


async def test_a_wrong_kind_is_not_read_to_its_end(tmp_path: Path) -> None:
    count = [0]
    with pytest.raises(WrongKind):
        await FileStore(tmp_path).keep(endless(PNG, count), "song.mp3")
    assert count[0] == 0


async def test_a_broken_upload_leaves_nothing(tmp_path: Path) -> None:
    async def breaks() -> AsyncIterator[bytes]:
        yield MP3
        raise ConnectionResetError

    async def hangs(started: asyncio.Event) -> AsyncIterator[bytes]:
        yield MP3
        started.set()
        await asyncio.Event().wait()

    store = FileStore(tmp_path)
    with pytest.raises(ConnectionResetError):
        await store.keep(breaks(), "song.mp3")
    started = asyncio.Event()
    task = asyncio.create_task(store.keep(hangs(started), "song.mp3"))
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not left(tmp_path)


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd",
        "",
        "a.mp3",
        "/etc/passwd",
        "0" * 32,
        "0" * 32 + ".exe",
        "0" * 32 + ".mp3\n",
        "..\\x",
    ],
)
async def test_only_names_of_ours_are_opened(tmp_path: Path, name: str) -> None:
    store = FileStore(tmp_path)
    with pytest.raises(ValueError):
        store.path(name)
    with pytest.raises(ValueError):
        store.open(name)
    with pytest.raises(ValueError):
        await store.delete(name)


async def test_a_deleted_file_is_gone_and_deleting_it_again_is_fine(tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    kept = await store.keep(chunks(MP3), "song.mp3")
    await store.delete(kept.name)
    await store.delete(kept.name)
    assert not left(tmp_path)


async def test_the_sweep_takes_old_orphans_alone(tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    wanted, orphan, fresh = [await store.keep(chunks(MP3), "song.mp3") for _ in range(3)]
    part = tmp_path / "files" / "incoming" / "x.mp3.part"
    part.write_bytes(MP3)
    before = time.time() - 3600
    for path in (store.path(wanted.name), store.path(orphan.name), part):
        os.utime(path, (1, 1))
    assert sorted(await store.sweep({wanted.name}, before)) == sorted([orphan.name, part.name])
    assert store.names() == sorted([wanted.name, fresh.name])
    assert await FileStore(tmp_path / "nothing").sweep((), before) == []


def test_kinds_are_told_by_their_first_bytes() -> None:
    assert [kind_of(each[:16]) for each in (MP3, FRAMES, WAV, M4A, FLAC)] == [
        "mp3",
        "mp3",
        "wav",
        "m4a",
        "flac",
    ]
    assert [kind_of(each[:16]) for each in (PNG, HEIC, AAC, b"", b"ID3")] == [None] * 5
    assert issubclass(WrongKind, FileRefused)
