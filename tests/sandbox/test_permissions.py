"""The order of Discord's overwrite hierarchy, one rule a test, and the algebra over generated guilds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.discord.permissions import (
    ALL,
    GUILD_ONLY,
    NEEDS_SEND,
    Overwrite,
    OverwriteType,
    Permission,
    compute,
)

P = Permission
OWNER, MEMBER, EVERYONE, ROLE, OTHER_ROLE = 1, 2, 10, 11, 12
TALK = int(P.VIEW_CHANNEL | P.SEND_MESSAGES | P.EMBED_LINKS | P.ATTACH_FILES)


def of(
    *overwrites: Overwrite,
    roles: dict[int, int] | None = None,
    member_roles: tuple[int, ...] = (ROLE, OTHER_ROLE),
) -> int:
    return compute(OWNER, MEMBER, member_roles, roles or {EVERYONE: TALK}, EVERYONE, overwrites)


def role(id: int, *, allow: int = 0, deny: int = 0) -> Overwrite:
    return Overwrite(id, OverwriteType.ROLE, allow, deny)


def member(*, allow: int = 0, deny: int = 0, id: int = MEMBER) -> Overwrite:
    return Overwrite(id, OverwriteType.MEMBER, allow, deny)


def test_roles_add_up() -> None:
    roles = {EVERYONE: TALK, ROLE: int(P.MANAGE_MESSAGES), OTHER_ROLE: int(P.PIN_MESSAGES)}
    assert of(roles=roles) == TALK | P.MANAGE_MESSAGES | P.PIN_MESSAGES
    assert of(roles=roles, member_roles=(ROLE,)) == TALK | P.MANAGE_MESSAGES


def test_unknown_roles_give_nothing() -> None:
    assert of(member_roles=(999,)) == TALK


def test_owner_and_administrator_have_everything_whatever_the_channel_says() -> None:
    shut = (role(EVERYONE, deny=ALL), member(deny=ALL), member(deny=ALL, id=OWNER))
    assert compute(OWNER, OWNER, (), {EVERYONE: 0}, EVERYONE, shut) == ALL
    assert of(*shut, roles={EVERYONE: 0, ROLE: int(P.ADMINISTRATOR)}) == ALL


def test_an_overwrite_cannot_make_an_administrator_of_anyone() -> None:
    assert of(role(ROLE, allow=int(P.ADMINISTRATOR))) != ALL


def test_everyone_is_denied_and_a_role_allowed_again() -> None:
    hidden = role(EVERYONE, deny=int(P.VIEW_CHANNEL))
    assert not of(hidden) & P.VIEW_CHANNEL
    assert of(hidden, role(ROLE, allow=int(P.VIEW_CHANNEL))) == TALK


def test_one_role_that_allows_beats_another_that_denies_in_any_order() -> None:
    pair = (role(ROLE, deny=int(P.SEND_MESSAGES)), role(OTHER_ROLE, allow=int(P.SEND_MESSAGES)))
    assert of(*pair) == of(*reversed(pair)) == TALK


def test_the_member_has_the_last_word() -> None:
    assert not of(role(ROLE, allow=TALK), member(deny=int(P.VIEW_CHANNEL))) & P.VIEW_CHANNEL
    assert of(role(ROLE, deny=int(P.SEND_MESSAGES)), member(allow=int(P.SEND_MESSAGES))) == TALK


def test_overwrites_of_others_do_not_count() -> None:
    assert of(member(deny=ALL, id=3), role(999, deny=ALL)) == TALK
    # A member's id is no role's id, even where the numbers agree.
    assert (
        of(Overwrite(MEMBER, OverwriteType.ROLE, deny=ALL), Overwrite(ROLE, OverwriteType.MEMBER, deny=ALL))
        == TALK
    )


def test_allow_wins_within_one_overwrite() -> None:
    assert of(role(EVERYONE, allow=int(P.SEND_MESSAGES), deny=int(P.SEND_MESSAGES))) == TALK


def test_who_cannot_see_the_channel_can_do_nothing_in_it() -> None:
    roles = {EVERYONE: TALK | int(P.MANAGE_GUILD | P.MANAGE_MESSAGES)}
    assert of(role(EVERYONE, deny=int(P.VIEW_CHANNEL)), roles=roles) == P.MANAGE_GUILD


def test_who_cannot_send_cannot_embed_attach_or_mention() -> None:
    left = of(role(EVERYONE, deny=int(P.SEND_MESSAGES)))
    assert left == P.VIEW_CHANNEL
    assert not left & NEEDS_SEND


def test_without_a_channel_nothing_is_implied() -> None:
    roles = {EVERYONE: int(P.MANAGE_ROLES | P.EMBED_LINKS)}
    assert compute(OWNER, MEMBER, (), roles, EVERYONE, None) == P.MANAGE_ROLES | P.EMBED_LINKS


@pytest.mark.parametrize(
    ("name", "bit"),
    [("VIEW_CHANNEL", 10), ("USE_APPLICATION_COMMANDS", 31), ("MODERATE_MEMBERS", 40), ("SEND_POLLS", 49)],
)
def test_bits(name: str, bit: int) -> None:
    assert Permission[name] == 1 << bit


def test_all_documented_bits() -> None:
    assert ALL == (1 << 53) - 1 - (1 << 47)


masks = st.integers(0, (1 << 53) - 1)
ids = st.integers(1, 6)
overwrite_lists = st.lists(
    st.builds(Overwrite, id=ids, type=st.sampled_from([0, 1]), allow=masks, deny=masks),
    unique_by=lambda overwrite: (overwrite.id, overwrite.type),
)
guilds = st.fixed_dictionaries(
    {
        "owner_id": ids,
        "member_id": ids,
        "member_role_ids": st.lists(ids, unique=True),
        "roles": st.dictionaries(ids, masks),
        "everyone_id": ids,
    }
)


@given(guilds, overwrite_lists, st.randoms())
def test_the_order_of_overwrites_never_matters(guild: dict, overwrites: list[Overwrite], random) -> None:
    before = compute(**guild, overwrites=overwrites)
    random.shuffle(overwrites)
    assert compute(**guild, overwrites=overwrites) == before


@given(guilds, overwrite_lists)
def test_nothing_but_documented_or_granted_bits_and_no_half_visibility(
    guild: dict, overwrites: list[Overwrite]
) -> None:
    result = compute(**guild, overwrites=overwrites)
    if not result & P.VIEW_CHANNEL:
        assert result | GUILD_ONLY == GUILD_ONLY
    if not result & P.SEND_MESSAGES:
        assert not result & NEEDS_SEND


@given(guilds, overwrite_lists, masks)
def test_allowing_the_member_more_never_takes_anything_away(
    guild: dict, overwrites: list[Overwrite], more: int
) -> None:
    others = [
        overwrite for overwrite in overwrites if (overwrite.id, overwrite.type) != (guild["member_id"], 1)
    ]
    before = compute(**guild, overwrites=others)
    after = compute(
        **guild, overwrites=[*others, Overwrite(guild["member_id"], OverwriteType.MEMBER, allow=more)]
    )
    assert after & before == before
