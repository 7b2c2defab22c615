"""Reads messages as people do: without Discord's marks, and a queue by the titles it shows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from sandbox.discord import Channel, Person, Upload

TITLES: Final = (
    *("Nite Bus", "Night Bus", "Glass Harbour", "Paper Moon", "Static Bloom", "Marea Baja"),
    *("Silver Line", "Slow Motion", "Low Tide"),
)
"""Every song of the story; no title is a part of another."""

_MOMENT: Final = re.compile(r"<t:(\d+)(?::(\w))?>")
_MARKS: Final = re.compile(r"\*\*|~~|`|\\(?=[\W_])")
_LINK: Final = re.compile(r"\[([^\]]+)\]\(<?[^)]+?>?\)")


def order(text: str) -> list[str]:
    """The story's titles in the order in which a message shows them."""
    found = [(match.start(), title) for title in TITLES for match in re.finditer(re.escape(title), text)]
    return [title for _, title in sorted(found)]


def plain(text: str, names: Mapping[str, str]) -> str:
    """A text as Discord would draw it: `names` are its mentions, times are in UTC."""
    text = text.replace("\u200b", "")
    for mention, name in names.items():
        text = text.replace(mention, name)
    return _MARKS.sub("", _LINK.sub(r"\1", _MOMENT.sub(_moment, text)))


def _moment(found: re.Match[str]) -> str:
    if found[2] == "R":
        return "just now"
    moment = datetime.fromtimestamp(int(found[1]), UTC)
    return f"{moment:%Y-%m-%d}" if found[2] in ("d", "D") else f"{moment:%H:%M}"


def typed(value: Any) -> str:
    """An option's value as Discord's client shows it."""
    match value:
        case Person():
            return f"@{value.name}"
        case Channel():
            return f"#{value.name}"
        case Upload():
            return value.filename
        case _:
            return str(value)
