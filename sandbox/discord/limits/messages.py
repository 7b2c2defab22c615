"""What Discord demands of a message's body.

Source: Discord's documentation, Message Resource and Component Reference, and its published OpenAPI file.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final, cast

from sandbox.discord.limits.components import MEDIA_SCHEMES, TOP_LEVEL, Kind, Tree, check
from sandbox.discord.limits.form import INT64, Body, Form

COMPONENTS_V2: Final = 1 << 15
CONTENT: Final = 2000
EMBED_TEXT: Final = 6000
FILES: Final = 10
ROWS: Final = 5
V2_COMPONENTS: Final = 40
V2_TEXT: Final = 4000

_WEB: Final = ("http", "https")
_MENTIONS: Final = ("roles", "users", "everyone")
_LEGACY_ONLY: Final = ("content", "embeds", "poll", "sticker_ids")


def message(body: Body, *, edit: bool = False, files: Collection[str] | None = None) -> None:
    """Check a message to be created, or changed where `edit`; raises Invalid.

    For a change of a message that has the components v2 flag, `flags` in the body must carry it already.
    `files` are the names `attachment://` may refer to; None leaves such references unchecked.
    """
    form = Form()
    flags = form.integer(body, "flags", low=0) or 0
    form.text(body, "content", CONTENT)
    _embeds(form, body)
    _mentions(form, body)
    _attachments(form, body)
    if flags & COMPONENTS_V2:
        for key in _LEGACY_ONLY:
            if body.get(key):
                form.at(key).fail(
                    "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2",
                    f"The '{key}' field cannot be used when using MessageFlags.IS_COMPONENTS_V2",
                )
    _components(form, body, bool(flags & COMPONENTS_V2), files)
    form.boolean(body, "tts")
    if not edit:
        _create_only(form, body)
    form.finish()


def deferral(body: Body) -> int:
    """Check the `data` of an answer that puts off its message, and give its flags; raises Invalid."""
    form = Form()
    flags = form.integer(body, "flags", low=0) or 0
    form.finish()
    return flags


def is_empty(body: Body, file_count: int) -> bool:
    """Tell whether nothing would be shown, which Discord refuses with 50006 rather than as an invalid form.

    `file_count` counts the files that come along and those kept.
    """
    content = body.get("content")
    if isinstance(content, str) and content.strip():
        return False
    embeds = body.get("embeds")
    if isinstance(embeds, list) and any(_shows(embed) for embed in cast("list[object]", embeds)):
        return False
    reference = body.get("message_reference")
    if isinstance(reference, Mapping) and cast("Body", reference).get("type") == 1:
        return False  # a forwarded message brings its own content
    return not (file_count or body.get("components") or body.get("sticker_ids") or body.get("poll"))


def _shows(embed: object) -> bool:
    if not isinstance(embed, Mapping):
        return False
    parts = cast("Body", embed)
    return any(
        parts.get(key)
        for key in ("title", "description", "fields", "author", "footer", "image", "thumbnail", "timestamp")
    )


def _embeds(form: Form, body: Body) -> None:
    total = 0
    for here, embed in form.objects(body, "embeds", 10):
        texts = [
            here.text(embed, "title", 256, strip=True),
            here.text(embed, "description", 4096, strip=True),
        ]
        here.url(embed, "url", _WEB)
        here.integer(embed, "color", low=0, high=0xFFFFFF)
        here.timestamp(embed, "timestamp")
        author = here.mapping(embed, "author")
        if author is not None:
            # Discord drops an author without a name instead of refusing it.
            texts.append(here.at("author").text(author, "name", 256, strip=True))
            here.at("author").url(author, "url", _WEB)
            here.at("author").url(author, "icon_url", MEDIA_SCHEMES)
        footer = here.mapping(embed, "footer")
        if footer is not None:
            texts.append(here.at("footer").text(footer, "text", 2048, strip=True))
            here.at("footer").url(footer, "icon_url", MEDIA_SCHEMES)
        for key in ("image", "thumbnail"):
            picture = here.mapping(embed, key)
            if picture is not None:
                here.at(key).url(picture, "url", MEDIA_SCHEMES)
        for place, entry in here.objects(embed, "fields", 25):
            texts.append(place.text(entry, "name", 256, required=True, strip=True))
            texts.append(place.text(entry, "value", 1024, required=True, strip=True))
            place.boolean(entry, "inline")
        total += sum(len(text.strip()) for text in texts if text)
    if total > EMBED_TEXT:
        form.at("embeds").fail("MAX_EMBED_SIZE_EXCEEDED", f"Embed size exceeds maximum size of {EMBED_TEXT}")


def _mentions(form: Form, body: Body) -> None:
    mentions = form.mapping(body, "allowed_mentions")
    if mentions is None:
        return
    here = form.at("allowed_mentions")
    parse = here.items(mentions, "parse", len(_MENTIONS))
    for index, value in enumerate(parse):
        if value not in _MENTIONS:
            here.at("parse", index).one_of(_MENTIONS)
    for key in ("users", "roles"):
        if here.snowflakes(mentions, key, 100) and key in parse:
            here.fail(
                "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE",
                f'parse:["{key}"] and {key}: [ids...] are mutually exclusive.',
            )
    here.boolean(mentions, "replied_user")


def _attachments(form: Form, body: Body) -> None:
    seen: set[int] = set()
    for here, attachment in form.objects(body, "attachments", FILES):
        number = here.snowflake(attachment, "id", required=True)
        if number is not None:
            if number in seen:
                here.at("id").fail("SET_TYPE_ALREADY_CONTAINS_VALUE", "The set already contains this value")
            seen.add(number)
        here.text(attachment, "filename", 1024, low=1)
        here.text(attachment, "description", 1024)


def _components(form: Form, body: Body, v2: bool, files: Collection[str] | None) -> None:
    tree = Tree(files=files)
    allowed = TOP_LEVEL if v2 else (Kind.ACTION_ROW,)
    for here, component in form.objects(body, "components", V2_COMPONENTS if v2 else ROWS):
        check(here, component, allowed, tree)
    here = form.at("components")
    if v2 and tree.total > V2_COMPONENTS:
        here.fail(
            "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED",
            f"The total number of components {tree.total} exceeds the maximum of {V2_COMPONENTS}",
        )
    if tree.text > V2_TEXT:
        here.fail(
            "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED",
            f"The total displayable text size {tree.text} exceeds the maximum size of {V2_TEXT}",
        )


def _create_only(form: Form, body: Body) -> None:
    nonce = body.get("nonce")
    if isinstance(nonce, str):
        form.text(body, "nonce", 25)
    else:
        form.integer(body, "nonce", low=-INT64 - 1, high=INT64)
    form.boolean(body, "enforce_nonce")
    form.snowflakes(body, "sticker_ids", 3)
    reference = form.mapping(body, "message_reference")
    if reference is not None:
        here = form.at("message_reference")
        here.snowflake(reference, "message_id", required=True)
        here.snowflake(reference, "channel_id")
        here.snowflake(reference, "guild_id")
        here.choice(reference, "type", (0, 1))
        here.boolean(reference, "fail_if_not_exists")
