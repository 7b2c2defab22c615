"""Makes text that people typed harmless and short, before it stands in a message."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

NAMELESS: Final = "?"
"""Stands for a text of which nothing printable is left."""

_MARKS_KEPT: Final = 3
"""Combining marks a letter may carry: enough for Vietnamese, Thai and Hindi, too few to cover other lines."""
_JOINER: Final = "\u200d"
_ESCAPED: Final = re.compile(r"[\\*_~`|\[\]<>@#]|:(?=//)")
_LIST_MARKER: Final = re.compile(r"(?:[-+]|\d+\.)(?=\s|$)")
_ELLIPSIS: Final = "…"


# The same titles and names are drawn again with each change of a queue, often hundreds of them at once.
@lru_cache(maxsize=8192)
def clean(text: str, limit: int) -> str:
    """The text on one line, without invisible and direction-changing characters, at most `limit` long.

    For places that show no markdown: choices, labels of buttons and selects, footers. Never empty.
    """
    kept = text if text.isascii() and text.isprintable() else "".join(_visible(text))
    line = " ".join(kept.split())
    if len(line) > limit:
        line = _whole(line[: limit - 1]).rstrip() + _ELLIPSIS
    return line or NAMELESS


@lru_cache(maxsize=8192)
def plain(text: str, limit: int = 200) -> str:
    """The text as `clean` gives it, with what Discord would read as markdown, mention or link escaped.

    `limit` (at least 3) bounds the result, escapes included: what comes out fits where it was measured for.
    """
    line = clean(text, limit)
    escaped = _escape(line)
    shown = len(line)
    while len(escaped) > limit and shown > 1:
        # Each turn cuts at least one character; escapes add at most as many as the text has.
        shown -= max(1, (len(escaped) - limit) // 2)
        escaped = _escape(_whole(line[: max(shown, 1)].removesuffix(_ELLIPSIS)).rstrip() + _ELLIPSIS)
    return escaped


def _visible(text: str) -> list[str]:
    kept: list[str] = []
    marks = 0
    for place, character in enumerate(text):
        kind = unicodedata.category(character)
        if kind in ("Zl", "Zp") or character in "\t\n\r\v\f":
            kept.append(" ")
        elif character == _JOINER:
            if kept and place + 1 < len(text) and _pictures(kept[-1], text[place + 1]):
                kept.append(character)
        elif kind in ("Mn", "Me"):
            marks += 1
            if kept and marks <= _MARKS_KEPT:
                kept.append(character)
            continue
        elif kind not in ("Cc", "Cf", "Cs", "Co", "Cn") and not _blank(character):
            kept.append(character)
        marks = 0
    return kept


def _pictures(before: str, after: str) -> bool:
    """Whether a joiner between these makes one emoji of several."""
    symbols = ("So", "Sk", "Mn")
    return unicodedata.category(before) in symbols and unicodedata.category(after) in ("So", "Sk")


def _blank(character: str) -> bool:
    """Letters by their category, nothing to the eye: fillers that make a name look empty."""
    return character in "\u115f\u1160\u2800\u3164\uffa0"


def _whole(text: str) -> str:
    """Drops a joiner that was cut off from what it joins."""
    return text.rstrip(_JOINER)


def _escape(line: str) -> str:
    escaped = _ESCAPED.sub(lambda found: "\\" + found.group(), line)
    marker = _LIST_MARKER.match(escaped)
    if marker is None:
        return escaped
    cut = marker.end() - 1
    return f"{escaped[:cut]}\\{escaped[cut:]}"
