"""What Discord demands of the components of a message or a modal.

Source: Discord's documentation, Component Reference, and its published OpenAPI file.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

from sandbox.discord.limits.form import INT32, Body, Form


class Kind(IntEnum):
    """The types of components."""

    ACTION_ROW = 1
    BUTTON = 2
    STRING_SELECT = 3
    TEXT_INPUT = 4
    USER_SELECT = 5
    ROLE_SELECT = 6
    MENTIONABLE_SELECT = 7
    CHANNEL_SELECT = 8
    SECTION = 9
    TEXT_DISPLAY = 10
    THUMBNAIL = 11
    MEDIA_GALLERY = 12
    FILE = 13
    SEPARATOR = 14
    CONTAINER = 17
    LABEL = 18
    FILE_UPLOAD = 19
    RADIO_GROUP = 21
    CHECKBOX_GROUP = 22
    CHECKBOX = 23


SELECTS: Final = (
    Kind.STRING_SELECT,
    Kind.USER_SELECT,
    Kind.ROLE_SELECT,
    Kind.MENTIONABLE_SELECT,
    Kind.CHANNEL_SELECT,
)
IN_CONTAINER: Final = (
    Kind.ACTION_ROW,
    Kind.SECTION,
    Kind.TEXT_DISPLAY,
    Kind.MEDIA_GALLERY,
    Kind.FILE,
    Kind.SEPARATOR,
)
TOP_LEVEL: Final = (*IN_CONTAINER, Kind.CONTAINER)
IN_LABEL: Final = (
    *SELECTS,
    Kind.TEXT_INPUT,
    Kind.FILE_UPLOAD,
    Kind.RADIO_GROUP,
    Kind.CHECKBOX_GROUP,
    Kind.CHECKBOX,
)
DEFAULT_TYPES: Final = {
    Kind.USER_SELECT: ("user",),
    Kind.ROLE_SELECT: ("role",),
    Kind.MENTIONABLE_SELECT: ("user", "role"),
    Kind.CHANNEL_SELECT: ("channel",),
}
CHANNEL_TYPES: Final = (0, 1, 2, 3, 4, 5, 10, 11, 12, 13, 14, 15, 16)
LINK_STYLE: Final = 5
PREMIUM_STYLE: Final = 6
ROW_WIDTH: Final = 5
MEDIA_SCHEMES: Final = ("http", "https", "attachment")


@dataclass(slots=True)
class Tree:
    """What is counted over all components of one message or modal.

    `files` holds the names a component may refer to, or is None where they are not known.
    """

    files: Collection[str] | None = None
    modal: bool = False
    total: int = 0
    text: int = 0
    custom_ids: set[str] = field(default_factory=set[str])
    ids: set[int] = field(default_factory=set[int])


def check(form: Form, body: Body, allowed: Collection[Kind], tree: Tree) -> Kind | None:
    """Check one component and all below it; `allowed` are the types its place takes."""
    tree.total += 1
    number = form.integer(body, "type", required=True)
    if number is None:
        return None
    if number not in allowed:
        listed = ", ".join(str(int(kind)) for kind in allowed)
        form.at("type").fail("UNION_TYPE_CHOICES", f'Value of field "type" must be one of ({listed},).')
        return None
    kind = Kind(number)
    _check_id(form, body, tree)
    match kind:
        case Kind.ACTION_ROW:
            _row(form, body, tree)
        case Kind.BUTTON:
            _button(form, body, tree)
        case Kind.TEXT_INPUT:
            _text_input(form, body, tree)
        case Kind.SECTION:
            for here, child in form.objects(body, "components", 3, low=1, required=True):
                check(here, child, (Kind.TEXT_DISPLAY,), tree)
            accessory = form.mapping(body, "accessory", required=True)
            if accessory is not None:
                check(form.at("accessory"), accessory, (Kind.BUTTON, Kind.THUMBNAIL), tree)
        case Kind.TEXT_DISPLAY:
            tree.text += len(form.text(body, "content", 4000, low=1, required=True) or "")
        case Kind.THUMBNAIL:
            _media_item(form, body, tree)
        case Kind.MEDIA_GALLERY:
            for here, item in form.objects(body, "items", 10, low=1, required=True):
                _media_item(here, item, tree)
        case Kind.FILE:
            _media(form, body, "file", ("attachment",), tree)
            form.boolean(body, "spoiler")
        case Kind.SEPARATOR:
            form.boolean(body, "divider")
            form.choice(body, "spacing", (1, 2))
        case Kind.CONTAINER:
            form.integer(body, "accent_color", low=0, high=0xFFFFFF)
            form.boolean(body, "spoiler")
            for here, child in form.objects(body, "components", 40, low=1, required=True):
                check(here, child, IN_CONTAINER, tree)
        case Kind.LABEL:
            form.text(body, "label", 45, low=1, required=True)
            form.text(body, "description", 100, low=1)
            child = form.mapping(body, "component", required=True)
            if child is not None:
                check(form.at("component"), child, IN_LABEL, tree)
        case Kind.FILE_UPLOAD:
            _custom_id(form, body, tree)
            _value_range(form, body, 10, 1)
        case Kind.RADIO_GROUP | Kind.CHECKBOX_GROUP:
            _group(form, body, kind, tree)
        case Kind.CHECKBOX:
            _custom_id(form, body, tree)
            form.boolean(body, "default")
        case _:
            _select(form, body, kind, tree)
    return kind


def _check_id(form: Form, body: Body, tree: Tree) -> None:
    number = form.integer(body, "id", low=0, high=INT32)
    if number:
        if number in tree.ids:
            form.at("id").fail("COMPONENT_ID_DUPLICATED", "Component id cannot be duplicated")
        tree.ids.add(number)


def _custom_id(form: Form, body: Body, tree: Tree) -> None:
    custom_id = form.text(body, "custom_id", 100, low=1, required=True)
    if custom_id is None:
        return
    if custom_id in tree.custom_ids:
        form.at("custom_id").fail(
            "COMPONENT_CUSTOM_ID_DUPLICATED", "Component custom id cannot be duplicated"
        )
    tree.custom_ids.add(custom_id)


def _row(form: Form, body: Body, tree: Tree) -> None:
    allowed = (Kind.TEXT_INPUT,) if tree.modal else (Kind.BUTTON, *SELECTS)
    width = 0
    for here, child in form.objects(body, "components", 5, low=1, required=True):
        kind = check(here, child, allowed, tree)
        width += 1 if kind in (Kind.BUTTON, None) else ROW_WIDTH
        if kind is not None and width > ROW_WIDTH:
            here.fail("COMPONENT_LAYOUT_WIDTH_EXCEEDED", "The specified component exceeds the maximum width")


def _button(form: Form, body: Body, tree: Tree) -> None:
    style = form.choice(body, "style", (1, 2, 3, 4, 5, 6), required=True)
    label = form.text(body, "label", 80)
    emoji = _emoji(form, body)
    form.boolean(body, "disabled")
    if style is None:
        return
    if style == PREMIUM_STYLE:
        form.snowflake(body, "sku_id", required=True)
        unwanted = ("custom_id", "url", "label", "emoji")
    elif style == LINK_STYLE:
        form.url(body, "url", ("http", "https", "discord"), 512, required=True)
        unwanted = ("custom_id", "sku_id")
    else:
        _custom_id(form, body, tree)
        unwanted = ("url", "sku_id")
    for key in unwanted:
        if body.get(key) is not None:
            form.at(key).fail(
                "BUTTON_COMPONENT_FIELD_NOT_ALLOWED", f"A button of style {style} cannot have {key}"
            )
    if style != PREMIUM_STYLE and not label and not emoji:
        form.fail("BUTTON_COMPONENT_LABEL_OR_EMOJI_REQUIRED", "A button must have a label or an emoji")


def _emoji(form: Form, body: Body) -> bool:
    emoji = form.mapping(body, "emoji")
    if emoji is None:
        return False
    here = form.at("emoji")
    number = here.snowflake(emoji, "id")
    name = here.text(emoji, "name", 32)
    # Without an id the name must be an emoji itself: no plain letters, digits or signs.
    if number is None and not any(ord(character) > 0xA8 for character in name or ""):
        here.at("name").fail("COMPONENT_INVALID_EMOJI", "Invalid emoji")
    return True


def _value_range(form: Form, body: Body, high: int, default: int) -> tuple[int, int]:
    least = form.integer(body, "min_values", low=0, high=high)
    most = form.integer(body, "max_values", low=1, high=high)
    low, top = (1 if least is None else least), (default if most is None else most)
    if least is not None and low > top:
        form.at("min_values").fail(
            "SELECT_COMPONENT_MIN_VALUES", f"min_values must be equal to or less than {top}."
        )
    return low, top


def _required_in_modal(form: Form, body: Body) -> None:
    required = body.get("required")
    form.boolean(body, "required")
    if required is not False and body.get("min_values") == 0:
        form.at("min_values").fail(
            "SELECT_COMPONENT_MIN_VALUES", "min_values must be at least 1 where the component is required."
        )


def _select(form: Form, body: Body, kind: Kind, tree: Tree) -> None:
    _custom_id(form, body, tree)
    form.text(body, "placeholder", 150)
    low, top = _value_range(form, body, 25, 1)
    if form.boolean(body, "disabled") and tree.modal:
        form.at("disabled").fail("MODAL_COMPONENT_DISABLED", "Components in a modal cannot be disabled")
    if tree.modal:
        _required_in_modal(form, body)
    if kind is Kind.STRING_SELECT:
        _options(form, body, 1, 25, top)
        count = len(form.items(body, "options", INT32))
        if top <= 25 and 0 < count < top:
            form.at("options").length(count, top, 25)
        return
    if kind is Kind.CHANNEL_SELECT:
        for index, value in enumerate(form.items(body, "channel_types", len(CHANNEL_TYPES))):
            if value not in CHANNEL_TYPES:
                form.at("channel_types", index).one_of(CHANNEL_TYPES)
    defaults = form.objects(body, "default_values", 25)
    for here, default in defaults:
        here.snowflake(default, "id", required=True)
        if default.get("type") not in DEFAULT_TYPES[kind]:
            here.at("type").one_of(DEFAULT_TYPES[kind])
    if defaults and not low <= len(defaults) <= top:
        form.at("default_values").fail(
            "SELECT_COMPONENT_DEFAULT_VALUES", f"Must be between {low} and {top} default values."
        )


def _options(form: Form, body: Body, least: int, most: int, selectable: int) -> None:
    values: set[str] = set()
    defaults = 0
    for here, option in form.objects(body, "options", most, low=least, required=True):
        here.text(option, "label", 100, low=1, required=True)
        value = here.text(option, "value", 100, low=1, required=True)
        here.text(option, "description", 100)
        _emoji(here, option)
        defaults += here.boolean(option, "default")
        if value is None:
            continue
        if value in values:
            here.at("value").fail(
                "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED", "The specified option value is already used"
            )
        values.add(value)
    if defaults > selectable:
        form.at("options").fail(
            "SELECT_COMPONENT_DEFAULT_VALUES",
            f"No more than {selectable} options may be selected by default.",
        )


def _group(form: Form, body: Body, kind: Kind, tree: Tree) -> None:
    _custom_id(form, body, tree)
    if kind is Kind.RADIO_GROUP:
        form.boolean(body, "required")
        _options(form, body, 2, 10, 1)
        return
    count = len(form.items(body, "options", INT32))
    _, top = _value_range(form, body, 10, max(count, 1))
    _required_in_modal(form, body)
    _options(form, body, 1, 10, top)


def _text_input(form: Form, body: Body, tree: Tree) -> None:
    _custom_id(form, body, tree)
    form.choice(body, "style", (1, 2), required=True)
    form.text(body, "label", 45, low=1)
    form.text(body, "placeholder", 100)
    form.boolean(body, "required")
    value = form.text(body, "value", 4000)
    least = form.integer(body, "min_length", low=0, high=4000)
    most = form.integer(body, "max_length", low=1, high=4000)
    if least is not None and most is not None and least > most:
        form.at("min_length").bounds("int", least, 0, most)
    if value and 0 < (most or 4000) <= 4000:
        form.at("value").length(len(value), least or 0, most or 4000)


def _media_item(form: Form, body: Body, tree: Tree) -> None:
    _media(form, body, "media", MEDIA_SCHEMES, tree)
    form.text(body, "description", 1024, low=1)
    form.boolean(body, "spoiler")


def _media(form: Form, body: Body, key: str, schemes: tuple[str, ...], tree: Tree) -> None:
    media = form.mapping(body, key, required=True)
    if media is None:
        return
    here = form.at(key)
    url = here.url(media, "url", schemes, required=True) or ""
    name = url.removeprefix("attachment://")
    if tree.files is not None and name != url and name not in tree.files:
        here.at("url").fail(
            "UNFURLED_MEDIA_ITEM_REFERENCED_ATTACHMENT_NOT_FOUND",
            f"The referenced attachment {name} was not found",
        )
