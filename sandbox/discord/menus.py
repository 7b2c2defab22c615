"""Choosing from a select menu the way Discord's client does, and refusing what it would refuse."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sandbox.discord.messages import STRING_SELECT
from sandbox.discord.options import ClientRefused, check_channel_type

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sandbox.discord.options import Resolved
    from sandbox.discord.refusals import Json

_KINDS: Final = {5: 6, 6: 8, 7: 9, 8: 7}
"""Which kind of option a select menu of users, roles, mentionables or channels is like."""


def select(menu: Json, values: Sequence[Any], resolved: Resolved) -> list[str]:
    """Choose: values or labels of a menu's options, or people, roles, channels or their ids.

    Returns what is sent as `values`. Raises ClientRefused.
    """
    low, high = menu.get("min_values", 1), menu.get("max_values", 1)
    if not low <= len(values) <= high:
        raise ClientRefused(f"the menu takes {low} to {high} values")
    if menu["type"] != STRING_SELECT:
        if menu["type"] not in _KINDS:
            raise ClientRefused("this is no select menu")
        named = [resolved.any(value, _KINDS[menu["type"]]) for value in values]
        for value in values:
            check_channel_type(menu, value)
        return _distinct(named)
    offered = {option["value"]: option["value"] for option in menu["options"]}
    labelled = {option["label"]: option["value"] for option in menu["options"]}
    sent: list[str] = []
    for value in values:
        found = offered.get(str(value), labelled.get(str(value)))
        if found is None:
            raise ClientRefused(f"{value!r} is not in the menu, which has {list(offered)}")
        sent.append(found)
    return _distinct(sent)


def _distinct(sent: list[str]) -> list[str]:
    if len(set(sent)) < len(sent):
        raise ClientRefused("nothing can be chosen twice")
    return sent
