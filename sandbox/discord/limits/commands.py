"""What Discord demands of application commands and of the answers to autocomplete.

Source: Discord's documentation, Application Commands, and its published OpenAPI file (locales, option types).
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Sequence
from enum import IntEnum
from typing import Final, Literal

from sandbox.discord.limits.components import CHANNEL_TYPES
from sandbox.discord.limits.form import INT64, Body, Form, whole

SIZE: Final = 8000
MAX_INTEGER: Final = 2**53 - 1
MAX_NUMBER: Final = 2.0**53
CHAT_INPUT, USER, MESSAGE, ENTRY_POINT = 1, 2, 3, 4
PER_KIND: Final = {CHAT_INPUT: 100, USER: 15, MESSAGE: 15, ENTRY_POINT: 1}
# fmt: off
LOCALES: Final = frozenset((
    "ar", "bg", "cs", "da", "de", "el", "en-GB", "en-US", "es-419", "es-ES", "fi", "fr", "he", "hi", "hr",
    "hu", "id", "it", "ja", "ko", "lt", "nl", "no", "pl", "pt-BR", "ro", "ru", "sv-SE", "th", "tr", "uk",
    "vi", "zh-CN", "zh-TW",
))
# fmt: on


class Option(IntEnum):
    """The types of command options."""

    SUB_COMMAND = 1
    SUB_COMMAND_GROUP = 2
    STRING = 3
    INTEGER = 4
    BOOLEAN = 5
    USER = 6
    CHANNEL = 7
    ROLE = 8
    MENTIONABLE = 9
    NUMBER = 10
    ATTACHMENT = 11


_GROUPING: Final = (Option.SUB_COMMAND, Option.SUB_COMMAND_GROUP)
_ARGUMENTS: Final = tuple(option for option in Option if option not in _GROUPING)
_WITH_CHOICES: Final = (Option.STRING, Option.INTEGER, Option.NUMBER)
# Marks of these two scripts belong to words though they are no letters.
_WORD_MARKS: Final = (
    (0x0900, 0x0950),
    (0x0955, 0x0963),
    (0x0E31, 0x0E3A),
    (0x0E47, 0x0E4E),
    (0xA8E0, 0xA8F1),
)


def valid_name(name: str) -> bool:
    r"""Tell whether a slash command, group or option may be called so.

    The rule is `^[-_'\p{L}\p{N}\p{sc=Deva}\p{sc=Thai}]{1,32}$`, and lower case wherever a letter has one.
    """
    return 1 <= len(name) <= 32 and name == name.lower() and all(map(_in_word, name))


def _in_word(character: str) -> bool:
    return (
        character in "-_'"
        or unicodedata.category(character)[0] in "LN"
        or any(low <= ord(character) <= high for low, high in _WORD_MARKS)
    )


def command(body: Body, *, edit: bool = False) -> None:
    """Check one command to be created, or changed where `edit`; raises Invalid."""
    form = Form()
    _command(form, body, edit=edit)
    form.finish()


def commands(bodies: Sequence[Body], scope: Literal["global", "guild"] = "global") -> None:
    """Check all commands of a scope as they would stand together; raises Invalid with an index a command."""
    form = Form()
    names: set[tuple[int, str]] = set()
    kinds: Counter[int] = Counter()
    for index, body in enumerate(bodies):
        here = form.at(index)
        _command(here, body)
        kind, name = whole(body.get("type")) or CHAT_INPUT, body.get("name")
        kinds[kind] += 1
        if scope == "guild" and kind == ENTRY_POINT:
            here.at("type").one_of((CHAT_INPUT, USER, MESSAGE))
        if isinstance(name, str):
            if (kind, name) in names:
                here.at("name").fail(
                    "APPLICATION_COMMANDS_DUPLICATE_NAME", "Application command names must be unique"
                )
            names.add((kind, name))
    for kind, most in PER_KIND.items():
        if kinds[kind] > most:
            form.fail("APPLICATION_COMMANDS_MAX", f"Maximum number of application commands reached ({most})")
    form.finish()


def autocomplete(body: Body) -> None:
    """Check the choices offered while a person types (the `data` of the answer); raises Invalid."""
    form = Form()
    for here, choice in form.objects(body, "choices", 25, required=True):
        here.text(choice, "name", 100, low=1, required=True)
        _localized(here, choice, "name", 100)
        value = choice.get("value")
        if isinstance(value, str):
            here.text(choice, "value", 100, low=1)
        elif value is None:
            here.at("value").required()
        elif isinstance(value, bool) or not isinstance(value, (int, float)):
            here.at("value").fail("STRING_TYPE_CONVERT", "Could not interpret value as string.")
        else:
            here.at("value").bounds("int", value, -MAX_NUMBER, MAX_NUMBER)
    form.finish()


def size(body: Body) -> int:
    """Count a command's names, descriptions and values, the longest locale of each: at most 8000."""
    weight = _longest(body, "name") + _longest(body, "description")
    value = body.get("value")
    if value is not None:
        weight += len(value if isinstance(value, str) else str(value))
    quiet = Form()
    for key in ("options", "choices"):
        weight += sum(size(child) for _, child in quiet.objects(body, key, INT64))
    return weight


def _longest(body: Body, key: str) -> int:
    texts = [body.get(key), *(Form().mapping(body, f"{key}_localizations") or {}).values()]
    return max((len(text) for text in texts if isinstance(text, str)), default=0)


def _command(form: Form, body: Body, *, edit: bool = False) -> None:
    kind = form.choice(body, "type", tuple(PER_KIND)) or CHAT_INPUT
    if not edit or "name" in body:
        _name(form, body, word=kind in (CHAT_INPUT, ENTRY_POINT))
    if kind in (CHAT_INPUT, ENTRY_POINT):
        needed = kind == CHAT_INPUT and (not edit or "description" in body)
        form.text(body, "description", 100, low=1 if needed else 0, required=needed)
        _localized(form, body, "description", 100)
    elif body.get("description"):
        form.at("description").fail(
            "APPLICATION_COMMAND_CONTEXT_MENU_DESCRIPTION_NOT_ALLOWED",
            "Context menu commands cannot have a description",
        )
    if kind == CHAT_INPUT:
        _options(form, body, tuple(Option))
    elif body.get("options"):
        form.at("options").fail(
            "APPLICATION_COMMAND_CONTEXT_MENU_OPTIONS_NOT_ALLOWED",
            "Context menu commands cannot have options",
        )
    # Bits up to 53, the last one Discord takes here.
    form.integer(body, "default_member_permissions", low=0, high=2**54 - 1)
    for key in ("dm_permission", "nsfw"):
        form.boolean(body, key)
    _distinct(form, body, "contexts", (0, 1, 2))
    _distinct(form, body, "integration_types", (0, 1))
    if size(body) > SIZE:
        form.fail("APPLICATION_COMMAND_TOO_LARGE", f"Command exceeds maximum size ({SIZE})")


def _distinct(form: Form, body: Body, key: str, allowed: tuple[int, ...]) -> None:
    seen: list[object] = []
    for index, value in enumerate(form.items(body, key, len(allowed), low=1)):
        if value not in allowed:
            form.at(key, index).one_of(allowed)
        elif value in seen:
            form.at(key, index).fail("SET_TYPE_ALREADY_CONTAINS_VALUE", "The set already contains this value")
        seen.append(value)


def _name(form: Form, body: Body, *, word: bool) -> None:
    name = form.text(body, "name", 32, low=1, required=True)
    if word and name and len(name) <= 32 and not valid_name(name):
        form.at("name").fail("APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid")
    for locale, text in _localized(form, body, "name", 32):
        if word and 0 < len(text) <= 32 and not valid_name(text):
            form.at("name_localizations", locale).fail(
                "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid"
            )


def _localized(form: Form, body: Body, key: str, high: int) -> list[tuple[str, str]]:
    field = f"{key}_localizations"
    found: list[tuple[str, str]] = []
    for locale, _ in (form.mapping(body, field) or {}).items():
        here = form.at(field)
        if locale not in LOCALES:
            here.at(locale).fail("BASE_TYPE_CHOICES", f"{locale} is not a locale Discord knows.")
            continue
        text = here.text(form.mapping(body, field) or {}, locale, high, low=1, required=True)
        if text is not None:
            found.append((locale, text))
    return found


def _options(form: Form, body: Body, allowed: Sequence[Option]) -> None:
    names: set[str] = set()
    kinds: list[Option] = []
    optional_seen = False
    for here, option in form.objects(body, "options", 25):
        number = here.choice(option, "type", [int(kind) for kind in allowed], required=True)
        _name(here, option, word=True)
        here.text(option, "description", 100, low=1, required=True)
        _localized(here, option, "description", 100)
        required = here.boolean(option, "required")
        name = option.get("name")
        if isinstance(name, str):
            if name in names:
                here.at("name").fail(
                    "APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS", "Option name already exists"
                )
            names.add(name)
        if number is None:
            continue
        kind = Option(number)
        kinds.append(kind)
        if kind in _GROUPING:
            nested = _ARGUMENTS if kind is Option.SUB_COMMAND else (Option.SUB_COMMAND,)
            _options(here, option, nested)
            continue
        if required and optional_seen:
            here.fail(
                "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID",
                "Required options must be placed before non-required options",
            )
        optional_seen = optional_seen or not required
        _argument(here, option, kind)
    if any(kind in _GROUPING for kind in kinds) and any(kind not in _GROUPING for kind in kinds):
        form.at("options").fail(
            "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID",
            "Sub-command and sub-command group option types are mutually exclusive to all other types",
        )


def _argument(form: Form, option: Body, kind: Option) -> None:
    if kind in _WITH_CHOICES:
        _choices(form, option, kind)
    if kind is Option.STRING:
        least = form.integer(option, "min_length", low=0, high=6000)
        most = form.integer(option, "max_length", low=1, high=6000)
        if least is not None and most is not None and least > most:
            form.at("min_length").bounds("int", least, 0, most)
    elif kind in (Option.INTEGER, Option.NUMBER):
        least, most = (_bound(form, option, key, kind) for key in ("min_value", "max_value"))
        if least is not None and most is not None and least > most:
            form.at("min_value").bounds(kind.name.lower(), least, -MAX_NUMBER, most)
    elif kind is Option.CHANNEL:
        _distinct_channels(form, option)


def _bound(form: Form, option: Body, key: str, kind: Option) -> float | None:
    value = option.get(key)
    if kind is Option.INTEGER or value is None:
        return form.integer(option, key, low=-MAX_INTEGER, high=MAX_INTEGER)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        form.at(key).fail("NUMBER_TYPE_COERCE", f'Value "{value}" is not float.')
        return None
    form.at(key).bounds("float", value, -MAX_NUMBER, MAX_NUMBER)
    return value


def _distinct_channels(form: Form, option: Body) -> None:
    for index, value in enumerate(form.items(option, "channel_types", len(CHANNEL_TYPES))):
        if value not in CHANNEL_TYPES:
            form.at("channel_types", index).one_of(CHANNEL_TYPES)


def _choices(form: Form, option: Body, kind: Option) -> None:
    names: set[str] = set()
    found = form.objects(option, "choices", 25)
    for here, choice in found:
        name = here.text(choice, "name", 100, low=1, required=True)
        _localized(here, choice, "name", 100)
        if name is not None:
            if name in names:
                here.at("name").fail(
                    "APPLICATION_COMMAND_OPTIONS_CHOICE_NAME_ALREADY_EXISTS",
                    "Option choice name already exists",
                )
            names.add(name)
        if choice.get("value") is None:
            here.at("value").required()
        elif kind is Option.STRING:
            here.text(choice, "value", 100)
        else:
            _bound(here, choice, "value", kind)
    if form.boolean(option, "autocomplete") and found:
        form.at("autocomplete").fail(
            "APPLICATION_COMMAND_OPTIONS_AUTOCOMPLETE_WITH_CHOICES",
            "Autocomplete cannot be combined with choices",
        )
