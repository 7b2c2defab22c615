"""Writes the generated parts of the pages in `docs/`: `make docs`, or `python -m bot.documentation`.

A page holds `<!-- generated: NAME -->` and `<!-- end -->`; what stands between them comes from the code.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from bot.documentation.commands import commands
from bot.documentation.keys import keys
from bot.documentation.permissions import permissions
from bot.documentation.settings import guild_settings, settings

__all__ = ["DOCS", "PARTS", "main", "render"]

DOCS: Final = Path(__file__).parents[2] / "docs"

_PART: Final = re.compile(r"(<!-- generated: (?P<name>[a-z]+) -->\n).*?(<!-- end -->)", re.DOTALL)

PARTS: Final[Mapping[str, Callable[[], str]]] = {
    "commands": commands,
    "keys": keys,
    "permissions": permissions,
    "settings": settings,
    "guildsettings": guild_settings,
}
"""What makes each generated part."""


def render(text: str) -> str:
    """A page with its generated parts as they should be. Raises `KeyError` for a part nobody makes."""
    return _PART.sub(lambda part: f"{part[1]}\n{PARTS[part['name']]().strip()}\n\n{part[3]}", text)


def main() -> int:
    """Brings every page up to date and says which ones were not."""
    # Tanjun warns that this client will dispatch nothing, which nobody asks of it.
    logging.getLogger("hikari.tanjun").setLevel(logging.ERROR)
    for page in sorted(DOCS.glob("**/*.md")):
        before = page.read_text(encoding="utf-8")
        after = render(before)
        if after != before:
            page.write_text(after, encoding="utf-8")
            print(f"docs/{page.relative_to(DOCS)} was brought up to date")  # noqa: T201 - a command speaks
    return 0
