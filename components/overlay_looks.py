"""The words of the page where somebody chooses what their overlay looks like."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from components.texts import language_of, say

_NAMES: Final = (
    *("title", "intro", "keep", "view", "view_now", "view_next", "view_board", "layout", "layout_landscape"),
    *("layout_vertical", "layout_bar", "theme", "theme_dark", "theme_light", "theme_clear", "rows", "scale"),
    *("hide", "notices", "preview", "behind", "behind_picture", "behind_dark", "behind_light", "songs"),
    *(
        "songs_some",
        "songs_none",
        "address",
        "copy",
        "copied",
        "by_hand",
        "size",
        "size_hint",
        "alive",
        "gone",
    ),
    *("unknown", "demo"),
)


def words(locale: str) -> Mapping[str, str]:
    """Every text of that page by its name, and its `language`; plain text, to be escaped in HTML."""
    return {"language": language_of(locale), **{n: say(f"looks.{n}", locale) for n in _NAMES}}
