"""Every limit of channels and roles at its edge, and bodies of any shape at all against every rule."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.discord import Sandbox, limits, payloads
from sandbox.discord.postbox import check_edit
from sandbox.discord.refusals import Refusal
from tests.sandbox.violations import Body, broken

NOWHERE = Sandbox()
"""A sandbox that nothing connects to."""
NOWHERE.create_guild("Late Night Reviews").create_channel("submissions")


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
