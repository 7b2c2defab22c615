from __future__ import annotations

import pytest

from components.pages import page_asked, page_count, page_row, within


def test_pages_are_counted_and_held_within() -> None:
    assert [page_count(total, 10) for total in (0, 1, 10, 11, 20)] == [1, 1, 1, 2, 2]
    assert [within(page, 3) for page in (-5, 0, 1, 3, 4, 10**9)] == [1, 1, 1, 3, 3, 3]


@pytest.mark.parametrize(
    ("args", "page"),
    [
        (("first", "3"), 1),
        (("previous", "3"), 2),
        (("at", "3"), 3),
        (("next", "3"), 4),
        (("last", "3"), 10**6),
        (("sideways", "3"), 1),
        (("next", "-3"), 1),
        (("next", "9" * 30), 1),
        (("next",), 1),
        ((), 1),
    ],
)
def test_a_press_asks_for_a_page(args: tuple[str, ...], page: int) -> None:
    assert page_asked(args) == page


def test_buttons_at_the_ends_are_off() -> None:
    assert page_row("queue.page", 1, 1) == ()
    for page, off in ((1, [True, True, False, False]), (2, [False] * 4), (3, [False, False, True, True])):
        (row,) = page_row("queue.page", page, 3)
        buttons = row.build()[0]["components"]
        assert [button["disabled"] for button in buttons] == off
        assert len({button["custom_id"] for button in buttons}) == 4
