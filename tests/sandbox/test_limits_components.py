"""Every limit of components and modals at its edge, and where the error is told."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.discord import limits
from tests.sandbox.violations import Body, broken, button, row, rows, select, text, v2

COMPONENT = "components.0.components.0"


@pytest.mark.parametrize(
    ("component", "wrong"),
    [
        (button(label="x" * 80), {}),
        (button(label="x" * 81), {"label": "BASE_TYPE_MAX_LENGTH"}),
        (button("x" * 100), {}),
        (button("x" * 101), {"custom_id": "BASE_TYPE_BAD_LENGTH"}),
        (button(""), {"custom_id": "BASE_TYPE_BAD_LENGTH"}),
        (button(None), {"custom_id": "BASE_TYPE_REQUIRED"}),
        (button(style=7), {"style": "BASE_TYPE_CHOICES"}),
        (button(url="https://x.org"), {"url": "BUTTON_COMPONENT_FIELD_NOT_ALLOWED"}),
        (button(label=None), {"": "BUTTON_COMPONENT_LABEL_OR_EMOJI_REQUIRED"}),
        (button(label=None, emoji={"name": "⏭️"}), {}),
        (button(emoji={"name": "1️⃣"}), {}),
        (button(emoji={"id": "5", "name": "skip"}), {}),
        (button(emoji={"name": "skip"}), {"emoji.name": "COMPONENT_INVALID_EMOJI"}),
        (button(None, style=5, url="https://x.org"), {}),
        (button(None, style=5, url="discord://x/y"), {}),
        (button(None, style=5), {"url": "BASE_TYPE_REQUIRED"}),
        (button(None, style=5, url="tel:1"), {"url": "URL_TYPE_INVALID_SCHEME"}),
        (button(None, style=5, url="https://x.org/" + "y" * 512), {"url": "BASE_TYPE_MAX_LENGTH"}),
        (button(style=5, url="https://x.org"), {"custom_id": "BUTTON_COMPONENT_FIELD_NOT_ALLOWED"}),
        ({"type": 2, "style": 6, "sku_id": "1"}, {}),
        (
            {"type": 2, "style": 6, "sku_id": "1", "label": "x"},
            {"label": "BUTTON_COMPONENT_FIELD_NOT_ALLOWED"},
        ),
        (select(), {}),
        (select(count=25), {}),
        (select(count=26), {"options": "BASE_TYPE_BAD_LENGTH"}),
        (select(count=0), {"options": "BASE_TYPE_BAD_LENGTH"}),
        (select(placeholder="x" * 151), {"placeholder": "BASE_TYPE_MAX_LENGTH"}),
        (select(count=3, max_values=3), {}),
        (select(count=2, max_values=3), {"options": "BASE_TYPE_BAD_LENGTH"}),
        (select(max_values=26), {"max_values": "NUMBER_TYPE_MAX"}),
        (select(max_values=0), {"max_values": "NUMBER_TYPE_MIN"}),
        (select(min_values=0), {}),
        (select(min_values=-1), {"min_values": "NUMBER_TYPE_MIN"}),
        (select(min_values=2), {"min_values": "SELECT_COMPONENT_MIN_VALUES"}),
        (select(options=[{"label": "x" * 101, "value": "1"}]), {"options.0.label": "BASE_TYPE_BAD_LENGTH"}),
        (select(options=[{"label": "x", "value": "1" * 101}]), {"options.0.value": "BASE_TYPE_BAD_LENGTH"}),
        (
            select(options=[{"label": "x", "value": "1", "description": "d" * 101}]),
            {"options.0.description": "BASE_TYPE_MAX_LENGTH"},
        ),
        (
            select(options=[{"label": "x", "value": "1"}, {"label": "y", "value": "1"}]),
            {"options.1.value": "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED"},
        ),
        (
            select(options=[{"label": n, "value": n, "default": True} for n in "ab"]),
            {"options": "SELECT_COMPONENT_DEFAULT_VALUES"},
        ),
        ({"type": 5, "custom_id": "u", "default_values": [{"id": "1", "type": "user"}]}, {}),
        (
            {"type": 5, "custom_id": "u", "default_values": [{"id": "1", "type": "role"}]},
            {"default_values.0.type": "BASE_TYPE_CHOICES"},
        ),
        (
            {
                "type": 6,
                "custom_id": "u",
                "default_values": [{"id": str(n), "type": "role"} for n in range(2)],
            },
            {"default_values": "SELECT_COMPONENT_DEFAULT_VALUES"},
        ),
        ({"type": 8, "custom_id": "c", "channel_types": [0, 99]}, {"channel_types.1": "BASE_TYPE_CHOICES"}),
        ({"type": 4, "custom_id": "t", "style": 1}, {"type": "UNION_TYPE_CHOICES"}),
        ({"type": 10, "content": "x"}, {"type": "UNION_TYPE_CHOICES"}),
        ({"custom_id": "t"}, {"type": "BASE_TYPE_REQUIRED"}),
    ],
)
def test_components_of_a_row(component: Body, wrong: dict[str, str]) -> None:
    expected = {f"{COMPONENT}.{path}".removesuffix("."): code for path, code in wrong.items()}
    assert broken(limits.message, {"components": [row(component)]}) == expected


def test_rows_and_their_width() -> None:
    buttons = [button(str(n)) for n in range(6)]
    assert broken(limits.message, {"components": [row(*buttons[:5])]}) == {}
    assert broken(limits.message, {"components": [row(*buttons)]}) == {
        "components.0.components.5": "COMPONENT_LAYOUT_WIDTH_EXCEEDED"
    }
    assert broken(limits.message, {"components": [row()]}) == {
        "components.0.components": "BASE_TYPE_BAD_LENGTH"
    }
    assert broken(limits.message, {"components": [row(button(), select())]}) == {
        "components.0.components.1": "COMPONENT_LAYOUT_WIDTH_EXCEEDED"
    }
    assert broken(limits.message, rows(*buttons[:5])) == {}
    assert broken(limits.message, rows(*buttons)) == {"components": "BASE_TYPE_MAX_LENGTH"}
    assert broken(limits.message, {"components": [button()]}) == {"components.0.type": "UNION_TYPE_CHOICES"}


def test_custom_ids_and_ids_are_unique_in_a_message() -> None:
    assert broken(limits.message, rows(button("a"), button("b"), select("a"))) == {
        "components.2.components.0.custom_id": "COMPONENT_CUSTOM_ID_DUPLICATED"
    }
    assert broken(limits.message, rows(button("a", id=7), button("b", id=7))) == {
        "components.1.components.0.id": "COMPONENT_ID_DUPLICATED"
    }
    assert broken(limits.message, rows(button("a", id=0), button("b", id=0))) == {}


def test_v2_has_no_content_embeds_stickers_or_poll() -> None:
    legacy = {"content": "x", "embeds": [{"title": "x"}], "sticker_ids": ["1"], "poll": {"question": {}}}
    assert broken(limits.message, v2(text(), **legacy)) == dict.fromkeys(
        legacy, "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2"
    )
    assert broken(limits.message, v2(text(), content="", embeds=[])) == {}


def test_v2_takes_forty_components_at_any_depth() -> None:
    assert broken(limits.message, v2(*[text()] * 40)) == {}
    assert broken(limits.message, v2(*[text()] * 41)) == {"components": "BASE_TYPE_MAX_LENGTH"}
    box = {"type": 17, "components": [text()] * 20}
    assert broken(limits.message, v2(box, *[text()] * 19)) == {}
    assert broken(limits.message, v2(box, *[text()] * 20)) == {
        "components": "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED"
    }


def test_v2_text_is_four_thousand_in_all() -> None:
    box = {"type": 17, "components": [text("x" * 2000)]}
    assert broken(limits.message, v2(box, text("x" * 2000))) == {}
    assert broken(limits.message, v2(box, text("x" * 2001))) == {
        "components": "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED"
    }
    assert broken(limits.message, v2(text(""))) == {"components.0.content": "BASE_TYPE_BAD_LENGTH"}


@pytest.mark.parametrize(
    ("component", "wrong"),
    [
        ({"type": 9, "components": [text()], "accessory": button()}, {}),
        ({"type": 9, "components": [text()]}, {"accessory": "BASE_TYPE_REQUIRED"}),
        (
            {"type": 9, "components": [text()] * 4, "accessory": button()},
            {"components": "BASE_TYPE_BAD_LENGTH"},
        ),
        (
            {"type": 9, "components": [text()], "accessory": select()},
            {"accessory.type": "UNION_TYPE_CHOICES"},
        ),
        (
            {
                "type": 9,
                "components": [text()],
                "accessory": {"type": 11, "media": {"url": "https://x.org/a.png"}},
            },
            {},
        ),
        ({"type": 12, "items": [{"media": {"url": "https://x.org/a.png"}}] * 10}, {}),
        (
            {"type": 12, "items": [{"media": {"url": "https://x.org/a.png"}}] * 11},
            {"items": "BASE_TYPE_BAD_LENGTH"},
        ),
        ({"type": 12, "items": [{"media": {"url": "x"}}]}, {"items.0.media.url": "URL_TYPE_INVALID_SCHEME"}),
        ({"type": 13, "file": {"url": "attachment://song.mp3"}}, {}),
        ({"type": 13, "file": {"url": "https://x.org/song.mp3"}}, {"file.url": "URL_TYPE_INVALID_SCHEME"}),
        (
            {"type": 13, "file": {"url": "attachment://other.mp3"}},
            {"file.url": "UNFURLED_MEDIA_ITEM_REFERENCED_ATTACHMENT_NOT_FOUND"},
        ),
        ({"type": 14, "spacing": 2, "divider": False}, {}),
        ({"type": 14, "spacing": 3}, {"spacing": "BASE_TYPE_CHOICES"}),
        ({"type": 17, "components": [], "accent_color": 1}, {"components": "BASE_TYPE_BAD_LENGTH"}),
        (
            {"type": 17, "components": [{"type": 17, "components": [text()]}]},
            {"components.0.type": "UNION_TYPE_CHOICES"},
        ),
        ({"type": 17, "components": [row(button())]}, {}),
        ({"type": 11, "media": {"url": "https://x.org/a.png"}}, {"type": "UNION_TYPE_CHOICES"}),
    ],
)
def test_v2_components(component: Body, wrong: dict[str, str]) -> None:
    expected = {f"components.0.{path}": code for path, code in wrong.items()}
    assert broken(limits.message, v2(component), files=["song.mp3"]) == expected


def field(custom_id: str = "f", **fields: Any) -> Body:
    return {"type": 4, "custom_id": custom_id, "style": 1, "label": "Title"} | fields


def label(component: Body, **fields: Any) -> Body:
    return {"type": 18, "label": "Song", "component": component} | fields


def form(*components: Body, **fields: Any) -> Body:
    return {"custom_id": "submit", "title": "Submit", "components": list(components)} | fields


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        (form(row(field())), {}),
        (form(row(field()), title="x" * 45, custom_id="x" * 100), {}),
        (form(row(field()), title="x" * 46), {"title": "BASE_TYPE_BAD_LENGTH"}),
        (form(row(field()), custom_id="x" * 101), {"custom_id": "BASE_TYPE_BAD_LENGTH"}),
        (form(), {"components": "BASE_TYPE_BAD_LENGTH"}),
        (form(*[row(field(str(n))) for n in range(6)]), {"components": "BASE_TYPE_BAD_LENGTH"}),
        (
            form(row(field("a")), row(field("a"))),
            {"components.1.components.0.custom_id": "COMPONENT_CUSTOM_ID_DUPLICATED"},
        ),
        (form(row(field("a"), field("b"))), {"components.0.components.1": "COMPONENT_LAYOUT_WIDTH_EXCEEDED"}),
        (form(row(button())), {"components.0.components.0.type": "UNION_TYPE_CHOICES"}),
        (form(text("Read this"), label(select())), {}),
        (form(label(field(label=None))), {}),
        (form(label({"type": 19, "custom_id": "u", "max_values": 10})), {}),
        (
            form(label({"type": 19, "custom_id": "u", "max_values": 11})),
            {"components.0.component.max_values": "NUMBER_TYPE_MAX"},
        ),
        (form(label(select(disabled=True))), {"components.0.component.disabled": "MODAL_COMPONENT_DISABLED"}),
        (
            form(label(select(min_values=0))),
            {"components.0.component.min_values": "SELECT_COMPONENT_MIN_VALUES"},
        ),
        (form(label(select(min_values=0, required=False))), {}),
        (form(label(field(), label="x" * 46)), {"components.0.label": "BASE_TYPE_BAD_LENGTH"}),
        (form(label(field(), description="x" * 101)), {"components.0.description": "BASE_TYPE_BAD_LENGTH"}),
        (form(label(button())), {"components.0.component.type": "UNION_TYPE_CHOICES"}),
        (
            form(label({"type": 21, "custom_id": "r", "options": [{"label": "a", "value": "a"}]})),
            {"components.0.component.options": "BASE_TYPE_BAD_LENGTH"},
        ),
        (form(label({"type": 22, "custom_id": "g", "options": [{"label": "a", "value": "a"}]})), {}),
        (form(label({"type": 23, "custom_id": "c", "default": True})), {}),
    ],
)
def test_modals(body: Body, wrong: dict[str, str]) -> None:
    assert broken(limits.modal, body) == wrong


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"label": "x" * 45}, {}),
        ({"label": "x" * 46}, {"label": "BASE_TYPE_BAD_LENGTH"}),
        ({"label": None}, {"label": "BASE_TYPE_REQUIRED"}),
        ({"placeholder": "x" * 101}, {"placeholder": "BASE_TYPE_MAX_LENGTH"}),
        ({"value": "x" * 4000}, {}),
        ({"value": "x" * 4001}, {"value": "BASE_TYPE_MAX_LENGTH"}),
        ({"value": "xxx", "max_length": 2}, {"value": "BASE_TYPE_MAX_LENGTH"}),
        ({"style": 3}, {"style": "BASE_TYPE_CHOICES"}),
        ({"min_length": 4001}, {"min_length": "NUMBER_TYPE_MAX"}),
        ({"max_length": 0}, {"max_length": "NUMBER_TYPE_MIN"}),
        ({"min_length": 5, "max_length": 4}, {"min_length": "NUMBER_TYPE_MAX"}),
    ],
)
def test_text_inputs(fields: Body, wrong: dict[str, str]) -> None:
    expected = {f"{COMPONENT}.{path}": code for path, code in wrong.items()}
    assert broken(limits.modal, form(row(field(**fields)))) == expected
