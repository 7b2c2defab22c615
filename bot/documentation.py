"""Writes the generated parts of the pages in `docs/`: `make docs`, or `python -m bot.documentation`.

A page holds `<!-- generated: NAME -->` and `<!-- end -->`; what stands between them comes from the code.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from state.fields import EVENTS
from state.keys import TABLE
from state.keyspace import Key, Type

__all__ = ["DOCS", "PARTS", "main", "render"]

DOCS: Final = Path(__file__).parent.parent / "docs"

_PART: Final = re.compile(r"(<!-- generated: (?P<name>[a-z]+) -->\n).*?(<!-- end -->)", re.DOTALL)
_TYPES: Final[Mapping[Type, str]] = {Type.SORTED_SET: "sorted set"}
_MINUTE: Final = 60
_COMES_BACK: Final = """\
What a Redis that lost its data does with a key: *from the archive* puts it back exactly as of the last
archived move; *by the restore itself* means that it follows from the archive's position; *by itself*, that
whoever needs it writes it again."""


def render(text: str) -> str:
    """A page with its generated parts as they should be. Raises `KeyError` for a part nobody makes."""
    return _PART.sub(lambda part: f"{part[1]}\n{PARTS[part['name']]().strip()}\n\n{part[3]}", text)


def main() -> int:
    """Brings every page up to date and says which ones were not."""
    for page in sorted(DOCS.glob("**/*.md")):
        before = page.read_text(encoding="utf-8")
        after = render(before)
        if after != before:
            page.write_text(after, encoding="utf-8")
            print(f"docs/{page.relative_to(DOCS)} was brought up to date")  # noqa: T201 - a command speaks
    return 0


def keys() -> str:
    """The tables of all keys, their fields and the kinds of events."""
    head = ("key", "type", "what it is", "holds", "lives", "comes back", "what bounds it")
    rows = (
        [_code(key.pattern), _type(key), key.meaning, _holds(key), _lives(key), key.rebuilt, key.bound]
        for key in TABLE.values()
    )
    lines = [_COMES_BACK, "", *_table(head, rows)]
    for key in TABLE.values():
        if key.fields:
            of = "entries" if key.type is Type.STREAM else "fields"
            rows = ([_code(field.name), field.unit, field.meaning] for field in key.fields)
            lines += ["", f"### The {of} of `{key.name}`", "", *_table(("field", "is", "meaning"), rows)]
    rows = ([_code(kind), event.meaning, _facts(event.data)] for kind, event in EVENTS.items())
    lines += ["", "### The kinds of events", "", *_table(("kind", "what happened", "`data`"), rows)]
    return "\n".join(lines)


PARTS: Final[Mapping[str, Callable[[], str]]] = {"keys": keys}
"""What makes each generated part."""


def _type(key: Key) -> str:
    return _TYPES.get(key.type, str(key.type))


def _holds(key: Key) -> str:
    if key.fields:
        return "fields below"
    if key.type is Type.SORTED_SET:
        return f"member: {key.member}; score: {key.score}"
    return key.value or key.member


def _lives(key: Key) -> str:
    if key.ttl is None:
        return "stays" if key.type is not Type.CHANNEL else ""
    if key.ttl % _MINUTE == 0:
        return f"{key.ttl // _MINUTE} min"
    return f"{key.ttl} s at most"


def _facts(data: Mapping[str, str]) -> str:
    return "; ".join(f"`{name}`: {meaning}" for name, meaning in data.items())


def _code(text: str) -> str:
    return f"`{text}`"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    cells = [head, ["---"] * len(head), *rows]
    return ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in cells]


if __name__ == "__main__":
    sys.exit(main())
