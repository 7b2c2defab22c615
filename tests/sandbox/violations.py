"""What the tests of limits share: bodies to begin with, and the violations told of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sandbox.discord import limits

Body = dict[str, Any]


def broken(rule: Callable[..., None], body: Any, **options: Any) -> dict[str, str]:
    """The path of each violation with its code; nothing where the body passes."""
    try:
        rule(body, **options)
    except limits.Invalid as error:
        return dict(_codes(error.errors, ()))
    return {}


def _codes(errors: Mapping[str, Any], path: tuple[str, ...]) -> list[tuple[str, str]]:
    if "_errors" in errors:
        assert set(errors) == {"_errors"}, "a node has children or errors, never both"
        return [(".".join(path), errors["_errors"][0]["code"])]
    return [entry for key, value in errors.items() for entry in _codes(value, (*path, key))]


def button(custom_id: str | None = "a", **fields: Any) -> Body:
    return {"type": 2, "style": 1, "label": "Next", "custom_id": custom_id} | fields


def select(custom_id: str = "s", count: int = 2, **fields: Any) -> Body:
    options = [{"label": f"Song {index}", "value": str(index)} for index in range(count)]
    return {"type": 3, "custom_id": custom_id, "options": options} | fields


def row(*components: Body) -> Body:
    return {"type": 1, "components": list(components)}


def rows(*components: Body) -> Body:
    return {"components": [row(component) for component in components]}


def v2(*components: Body, **fields: Any) -> Body:
    return {"flags": 32768, "components": list(components)} | fields


def text(content: str = "x") -> Body:
    return {"type": 10, "content": content}
