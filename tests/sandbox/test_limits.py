"""Every limit of a message at its edge: the largest that passes, the smallest that does not, and the path."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from sandbox.discord import limits
from tests.sandbox.violations import Body, broken, button, row


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
