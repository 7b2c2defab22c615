"""What Discord demands of channels and roles.

Source: Discord's documentation, Channel and Guild Resource, and its published OpenAPI file.
"""

from __future__ import annotations

from typing import Final

from sandbox.discord.limits.form import INT32, Body, Form

CREATABLE: Final = (0, 2, 4, 5, 13, 14, 15, 16)
OVERWRITE_WORDS: Final = ("role", "member")
FORUMS: Final = (15, 16)


def channel(body: Body, *, edit: bool = False) -> None:
    """Check a guild channel to be created, or changed where `edit`; raises Invalid."""
    form = Form()
    form.text(body, "name", 100, low=1, required=not edit or "name" in body)
    kind = form.choice(body, "type", CREATABLE)
    form.text(body, "topic", 4096 if kind in FORUMS else 1024)
    form.integer(body, "position", low=0, high=INT32)
    form.integer(body, "rate_limit_per_user", low=0, high=21600)
    form.integer(body, "bitrate", low=8000, high=384000)
    form.integer(body, "user_limit", low=0, high=10000 if kind == 13 else 99)
    form.boolean(body, "nsfw")
    form.snowflake(body, "parent_id")
    form.choice(body, "default_auto_archive_duration", (60, 1440, 4320, 10080))
    for here, exception in form.objects(body, "permission_overwrites", 100):
        here.snowflake(exception, "id", required=True)
        _overwrite(here, exception)
    form.finish()


def overwrite(body: Body) -> None:
    """Check a channel's exception for the role or member that the path names; raises Invalid."""
    form = Form()
    if body.get("type") is None:
        form.at("type").required()
    _overwrite(form, body)
    form.finish()


def _overwrite(form: Form, body: Body) -> None:
    if body.get("type") not in OVERWRITE_WORDS:
        form.choice(body, "type", (0, 1))
    form.integer(body, "allow", low=0)
    form.integer(body, "deny", low=0)


def member(body: Body) -> None:
    """Check a change of a member; raises Invalid."""
    form = Form()
    form.text(body, "nick", 32)
    form.snowflakes(body, "roles", 350)
    form.finish()


def bulk_delete(body: Body) -> list[int]:
    """Check the ids of messages to be deleted at once, and give them; raises Invalid."""
    form = Form()
    ids = form.snowflakes(body, "messages", 100, low=2, required=True)
    form.finish()
    return ids


def role(body: Body) -> None:
    """Check a role to be created or changed; raises Invalid. Every field may be left out."""
    form = Form()
    form.text(body, "name", 100, low=1)
    form.integer(body, "permissions", low=0)
    form.integer(body, "color", low=0, high=0xFFFFFF)
    colors = form.mapping(body, "colors")
    if colors is not None:
        for key in ("primary_color", "secondary_color", "tertiary_color"):
            form.at("colors").integer(colors, key, low=0, high=0xFFFFFF)
    form.boolean(body, "hoist")
    form.boolean(body, "mentionable")
    form.text(body, "unicode_emoji", 100)
    form.finish()
