from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.markdown import NAMELESS, clean, plain

UNESCAPED = re.compile(r"(?<!\\)(?:\\\\)*[*_~`|\[\]<>@#]")


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("plain words", "plain words"),
        ("**bold** _it_", "\\*\\*bold\\*\\* \\_it\\_"),
        ("<@123> @everyone", "\\<\\@123\\> \\@everyone"),
        ("[x](https://e.example)", "\\[x\\](https\\://e.example)"),
        ("# head", "\\# head"),
        ("- item", "\\- item"),
        ("1. item", "1\\. item"),
        ("1.5 songs", "1.5 songs"),
        ("two\nlines\r\n\tthree", "two lines three"),
        ("\u202eright\u202c\u200b to left", "right to left"),
        ("👩‍👧 family", "👩‍👧 family"),
        ("a\u200db", "ab"),
        ("e\u0301", "e\u0301"),
        ("x" + "\u0301" * 40, "x" + "\u0301" * 3),
        ("\u3164\u200b", NAMELESS),
        ("", NAMELESS),
    ],
)
def test_what_is_typed_is_shown_as_typed(typed: str, shown: str) -> None:
    assert plain(typed) == shown


def test_long_text_ends_in_an_ellipsis() -> None:
    assert clean("abcdef", 4) == "abc…"
    assert plain("abcdef", 6) == "abcdef"
    assert len(plain("*" * 50, 20)) <= 20 and plain("*" * 50, 20).endswith("…")


@given(st.text(max_size=80), st.integers(min_value=3, max_value=60))
def test_any_text_stays_within_its_limit_on_one_line_and_unformatted(text: str, limit: int) -> None:
    shown = plain(text, limit)
    assert 1 <= len(shown) <= limit
    assert not re.search(r"[\x00-\x1f\u200b\u202a-\u202e\u2066-\u2069]", shown)
    assert UNESCAPED.search(shown) is None
    assert not shown.endswith("\\") or shown.endswith("\\\\")
