from __future__ import annotations

import time

import pytest

from components.dropped import Names, read_dropped, read_names

YOUTUBE = "https://youtu.be/dQw4w9WgXcQ"


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        (YOUTUBE, ["youtube:dQw4w9WgXcQ"]),
        (f"look: <{YOUTUBE}>!", ["youtube:dQw4w9WgXcQ"]),
        (f"[my song]({YOUTUBE}), please.", ["youtube:dQw4w9WgXcQ"]),
        (f"||{YOUTUBE}|| **{YOUTUBE}**", ["youtube:dQw4w9WgXcQ"]),
        ("m.soundcloud.com/Alice/Night-Bus?in=x", ["soundcloud:alice/night-bus"]),
        ("https://on.soundcloud.com/Ab12", ["soundcloud:short:Ab12"]),
        ("https://spotify.link/abc", ["spotify:short:abc"]),
        ("https://www.deezer.com/de/track/00042", ["deezer:42"]),
        ("https://deezer.page.link/abc", ["deezer:short:abc"]),
        ("https://ditto.fm/night-bus", ["ditto:night-bus"]),
        ("https://youtube.com.evil.tld/watch?v=dQw4w9WgXcQ", []),
        ("https://evil.tld/https://youtu.be/dQw4w9WgXcQ", []),
        ("javascript://youtu.be/dQw4w9WgXcQ", []),
    ],
)
def test_songs_are_told_by_their_host(text: str, ids: list[str]) -> None:
    assert [track.id for track in read_dropped(text, [], "Alice").tracks] == ids


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Alice - Night Bus", Names("Alice", "Night Bus")),
        ("Alice — Night - Bus", Names("Alice", "Night - Bus")),
        ("Jay-Z - 99", Names("Jay-Z", "99")),
        ("01 - Night Bus", Names()),
        ("Night-Bus", Names()),
        ("- Night Bus", Names()),
        ("\u200b - \u2800", Names()),
        ("", Names()),
    ],
)
def test_names_are_artist_dash_title(text: str, names: Names) -> None:
    assert read_names(text) == names


def test_what_is_left_of_a_message_is_a_note() -> None:
    dropped = read_dropped(f"first listen {YOUTUBE} thanks", [], "Alice")
    assert (dropped.note, dropped.names.complete, dropped.guess.artist) == (
        "first listen thanks",
        False,
        "Alice",
    )
    dropped = read_dropped("https://soundcloud.com/alice/night-bus", [], "Alice")
    assert dropped.guess == Names("Alice", "Night Bus")


@pytest.mark.parametrize(
    "text", [" - " * 1300, "a/b." * 1000, "https://youtu.be/" * 230, "<" * 4000, "-\n" * 2000]
)
def test_a_long_message_is_read_in_no_time(text: str) -> None:
    begun = time.perf_counter()
    read_dropped(text, [("x" * 255 + ".mp3", None)] * 10, "A" * 32)
    assert time.perf_counter() - begun < 0.5
