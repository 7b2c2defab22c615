"""Writes the pictures of docs/images: `make pictures`, or `python -m tests.pictures [name...]`."""

from __future__ import annotations

import asyncio
import io
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from bot.pictures import DrawingProcess
from tests.pictures.camera import prepare, taken
from tests.pictures.live import EVENING
from tests.pictures.scene import scene
from tests.pictures.shots import DRAWINGS, SHOTS, Shot
from tests.sandbox.page.browser import CHROMIUM, chromium

IMAGES = Path(__file__).parents[2] / "docs" / "images"
COLOURS = 256
GRADIENT = 20_000
"""From so many colours on a picture is one that fewer would spoil."""


async def main(wanted: Sequence[str]) -> int:
    """Writes all pictures, or those named; gives the exit code."""
    unknown = set(wanted) - {*DRAWINGS, *(shot.name for shot in SHOTS)}
    if unknown or CHROMIUM is None:
        wrong = f"No such picture: {', '.join(sorted(unknown))}" if unknown else "Pictures need a Chromium."
        print(wrong, file=sys.stderr)  # noqa: T201 - a command speaks
        return 2
    IMAGES.mkdir(parents=True, exist_ok=True)
    if not wanted or set(DRAWINGS) & set(wanted):
        drawn = await DrawingProcess().of(EVENING)
        assert drawn is not None
        write(DRAWINGS[0], drawn)
    if shots := [shot for shot in SHOTS if not wanted or shot.name in wanted]:
        await take(shots)
    return 0


async def take(shots: Sequence[Shot]) -> None:
    """Plays the evening and takes pictures of it."""
    began = time.time()
    with tempfile.TemporaryDirectory(prefix="sl-pictures-") as folder:
        async with scene() as addresses, chromium(Path(folder)) as browser:
            for shot in shots:
                async with browser.tab("about:blank") as page:
                    await prepare(page, began)
                    write(shot.name, await taken(page, shot, addresses))


def write(name: str, png: bytes) -> None:
    """A picture of at most `COLOURS` colours, a third of the size, unless that would be seen."""
    with Image.open(io.BytesIO(png)) as full:
        drawn = full.convert("RGB")
    if drawn.getcolors(GRADIENT) is not None:
        drawn = drawn.quantize(COLOURS, Image.Quantize.MAXCOVERAGE, kmeans=2, dither=Image.Dither.NONE)
    path = IMAGES / f"{name}.png"
    drawn.save(path, optimize=True)
    print(f"docs/images/{path.name}: {path.stat().st_size / 1024:.0f} kB")  # noqa: T201 - a command speaks


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1:])))
