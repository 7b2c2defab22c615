"""Filling in a modal the way Discord's client does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, cast

from sandbox.discord.messages import STRING_SELECT, TEXT_INPUT, Upload
from sandbox.discord.options import ClientRefused

if TYPE_CHECKING:
    from sandbox.discord.options import Resolved
    from sandbox.discord.refusals import Json
    from sandbox.discord.replies import Modal

_LABEL: Final = 18
_FILES: Final = 19
_RADIO: Final = 21
_CHECKS: Final = 22
_CHECK: Final = 23
_SELECT_KINDS: Final = {5: 6, 6: 8, 7: 9, 8: 7}
_LONGEST: Final = 4000


def fill(modal: Modal, values: Mapping[str, Any], resolved: Resolved, *, forge: bool = False) -> list[Json]:
    """Give the `components` of a modal submit. Raises ClientRefused for what the client would not send."""
    unknown = [name for name in values if name not in modal.fields]
    if unknown:
        raise ClientRefused(f"the modal has no field {', '.join(unknown)}, it has {list(modal.fields)}")
    sent: list[Json] = []
    for row in modal.components:
        if row["type"] == _LABEL:
            field = _field(row["component"], values, resolved, forge)
            sent.append({"type": _LABEL, "id": row["id"], "component": field})
        elif row["type"] == 1:
            fields = [_field(each, values, resolved, forge) for each in row["components"]]
            sent.append({"type": 1, "id": row["id"], "components": fields})
        else:
            sent.append({"type": row["type"], "id": row["id"]})
    return sent


def _field(field: Json, values: Mapping[str, Any], resolved: Resolved, forge: bool) -> Json:
    kind, name = field["type"], str(field["custom_id"])
    body: Json = {"type": kind, "id": field["id"], "custom_id": name}
    given = values.get(name)
    if kind == TEXT_INPUT:
        text = str(field.get("value") or "") if given is None else str(given)
        if not forge:
            _check_text(field, text)
        return body | {"value": text}
    if kind == _CHECK:
        return body | {"value": bool(given)}
    if kind == _RADIO:
        if given is None and field.get("required", True) and not forge:
            raise ClientRefused(f"field {name!r} is required")
        return body | {"value": given}
    chosen: list[Any] = []
    if given is not None:
        several = isinstance(given, Sequence) and not isinstance(given, str)
        chosen = list(cast("Sequence[Any]", given)) if several else [given]
    if not forge:
        _check_count(field, len(chosen))
    if kind == _FILES:
        if any(not isinstance(each, Upload) for each in chosen):
            raise ClientRefused(f"field {name!r} takes files")
        return body | {"values": [resolved.upload(each) for each in chosen]}
    if kind in _SELECT_KINDS:
        return body | {"values": [resolved.any(each, _SELECT_KINDS[kind]) for each in chosen]}
    if kind in {STRING_SELECT, _CHECKS} and not forge:
        offered = {option["value"] for option in field["options"]}
        missing = [each for each in chosen if each not in offered]
        if missing:
            raise ClientRefused(f"field {name!r} does not offer {missing}")
    return body | {"values": [str(each) for each in chosen]}


def _check_text(field: Json, text: str) -> None:
    low, high = int(field.get("min_length") or 0), int(field.get("max_length") or _LONGEST)
    if not text:
        if field.get("required", True):
            raise ClientRefused(f"field {field['custom_id']!r} is required")
        return
    if not low <= len(text) <= high:
        raise ClientRefused(f"field {field['custom_id']!r} takes {low} to {high} characters")


def _check_count(field: Json, count: int) -> None:
    required = field.get("required", True)
    low, high = int(field.get("min_values", 1)), int(field.get("max_values", 1))
    if not count and not required:
        return
    if not max(low, 1 if required else 0) <= count <= high:
        raise ClientRefused(f"field {field['custom_id']!r} takes {low} to {high} values")
