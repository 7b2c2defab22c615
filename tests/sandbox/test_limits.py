"""Every limit at its edge: the largest that passes, the smallest that does not, where the error is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.discord import Sandbox, limits, payloads
from sandbox.discord.limits.commands import size, valid_name
from sandbox.discord.postbox import check_edit
from sandbox.discord.refusals import Refusal

Body = dict[str, Any]

NOWHERE = Sandbox()
"""A sandbox that nothing connects to."""
NOWHERE.create_guild("Late Night Reviews").create_channel("submissions")


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


def test_all_violations_are_told_in_discords_shape() -> None:
    with pytest.raises(limits.Invalid) as caught:
        limits.message(
            {"content": "x" * 2001, "embeds": [{"title": "y" * 257, "fields": [{"name": "", "value": "v"}]}]}
        )
    assert caught.value.errors == {
        "content": {
            "_errors": [{"code": "BASE_TYPE_MAX_LENGTH", "message": "Must be 2000 or fewer in length."}]
        },
        "embeds": {
            "0": {
                "title": {
                    "_errors": [
                        {"code": "BASE_TYPE_MAX_LENGTH", "message": "Must be 256 or fewer in length."}
                    ]
                },
                "fields": {
                    "0": {
                        "name": {
                            "_errors": [{"code": "BASE_TYPE_REQUIRED", "message": "This field is required"}]
                        }
                    }
                },
            }
        },
    }
    assert caught.value.under("data").errors == {"data": caught.value.errors}
    assert ("content", "Must be 2000 or fewer in length.") in caught.value.flat()
    assert "embeds.0.title: Must be 256" in str(caught.value)


EMBED_EDGES = [
    ("title", lambda n: {"title": "x" * n}, 256, "embeds.0.title"),
    ("description", lambda n: {"description": "x" * n}, 4096, "embeds.0.description"),
    ("fields", lambda n: {"fields": [{"name": "n", "value": "v"}] * n}, 25, "embeds.0.fields"),
    ("field name", lambda n: {"fields": [{"name": "x" * n, "value": "v"}]}, 256, "embeds.0.fields.0.name"),
    ("field value", lambda n: {"fields": [{"name": "n", "value": "x" * n}]}, 1024, "embeds.0.fields.0.value"),
    ("footer", lambda n: {"footer": {"text": "x" * n}}, 2048, "embeds.0.footer.text"),
    ("author", lambda n: {"author": {"name": "x" * n}}, 256, "embeds.0.author.name"),
]


@pytest.mark.parametrize(
    ("embed", "most", "path"), [edge[1:] for edge in EMBED_EDGES], ids=[e[0] for e in EMBED_EDGES]
)
def test_embed_edges(embed: Callable[[int], Body], most: int, path: str) -> None:
    assert broken(limits.message, {"embeds": [embed(most)]}) == {}
    assert broken(limits.message, {"embeds": [embed(most + 1)]}) == {path: "BASE_TYPE_MAX_LENGTH"}


def test_ten_embeds_of_six_thousand_characters_in_all() -> None:
    def embeds(extra: int) -> Body:
        return {
            "embeds": [
                {"description": "x" * 3000},
                {"description": "x" * (3000 - 6 + extra), "title": "Title "},
            ]
        }

    assert broken(limits.message, embeds(1)) == {}  # spaces at the ends do not count
    assert broken(limits.message, embeds(2)) == {"embeds": "MAX_EMBED_SIZE_EXCEEDED"}
    assert broken(limits.message, {"embeds": [{"title": "x"}] * 10}) == {}
    assert broken(limits.message, {"embeds": [{"title": "x"}] * 11}) == {"embeds": "BASE_TYPE_MAX_LENGTH"}


def test_length_is_counted_in_code_points() -> None:
    assert broken(limits.message, {"content": "🎵" * 2000}) == {}
    assert broken(limits.message, {"content": "🎵" * 2001}) == {"content": "BASE_TYPE_MAX_LENGTH"}


@pytest.mark.parametrize(
    ("embed", "wrong"),
    [
        ({"url": "ftp://x.org/a"}, {"embeds.0.url": "URL_TYPE_INVALID_SCHEME"}),
        ({"url": "attachment://x.png"}, {"embeds.0.url": "URL_TYPE_INVALID_SCHEME"}),
        ({"url": ""}, {"embeds.0.url": "URL_TYPE_INVALID_SCHEME"}),
        ({"url": "https://"}, {"embeds.0.url": "URL_TYPE_INVALID_URL"}),
        ({"image": {"url": "attachment://x.png"}}, {}),
        ({"thumbnail": {"url": "javascript:1"}}, {"embeds.0.thumbnail.url": "URL_TYPE_INVALID_SCHEME"}),
        ({"timestamp": "2026-11-21T13:00:00+00:00"}, {}),
        ({"timestamp": "yesterday"}, {"embeds.0.timestamp": "DATE_TIME_TYPE_PARSE"}),
        ({"color": 0xFFFFFF}, {}),
        ({"color": 0x1000000}, {"embeds.0.color": "NUMBER_TYPE_MAX"}),
        ({"fields": [{"name": " ", "value": "v"}]}, {"embeds.0.fields.0.name": "BASE_TYPE_REQUIRED"}),
        ({"fields": [{"name": "n"}]}, {"embeds.0.fields.0.value": "BASE_TYPE_REQUIRED"}),
        ({"title": 5}, {"embeds.0.title": "STRING_TYPE_CONVERT"}),
        ("text", {"embeds.0": "MODEL_TYPE_CONVERT"}),
    ],
)
def test_embed_values(embed: Any, wrong: dict[str, str]) -> None:
    assert broken(limits.message, {"embeds": [embed]}) == wrong


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({"allowed_mentions": {"parse": []}}, {}),
        ({"allowed_mentions": {"parse": ["users"], "roles": ["1"]}}, {}),
        ({"allowed_mentions": {"parse": ["users"], "users": []}}, {}),
        (
            {"allowed_mentions": {"parse": ["users"], "users": ["1"]}},
            {"allowed_mentions": "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE"},
        ),
        ({"allowed_mentions": {"parse": ["all"]}}, {"allowed_mentions.parse.0": "BASE_TYPE_CHOICES"}),
        ({"allowed_mentions": {"users": [str(n) for n in range(100)]}}, {}),
        (
            {"allowed_mentions": {"users": [str(n) for n in range(101)]}},
            {"allowed_mentions.users": "BASE_TYPE_MAX_LENGTH"},
        ),
        (
            {"allowed_mentions": {"roles": ["1", 1]}},
            {"allowed_mentions.roles.1": "SET_TYPE_ALREADY_CONTAINS_VALUE"},
        ),
        ({"allowed_mentions": {"roles": ["Mia"]}}, {"allowed_mentions.roles.0": "NUMBER_TYPE_COERCE"}),
        ({"attachments": [{"id": n} for n in range(10)]}, {}),
        ({"attachments": [{"id": str(n)} for n in range(11)]}, {"attachments": "BASE_TYPE_MAX_LENGTH"}),
        ({"attachments": [{"id": 0}, {"id": "0"}]}, {"attachments.1.id": "SET_TYPE_ALREADY_CONTAINS_VALUE"}),
        ({"attachments": [{"filename": "x.mp3"}]}, {"attachments.0.id": "BASE_TYPE_REQUIRED"}),
        (
            {"attachments": [{"id": 0, "filename": "x" * 1025}]},
            {"attachments.0.filename": "BASE_TYPE_BAD_LENGTH"},
        ),
        ({"nonce": "x" * 25}, {}),
        ({"nonce": "x" * 26}, {"nonce": "BASE_TYPE_MAX_LENGTH"}),
        ({"nonce": 2**63}, {"nonce": "NUMBER_TYPE_MAX"}),
        ({"sticker_ids": ["1", "2", "3"]}, {}),
        ({"sticker_ids": ["1", "2", "3", "4"]}, {"sticker_ids": "BASE_TYPE_MAX_LENGTH"}),
        ({"message_reference": {"message_id": "1"}}, {}),
        ({"message_reference": {}}, {"message_reference.message_id": "BASE_TYPE_REQUIRED"}),
        ({"tts": "yes"}, {"tts": "BOOLEAN_TYPE_CONVERT"}),
        ({"embeds": "none"}, {"embeds": "LIST_TYPE_CONVERT"}),
        ({"content": None, "embeds": None, "components": None, "allowed_mentions": None}, {}),
    ],
)
def test_message_fields(body: Body, wrong: dict[str, str]) -> None:
    assert broken(limits.message, body) == wrong


def test_an_edit_has_no_nonce_to_judge() -> None:
    assert broken(limits.message, {"nonce": "x" * 26}, edit=True) == {}


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


@pytest.mark.parametrize(
    ("body", "files", "empty"),
    [
        ({}, 0, True),
        ({"content": " \n"}, 0, True),
        ({"content": None, "embeds": [], "components": []}, 0, True),
        ({"embeds": [{"color": 5}]}, 0, True),
        ({"embeds": [{"title": "x"}]}, 0, False),
        ({"content": "x"}, 0, False),
        ({}, 1, False),
        ({"components": [row(button())]}, 0, False),
        ({"sticker_ids": ["1"]}, 0, False),
        ({"message_reference": {"message_id": "1"}}, 0, True),
        ({"message_reference": {"message_id": "1", "type": 1}}, 0, False),
    ],
)
def test_empty_messages(body: Body, files: int, empty: bool) -> None:
    assert limits.is_empty(body, files) is empty


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


def command(**fields: Any) -> Body:
    return {"name": "queue", "description": "Show the queue"} | fields


def option(name: str = "song", kind: int = 3, **fields: Any) -> Body:
    return {"type": kind, "name": name, "description": "A song"} | fields


def sub(name: str = "show", *options: Body, kind: int = 1) -> Body:
    return option(name, kind, options=list(options))


def choices(count: int, value: Callable[[int], Any] = str) -> list[Body]:
    return [{"name": f"Choice {n}", "value": value(n)} for n in range(count)]


@pytest.mark.parametrize(
    "name", ["queue", "queue-show", "queue_show", "ヒキ", "आज्ञा", "คำสั่ง", "dj's", "q1", "ß", "x" * 32]
)
def test_names_that_pass(name: str) -> None:
    assert valid_name(name)
    assert broken(limits.command, command(name=name)) == {}


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Queue", "APPLICATION_COMMAND_INVALID_NAME"),
        ("queue show", "APPLICATION_COMMAND_INVALID_NAME"),
        ("queue!", "APPLICATION_COMMAND_INVALID_NAME"),
        ("É", "APPLICATION_COMMAND_INVALID_NAME"),
        ("", "BASE_TYPE_BAD_LENGTH"),
        ("x" * 33, "BASE_TYPE_BAD_LENGTH"),
        (None, "BASE_TYPE_REQUIRED"),
    ],
)
def test_names_that_do_not(name: str | None, code: str) -> None:
    assert broken(limits.command, command(name=name)) == {"name": code}


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"description": "x" * 100}, {}),
        ({"description": "x" * 101}, {"description": "BASE_TYPE_BAD_LENGTH"}),
        ({"description": None}, {"description": "BASE_TYPE_REQUIRED"}),
        ({"type": 2, "name": "Show Songs", "description": ""}, {}),
        ({"type": 3}, {"description": "APPLICATION_COMMAND_CONTEXT_MENU_DESCRIPTION_NOT_ALLOWED"}),
        (
            {"type": 2, "description": "", "options": [option()]},
            {"options": "APPLICATION_COMMAND_CONTEXT_MENU_OPTIONS_NOT_ALLOWED"},
        ),
        ({"type": 9}, {"type": "BASE_TYPE_CHOICES"}),
        (
            {"name_localizations": {"de": "warteschlange"}, "description_localizations": {"de": "Zeigt sie"}},
            {},
        ),
        (
            {"name_localizations": {"de": "Schlange"}},
            {"name_localizations.de": "APPLICATION_COMMAND_INVALID_NAME"},
        ),
        ({"name_localizations": {"xx": "queue"}}, {"name_localizations.xx": "BASE_TYPE_CHOICES"}),
        (
            {"description_localizations": {"tr": "x" * 101}},
            {"description_localizations.tr": "BASE_TYPE_BAD_LENGTH"},
        ),
        ({"default_member_permissions": "32"}, {}),
        ({"default_member_permissions": None}, {}),
        ({"default_member_permissions": "admin"}, {"default_member_permissions": "NUMBER_TYPE_COERCE"}),
        ({"default_member_permissions": -1}, {"default_member_permissions": "NUMBER_TYPE_MIN"}),
        ({"contexts": [0], "integration_types": [0, 1]}, {}),
        ({"contexts": [3]}, {"contexts.0": "BASE_TYPE_CHOICES"}),
        ({"contexts": [0, 0]}, {"contexts.1": "SET_TYPE_ALREADY_CONTAINS_VALUE"}),
        ({"integration_types": []}, {"integration_types": "BASE_TYPE_BAD_LENGTH"}),
        ({"options": [option(f"o{n}") for n in range(25)]}, {}),
        ({"options": [option(f"o{n}") for n in range(26)]}, {"options": "BASE_TYPE_MAX_LENGTH"}),
        (
            {"options": [option("a"), option("b", required=True)]},
            {"options.1": "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID"},
        ),
        (
            {"options": [option("a"), option("a")]},
            {"options.1.name": "APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS"},
        ),
        ({"options": [option("Song")]}, {"options.0.name": "APPLICATION_COMMAND_INVALID_NAME"}),
        ({"options": [option(kind=12)]}, {"options.0.type": "BASE_TYPE_CHOICES"}),
        ({"options": [sub("a"), sub("b", sub("c"), kind=2)]}, {}),
        (
            {"options": [sub("a", option("x"), option("y", required=True))]},
            {"options.0.options.1": "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID"},
        ),
        ({"options": [sub("a"), option("b")]}, {"options": "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID"}),
        ({"options": [sub("a", sub("b"))]}, {"options.0.options.0.type": "BASE_TYPE_CHOICES"}),
        (
            {"options": [sub("a", sub("b", kind=2), kind=2)]},
            {"options.0.options.0.type": "BASE_TYPE_CHOICES"},
        ),
        ({"options": [sub("a", option("b"), kind=2)]}, {"options.0.options.0.type": "BASE_TYPE_CHOICES"}),
        ({"options": [option(choices=choices(25))]}, {}),
        ({"options": [option(choices=choices(26))]}, {"options.0.choices": "BASE_TYPE_MAX_LENGTH"}),
        (
            {"options": [option(choices=choices(1), autocomplete=True)]},
            {"options.0.autocomplete": "APPLICATION_COMMAND_OPTIONS_AUTOCOMPLETE_WITH_CHOICES"},
        ),
        ({"options": [option(choices=[], autocomplete=True)]}, {}),
        (
            {"options": [option(choices=choices(1, int))]},
            {"options.0.choices.0.value": "STRING_TYPE_CONVERT"},
        ),
        ({"options": [option(kind=4, choices=choices(1, int))]}, {}),
        (
            {"options": [option(kind=4, choices=choices(1, lambda _: 1.5))]},
            {"options.0.choices.0.value": "NUMBER_TYPE_COERCE"},
        ),
        ({"options": [option(kind=10, choices=choices(1, lambda _: 1.5))]}, {}),
        (
            {"options": [option(choices=[{"name": "a", "value": "1"}] * 2)]},
            {"options.0.choices.1.name": "APPLICATION_COMMAND_OPTIONS_CHOICE_NAME_ALREADY_EXISTS"},
        ),
        (
            {"options": [option(choices=[{"name": "x" * 101, "value": "1"}])]},
            {"options.0.choices.0.name": "BASE_TYPE_BAD_LENGTH"},
        ),
        (
            {"options": [option(choices=[{"name": "x", "value": "1" * 101}])]},
            {"options.0.choices.0.value": "BASE_TYPE_MAX_LENGTH"},
        ),
        ({"options": [option(min_length=0, max_length=6000)]}, {}),
        ({"options": [option(max_length=6001)]}, {"options.0.max_length": "NUMBER_TYPE_MAX"}),
        ({"options": [option(min_length=3, max_length=2)]}, {"options.0.min_length": "NUMBER_TYPE_MAX"}),
        ({"options": [option(kind=4, min_value=1, max_value=25)]}, {}),
        ({"options": [option(kind=4, min_value=2, max_value=1)]}, {"options.0.min_value": "NUMBER_TYPE_MAX"}),
        ({"options": [option(kind=4, max_value=2**53)]}, {"options.0.max_value": "NUMBER_TYPE_MAX"}),
        ({"options": [option(kind=10, min_value=0.5)]}, {}),
        ({"options": [option(kind=7, channel_types=[0, 5])]}, {}),
        (
            {"options": [option(kind=7, channel_types=[99])]},
            {"options.0.channel_types.0": "BASE_TYPE_CHOICES"},
        ),
    ],
)
def test_commands(fields: Body, wrong: dict[str, str]) -> None:
    assert broken(limits.command, command(**fields)) == wrong


def test_an_edited_command_needs_only_what_changes() -> None:
    assert broken(limits.command, {"description": "Other"}, edit=True) == {}
    assert broken(limits.command, {"name": "Bad Name"}, edit=True) == {
        "name": "APPLICATION_COMMAND_INVALID_NAME"
    }


def test_a_command_weighs_eight_thousand_with_the_longest_locale_of_each_text() -> None:
    full = [
        option(f"o{n:02}", choices=[{"name": "n" * 90, "value": "v" * 100}], description="d" * 100)
        for n in range(25)
    ]
    body = command(options=full)
    assert size(body) == 5 + 14 + 25 * (3 + 100 + 190)
    assert broken(limits.command, body) == {}
    body["description_localizations"] = {"de": "d" * 100, "fr": "d" * 99}
    assert size(body) == 5 + 100 + 25 * (3 + 100 + 190)
    for entry in full[:24]:
        entry["name_localizations"] = {"de": "n" * 32}
    assert size(body) == 5 + 100 + 25 * 290 + 3 + 24 * 32 > 8000
    assert broken(limits.command, body) == {"": "APPLICATION_COMMAND_TOO_LARGE"}


def test_a_scope_of_commands() -> None:
    slash = [command(name=f"c{n}") for n in range(101)]
    users = [{"type": 2, "name": f"User {n}"} for n in range(16)]
    assert broken(limits.commands, [*slash[:100], *users[:15]], scope="global") == {}
    assert broken(limits.commands, slash, scope="guild") == {"": "APPLICATION_COMMANDS_MAX"}
    assert broken(limits.commands, users, scope="global") == {"": "APPLICATION_COMMANDS_MAX"}
    assert broken(limits.commands, [command(), command()], scope="global") == {
        "1.name": "APPLICATION_COMMANDS_DUPLICATE_NAME"
    }
    assert broken(limits.commands, [command(), {"type": 3, "name": "queue"}], scope="global") == {}
    assert broken(limits.commands, [command(), command(name="B")], scope="global") == {
        "1.name": "APPLICATION_COMMAND_INVALID_NAME"
    }


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({"choices": []}, {}),
        ({"choices": choices(25)}, {}),
        ({"choices": choices(26)}, {"choices": "BASE_TYPE_MAX_LENGTH"}),
        ({"choices": choices(2, int)}, {}),
        ({"choices": [{"name": "x" * 101, "value": "1"}]}, {"choices.0.name": "BASE_TYPE_BAD_LENGTH"}),
        ({"choices": [{"name": "", "value": "1"}]}, {"choices.0.name": "BASE_TYPE_BAD_LENGTH"}),
        ({"choices": [{"name": "x", "value": "1" * 101}]}, {"choices.0.value": "BASE_TYPE_BAD_LENGTH"}),
        ({"choices": [{"name": "x"}]}, {"choices.0.value": "BASE_TYPE_REQUIRED"}),
    ],
)
def test_autocomplete(body: Body, wrong: dict[str, str]) -> None:
    assert broken(limits.autocomplete, body) == wrong


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({"name": "submissions"}, {}),
        ({}, {"name": "BASE_TYPE_REQUIRED"}),
        ({"name": "x" * 101}, {"name": "BASE_TYPE_BAD_LENGTH"}),
        ({"name": "x", "topic": "t" * 1024}, {}),
        ({"name": "x", "topic": "t" * 1025}, {"topic": "BASE_TYPE_MAX_LENGTH"}),
        ({"name": "x", "type": 15, "topic": "t" * 4096}, {}),
        ({"name": "x", "type": 11}, {"type": "BASE_TYPE_CHOICES"}),
        ({"name": "x", "rate_limit_per_user": 21601}, {"rate_limit_per_user": "NUMBER_TYPE_MAX"}),
        ({"name": "x", "permission_overwrites": [{"id": "1", "type": 0, "allow": "1024", "deny": 0}]}, {}),
        (
            {"name": "x", "permission_overwrites": [{"type": 2}]},
            {
                "permission_overwrites.0.id": "BASE_TYPE_REQUIRED",
                "permission_overwrites.0.type": "BASE_TYPE_CHOICES",
            },
        ),
    ],
)
def test_channels(body: Body, wrong: dict[str, str]) -> None:
    assert broken(limits.channel, body) == wrong


def test_an_edited_channel_may_keep_its_name() -> None:
    assert broken(limits.channel, {"topic": "x"}, edit=True) == {}
    assert broken(limits.channel, {"name": None}, edit=True) == {"name": "BASE_TYPE_REQUIRED"}


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({}, {}),
        ({"name": "Reviewer", "permissions": "0", "color": 0xFFFFFF, "hoist": True}, {}),
        ({"name": "x" * 101}, {"name": "BASE_TYPE_BAD_LENGTH"}),
        ({"permissions": "many"}, {"permissions": "NUMBER_TYPE_COERCE"}),
        ({"colors": {"primary_color": -1}}, {"colors.primary_color": "NUMBER_TYPE_MIN"}),
        ({"mentionable": 1}, {"mentionable": "BOOLEAN_TYPE_CONVERT"}),
    ],
)
def test_roles(body: Body, wrong: dict[str, str]) -> None:
    assert broken(limits.role, body) == wrong


junk = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.sampled_from(["", "x", "7", "https://x.org", "🎵"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "type",
                    "components",
                    "custom_id",
                    "embeds",
                    "url",
                    "options",
                    "choices",
                    "name",
                    "value",
                    "flags",
                    "id",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


FIELDS = (
    "flags components embeds content choices options attachments allowed_mentions "
    "messages roles nick type allow deny message_reference"
)


@given(st.dictionaries(st.sampled_from(FIELDS.split()), junk))
def test_no_body_of_any_shape_makes_a_rule_stumble(body: Body) -> None:
    for rule in (
        limits.message,
        limits.modal,
        limits.command,
        limits.autocomplete,
        limits.channel,
        limits.role,
        limits.member,
        limits.overwrite,
        limits.bulk_delete,
        limits.deferral,
    ):
        broken(rule, body)
    limits.is_empty(body, 0)


@given(st.dictionaries(st.sampled_from(FIELDS.split()), junk))
def test_a_post_or_an_edit_of_any_shape_is_refused_or_done(body: Body) -> None:
    channel = NOWHERE.guilds[0].channels[0]
    postbox, sign = NOWHERE.world.postbox, NOWHERE.world.attachments.sign
    message = postbox.post(channel, NOWHERE.bot, {"content": "x"})
    try:
        check_edit(message, body, {})
    except (limits.Invalid, Refusal):
        pass
    else:
        postbox.edit(message, body)
        payloads.message(message, sign)
    if not broken(limits.message, body):
        payloads.message(postbox.post(channel, NOWHERE.bot, body), sign)
