"""Settings and ladder as a file: what is written, and what may be read back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

import orjson

from bot.errors import UserError
from components.ladder_lines import check_rungs
from components.markdown import plain
from components.settings import find, wrong
from components.texts import FALLBACK, say
from state.guild_settings import Kind, Setting, settings_for
from state.ladder import Ladder

VERSION: Final = 1
LARGEST: Final = 64 * 1024
"""Bytes a file of settings may have; one of all settings has about 1,000."""


@dataclass(frozen=True, slots=True)
class Read:
    """What a file asks for: fields of the `settings` hash (None: the default), and the ladder, if it has one.

    `foreign` are the names of roles and channels that this server does not have; they are left as they are.
    """

    settings: Mapping[str, str | None]
    ladder: Ladder | None
    foreign: tuple[str, ...]


def written(values: Mapping[str, str], ladder: Ladder) -> bytes:
    """The file: every setting, a default as null, with the ladder."""
    settings: dict[str, object] = {}
    for setting in settings_for(ladder):
        value = values.get(setting.field)
        if value is not None and setting.can_hold(value) and (setting.floats or value != setting.default):
            settings[setting.name] = _outside(setting, value)
        else:
            settings[setting.name] = None
    rungs = [{"label": tier.label, "name": tier.name} for tier in ladder.tiers]
    document = {"skipline_settings": VERSION, "settings": settings, "ladder": rungs}
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _outside(setting: Setting, value: str) -> object:
    match setting.kind:
        case Kind.SWITCH:
            return value == "1"
        case Kind.NUMBER | Kind.DURATION:
            return int(value)
        case Kind.ROLE | Kind.CHANNEL | Kind.LANGUAGE | Kind.CHOICE:
            return value


def read(content: bytes, ladder: Ladder, roles: set[int], channels: set[int], locale: str = FALLBACK) -> Read:
    """What the file asks for, checked whole. Raises `UserError` that names the first thing that is wrong.

    `roles` and `channels` are those of the server, `ladder` its own, which holds where the file has none.
    """
    try:
        document: Any = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise UserError(say("settings.file_no_json", locale)) from error
    if not isinstance(document, dict):
        raise UserError(say("settings.file_foreign", locale))
    body = cast("dict[str, Any]", document)
    if body.get("skipline_settings") != VERSION:
        raise UserError(say("settings.file_foreign", locale))
    new_ladder = _ladder(body["ladder"], locale) if body.get("ladder") is not None else None
    given: Any = body.get("settings", {})
    if not isinstance(given, dict):
        raise UserError(say("settings.file_foreign", locale))
    settings: dict[str, str | None] = {}
    foreign: list[str] = []
    for name, value in cast("dict[str, Any]", given).items():
        setting = find(name, new_ladder or ladder)
        if setting is None:
            raise UserError(say("settings.unknown", locale, name=plain(name, 60)))
        kept = _inside(setting, value, locale)
        here = roles if setting.kind is Kind.ROLE else channels
        if kept is not None and setting.kind in (Kind.ROLE, Kind.CHANNEL) and int(kept) not in here:
            foreign.append(setting.name)
            continue
        settings[setting.field] = None if kept == setting.default and not setting.floats else kept
    return Read(settings, new_ladder, tuple(foreign))


def _inside(setting: Setting, value: object, locale: str) -> str | None:
    if value is None:
        return None
    match setting.kind, value:
        case Kind.SWITCH, bool():
            kept = "1" if value else "0"
        case ((Kind.NUMBER | Kind.DURATION), int()) if not isinstance(value, bool):
            kept = str(value)
        case ((Kind.ROLE | Kind.CHANNEL | Kind.LANGUAGE | Kind.CHOICE), str()):
            kept = value
        case _:
            kept = ""
    if not setting.can_hold(kept):
        raise UserError(wrong(setting, locale))
    return kept


def _ladder(rungs: object, locale: str) -> Ladder:
    if not isinstance(rungs, list):
        raise UserError(say("settings.file_ladder", locale))
    found: list[tuple[int, str]] = []
    for rung in cast("list[Any]", rungs):
        match rung:
            case {"label": int() as label, "name": str() as name} if not isinstance(label, bool):
                found.append((label, " ".join(name.split())))
            case _:
                raise UserError(say("settings.file_ladder", locale))
    return check_rungs(found, locale)
