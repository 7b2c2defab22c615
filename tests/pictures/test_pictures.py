"""The pictures that are named are those that are there, small, and shown."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from PIL import Image

from tests.browser_plugin import needs_chromium
from tests.pictures.__main__ import main
from tests.pictures.camera import prepare
from tests.pictures.shots import DRAWINGS, SHOTS
from tests.sandbox.page.browser import Chromium

ROOT = Path(__file__).parents[2]
IMAGES = ROOT / "docs" / "images"
NAMES = [*DRAWINGS, *(shot.name for shot in SHOTS)]
MOST = 3 * 2**20
MEASURED, SMALL = "bench-", 60 * 2**10
"""What `make bench-page` writes begins so, and has at most so many bytes."""


def test_the_folder_has_the_pictures_of_the_list_and_no_others() -> None:
    stems = [path.stem for path in IMAGES.iterdir() if not path.name.startswith(MEASURED)]
    assert sorted(NAMES) == sorted(stems), "run make pictures"
    assert len(set(NAMES)) == len(NAMES)


def test_a_picture_has_the_size_of_its_shot_and_all_together_are_small() -> None:
    for shot in SHOTS:
        with Image.open(IMAGES / f"{shot.name}.png") as picture:
            assert picture.size == tuple(round(side * shot.scale) for side in shot.size), "run make pictures"
    assert sum(path.stat().st_size for path in IMAGES.iterdir()) < MOST
    assert all(path.stat().st_size < SMALL for path in IMAGES.glob(f"{MEASURED}*"))


def test_every_picture_is_shown_on_a_page() -> None:
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    shown = {name for page in pages for name in re.findall(r"images/([\w-]+)\.png", page.read_text("utf-8"))}
    assert shown == set(NAMES) | {path.stem for path in IMAGES.glob(f"{MEASURED}*")}
    assert "docs/images/" in (ROOT / "README.md").read_text("utf-8")


@needs_chromium
async def test_the_moments_of_an_evening_look_the_same_whenever_it_was(browser: Chromium) -> None:
    began = time.time()
    async with browser.tab("about:blank") as page:
        await prepare(page, began)
        await page.call("Page.navigate", url="data:text/html,<p>")
        assert await page.run("new Date().toISOString()") == "2026-11-21T20:15:00.000Z"
        moment = int(began)
        text = f"<t:{moment}:R> in {moment}123 ms, waited 0.25 s, at 1000000000000"
        then = await page.run(f"new Date({moment * 1000}).toISOString()")
        assert then == await page.run("new Date(new Date().getTime() - 120000).toISOString()")
        assert await page.run("new Date(0).getTime()") == 0
        data = await page.run(f"new MessageEvent('message', {{ data: '{text}' }}).data")
        assert data == "<t:1795291980:R> in 1795291980000 ms, waited 1 min, at 1000000000000"


async def test_a_picture_that_nobody_named_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert await main(["sandbox-tour", "nonsense"]) == 2
    assert "nonsense" in capsys.readouterr().err
