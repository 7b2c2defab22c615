"""Finding one's way in Discord's OpenAPI file: places, references, the fields an object may have."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import cast

Node = Mapping[str, object]
"""One object of the OpenAPI document, or of a body."""

Pointer = tuple[str | int, ...]
"""The way from the document's root to a place in it."""


def find_schema() -> Path | None:
    """Look for the file: what DISCORD_OPENAPI names, else `shared/` beside the project. None without either.

    Raises FileNotFoundError where the variable names a file that is not there.
    """
    named = os.environ.get("DISCORD_OPENAPI")
    if named:
        path = Path(named)
        if not path.is_file():
            raise FileNotFoundError(f"DISCORD_OPENAPI names {path}, which is not there")
        return path
    path = Path(__file__).resolve().parents[4] / "shared" / "discord-openapi.json"
    return path if path.is_file() else None


class Document:
    """The OpenAPI file, with what it says wrongly put right."""

    def __init__(self, path: Path) -> None:
        self.root = cast("dict[str, object]", json.loads(path.read_bytes()))
        _correct(self.root)

    def canonical(self, pointer: Pointer) -> Pointer:
        """Give the place itself where a pointer leads through references."""
        done: Pointer = ()
        node: object = self.root
        for step in pointer:
            node = cast("list[object]", node)[step] if isinstance(step, int) else cast("Node", node)[step]
            done = (*done, step)
            while isinstance(node, Mapping) and "$ref" in node:
                done = tuple(str(cast("Node", node)["$ref"]).removeprefix("#/").split("/"))
                node = self.root
                for name in done:
                    node = cast("Node", node)[str(name)]
        return done

    def node(self, pointer: Pointer) -> Node:
        """Give the object at a place, following references."""
        node: object = self.root
        for step in self.canonical(pointer):
            node = cast("list[object]", node)[step] if isinstance(step, int) else cast("Node", node)[step]
        return cast("Node", node)

    def parameters(self, operation: Pointer, place: str) -> dict[str, Pointer]:
        """Map an operation's parameters in `path` or in `query` to the places of their schemas."""
        found: dict[str, Pointer] = {}
        for owner in (operation[:-1], operation):
            listed = cast("list[object]", self.node(owner).get("parameters", []))
            for index in range(len(listed)):
                pointer = (*owner, "parameters", index)
                parameter = self.node(pointer)
                if parameter["in"] == place:
                    found[str(parameter["name"])] = (*pointer, "schema")
        return found

    def fields(self, pointer: Pointer, body: Node) -> dict[str, Pointer] | None:
        """Map the fields an object may have to their places; None where it may have any."""
        place = self.canonical(pointer)
        node = self.node(place)
        found: dict[str, Pointer] = {
            name: (*place, "properties", name) for name in cast("Node", node.get("properties", {}))
        }
        for keyword in ("allOf", "anyOf", "oneOf"):
            for index in range(len(cast("list[object]", node.get(keyword, [])))):
                branch = (*place, keyword, index)
                if keyword != "allOf" and not self._selects(branch, body):
                    continue
                more = self.fields(branch, body)
                if more is None:
                    return None
                # The same field in several branches: the one that fits first is as good as any.
                found = more | found
        if node.get("additionalProperties") or (not found and node.get("type") != "null"):
            return None
        return found

    def _selects(self, branch: Pointer, body: Node) -> bool:
        """Tell whether a branch of a union may be meant, going by the field `type`."""
        node = self.node(branch)
        if node.get("type") == "null":
            return False
        kind = cast("Node", cast("Node", node.get("properties", {})).get("type", {}))
        return "enum" not in kind or body.get("type") in cast("list[object]", kind["enum"])


def _correct(document: dict[str, object]) -> None:
    """Mend what the file says otherwise than Discord's documentation and its own answers.

    The codes in a form's `errors` are words such as BASE_TYPE_REQUIRED, not numbers (API Reference, Error
    Messages). The answer 429 has a `code` for some limits only (Rate Limits). Commands have a field `nsfw`
    (Application Commands).
    """
    schemas = cast("dict[str, dict[str, object]]", cast("Node", document["components"])["schemas"])
    inner = schemas.get("InnerErrors")
    if inner is not None:
        text = {"type": "string"}
        entry = {
            "type": "object",
            "properties": {"code": text, "message": text},
            "required": ["code", "message"],
        }
        cast("dict[str, dict[str, object]]", inner["properties"])["_errors"]["items"] = entry
    limited = schemas.get("RatelimitedResponse")
    if limited is not None:
        parts = cast("list[Node]", limited["allOf"])
        limited["allOf"] = [{"type": "object", "required": ["message"]}, *parts[1:]]
    for name in ("CreateRequest", "UpdateRequest", "PatchRequestPartial"):
        command = schemas.get(f"ApplicationCommand{name}")
        if command is not None:
            cast("dict[str, object]", command["properties"]).setdefault("nsfw", {"type": ["boolean", "null"]})
