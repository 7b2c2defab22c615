"""The pictures that are named are those that are there, small, and shown."""

from __future__ import annotations

import re
from pathlib import Path

from PIL import Image

from tests.pictures.shots import DRAWINGS, SHOTS

ROOT = Path(__file__).parents[2]
IMAGES = ROOT / "docs" / "images"
NAMES = [*DRAWINGS, *(shot.name for shot in SHOTS)]
MOST = 3 * 2**20


def test_the_folder_has_the_pictures_of_the_list_and_no_others() -> None:
    assert sorted(NAMES) == sorted(path.stem for path in IMAGES.iterdir()), "run make pictures"
    assert len(set(NAMES)) == len(NAMES)


def test_a_picture_has_the_size_of_its_shot_and_all_together_are_small() -> None:
    for shot in SHOTS:
        with Image.open(IMAGES / f"{shot.name}.png") as picture:
            assert picture.size == tuple(round(side * shot.scale) for side in shot.size), "run make pictures"
    assert sum(path.stat().st_size for path in IMAGES.iterdir()) < MOST


def test_every_picture_is_shown_on_a_page() -> None:
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    shown = {name for page in pages for name in re.findall(r"images/([\w-]+)\.png", page.read_text("utf-8"))}
    assert shown == set(NAMES)
    assert "docs/images/" in (ROOT / "README.md").read_text("utf-8")
