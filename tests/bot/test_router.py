from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.router import LONGEST_CUSTOM_ID, Press, Router, Submission, decode, encode


def test_a_custom_id_reads_well() -> None:
    assert encode("approve", 12, "25 Skip") == "s1:approve:12:25%20Skip"
    assert encode("submit") == "s1:submit"


@given(st.lists(st.text(max_size=6), max_size=4))
def test_what_is_encoded_is_decoded(args: list[str]) -> None:
    args = [arg.encode("utf-8", "ignore").decode() for arg in args]
    try:
        custom_id = encode("approve", *args)
    except ValueError:
        return
    assert len(custom_id) <= LONGEST_CUSTOM_ID
    assert decode(custom_id) == ("approve", tuple(args))


@given(st.text(max_size=120))
def test_decoding_never_raises_and_knows_only_what_it_made(custom_id: str) -> None:
    decoded = decode(custom_id)
    if decoded is not None:
        assert encode(decoded[0], *decoded[1]) == custom_id


@pytest.mark.parametrize(
    "custom_id",
    [
        "",
        "s1",
        "s1:",
        "s0:approve:1",
        "s1:Approve",
        "s1:approve:%zz",
        "s1:approve:a b",
        "s1:approve:%6f",
        "panel:next",
    ],
)
def test_foreign_ids_are_none(custom_id: str) -> None:
    assert decode(custom_id) is None


def test_what_discord_would_refuse_is_refused_at_once() -> None:
    encode("a", "x" * 95)
    with pytest.raises(ValueError, match="101 characters"):
        encode("a", "x" * 96)
    for name in ("", "Approve", "a:b", "ä", "a" * 33):
        with pytest.raises(ValueError, match="not a handler name"):
            encode(name)


async def press(_: Press) -> None: ...


async def submit(_: Submission) -> None: ...


def test_a_name_belongs_to_one_handler() -> None:
    router = Router()
    assert router.component("approve")(press) is press
    assert router.modal("approve")(submit) is submit
    with pytest.raises(ValueError, match="handler for 'approve' already"):
        router.component("approve")(press)
    with pytest.raises(ValueError, match="handler for 'approve' already"):
        router.modal("approve")(submit)
    with pytest.raises(ValueError, match="not a handler name"):
        router.modal("No")(submit)


def test_what_a_module_defined_can_be_forgotten_and_taken_over_again() -> None:
    async def elsewhere(_: Press) -> None: ...

    async def deeper(_: Press) -> None: ...

    elsewhere.__module__, deeper.__module__ = "plugins.pending_more", "plugins.pending.parts"
    router = Router()
    router.component("elsewhere")(elsewhere)
    router.component("deeper")(deeper)
    router.forget("plugins.pending")
    assert router.component_names == {"elsewhere"}
    router.component("deeper")(deeper)
    assert router.component_names == {"elsewhere", "deeper"} and router.modal_names == set()


def test_including_checks_names_too() -> None:
    router, other = Router(), Router()
    other.component("approve")(press)
    router.include(other)
    with pytest.raises(ValueError, match="handler for 'approve' already"):
        router.include(other)
