from __future__ import annotations

import re
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import hikari
import miru
import pytest

from components.displays import HELD_SONGS, KINDS, PENDING_SONGS, SONGS, Painting, render
from components.panel import PanelView, tier_rows
from sandbox.discord import limits
from state.board import ArtistRecord, Board, LastMove, Now
from state.guild_settings import GuildSettings
from state.ladder import HIGHEST_LABEL, SKIPS, Ladder
from state.song import Song, SongState

AT = 1_795_000_000_000
HUGE = 10**12 - 1
HOSTILE = (
    "🎵" * 200,
    "👩‍👩‍👧‍👦" * 28,
    "*_~`|[]<>@#\\" * 16,
    "@everyone <@123> <@&456> <#789> https://evil.example/" + "x" * 147,
    "\u202e\u2066" + "a\u0301\u0302\u0303\u0304\u0305" * 32,
    "W" * 200,
)
LONGEST = Ladder.of([(label, f"{label:02}" + "*" * 30) for label in range(HIGHEST_LABEL + 1)])
LADDERS = (
    SKIPS,
    Ladder.of([(label, f"{label:02}" + "*" * 30) for label in range(1, 26)] + [(0, "🎁" * 32)]),
    LONGEST,
)


def song(number: int, text: str = "Title", state: SongState = SongState.WAITING, **more: Any) -> Song:
    facts: dict[str, Any] = {
        "title": text,
        "artist": text,
        "user": HUGE * 10**7,
        "user_name": text[:32],
        "tier": 0,
        "submitted_at": AT,
        "started_at": AT,
        **more,
    }
    return Song(number=number, state=state, **facts)


def board(text: str = "Title", *, ladder: Ladder = SKIPS, **more: Any) -> Board:
    full = {
        "note": text * 3,
        "link": ("https://example.com/" + "a" * 480)[:500],
        "file": "7f.mp3",
        "file_name": text,
        "file_size": 9_000_000,
        "method": "other",
        "amount": text[:40],
        "approved_by_name": text[:32],
        "promoted_by_name": text[:32],
        "score": 10,
        "review_note": (text * 3)[:500],
        "reviewer_name": text[:32],
        "bookmarked_at": AT,
        "bookmarked_by_name": text[:32],
    }
    top = ladder.tiers[0].label
    facts: dict[str, Any] = {
        "revision": HUGE,
        "now": Now(HUGE, AT, HUGE, 0, (), 7, "Mia", "next", AT),
        "playing": song(HUGE, text, SongState.PLAYING, **full),
        "settings": GuildSettings(closed=frozenset(tier.label for tier in ladder.tiers[:-1])),
        "ladder": ladder,
        "counts": {tier.label: 10**6 for tier in ladder.tiers},
        "waiting": 10**6,
        "offset": 0,
        "songs": tuple(song(HUGE - n, text, tier=top, locked=True) for n in range(1, SONGS + 1)),
        "pending": 10**6,
        "pending_songs": tuple(
            song(HUGE - 100 - n, text, SongState.PENDING, tier=top, claimed=top, **full)
            for n in range(PENDING_SONGS)
        ),
        "held": 10**6,
        "held_songs": tuple(song(HUGE - 200 - n, text, SongState.HELD) for n in range(HELD_SONGS)),
        "last_move": LastMove(HUGE, "promote", HUGE, 7, text[:32], AT),
        **more,
    }
    return Board(**facts)


EMPTY: dict[str, Any] = {
    "now": Now(None, None, 0, 0, (), 0, "", "", None),
    "playing": None,
    "settings": GuildSettings(),
    "counts": {},
    "waiting": 0,
    "songs": (),
    "pending": 0,
    "pending_songs": (),
    "held": 0,
    "held_songs": (),
    "last_move": None,
}


def body(painting: Painting) -> dict[str, Any]:
    """The painting as it is sent."""
    serialize = hikari.impl.EntityFactoryImpl(None).serialize_embed  # type: ignore[arg-type]
    return {
        "embeds": [serialize(embed)[0] for embed in painting.embeds],
        "components": [row.build()[0] for row in painting.components],
    }


def painted(kind: str, of: Board) -> Painting:
    painting = render(kind, of)
    assert painting is not None
    return painting


@pytest.mark.parametrize("ladder", LADDERS)
@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("kind", KINDS)
def test_the_worst_board_fits_a_message(kind: str, text: str, ladder: Ladder) -> None:
    sent = body(painted(kind, board(text, ladder=ladder)))
    limits.message(sent)
    # Were Discord to count as JavaScript does, an emoji would be two.
    for embed in sent["embeds"]:
        assert len(embed["description"].encode("utf-16-le")) // 2 <= 4096


@pytest.mark.parametrize("kind", KINDS)
def test_an_empty_board_fits_a_message(kind: str) -> None:
    sent = body(painted(kind, board(**EMPTY)))
    limits.message(sent)
    assert not limits.is_empty(sent, 0)


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_people_typed_pings_or_formats(kind: str) -> None:
    text = "@everyone <@1> **b** [x](https://evil.example) ||s|| `c`"
    for embed in painted(kind, board(text)).embeds:
        for shown in (embed.title or "", embed.description or ""):
            for raw in ("<@1>", "**b**", "](", "||s||", "`c`", "@everyone", "https://evil"):
                assert re.search(r"(?<!\\)" + re.escape(raw), shown) is None, shown


@pytest.mark.parametrize("kind", KINDS)
def test_a_painting_depends_on_nothing_but_what_is_shown(kind: str) -> None:
    one, other = board(revision=1), board(revision=2)
    assert body(painted(kind, one)) == body(painted(kind, other))


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"tier": 10, "method": "gift", "amount": "2000", "approved_by_name": "Mia"},
         "10 Skip, gift 2,000, approved by Mia"),
        ({"tier": 10, "method": "tip", "approved_by_name": "Mia", "promoted_by_name": "Theo"},
         "10 Skip, tip, approved by Mia, moved there by Theo"),
        ({"tier": 20, "promoted_by_name": "Theo"}, "20 Skip, moved there by Theo"),
        ({"tier": 5}, "5 Skip · "),
        ({"stake": (("points:user", 11, 1020), ("points:handle", 7, 370))},
         "Free, 1,390 points (1,020 own, 370 by TikTok)"),
        ({}, "Free, no points yet"),
        ({"score": 8, "review_note": "warm", "reviewer_name": "Mia"}, "Score: 8/10 · “warm” (Mia)"),
        ({"bookmarked_at": AT, "bookmarked_by_name": "Theo"}, "Bookmarked by Theo"),
        ({"started_at": AT + 90 * 60_000}, "waited 90 min"),
    ],
)  # fmt: skip
def test_the_card_tells_how_a_song_came_to_its_turn(more: dict[str, Any], told: str) -> None:
    playing = song(1, state=SongState.PLAYING, **more)
    assert told in (painted("reviewer", board(playing=playing)).embeds[0].description or "")


@pytest.mark.parametrize(
    ("record", "told"),
    [
        (ArtistRecord(), "First time here"),
        (ArtistRecord(3), "Played here before: 3×"),
        (ArtistRecord(3, {7: 1, 9: 1}), "3× · best score 9/10"),
    ],
)
def test_the_card_tells_what_the_artist_did_before(record: ArtistRecord, told: str) -> None:
    assert told in (painted("reviewer", board(record=record)).embeds[0].description or "")


def test_what_is_no_display_is_not_painted() -> None:
    assert render("overlay", board()) is None


@pytest.mark.parametrize(
    ("link", "shown"),
    [
        ("https://example.com/a_b?c=d&e", "https://example.com/a_b?c=d&e"),
        ("https://example.com/(x)|y", "https://example.com/%28x%29%7Cy"),
        ("javascript:alert(1)", "javascript:alert(1)"),
        ("https://example.com/ [x](https://evil.example)", "/ \\[x\\](https\\://evil.example)"),
        ("https://example.com/[x](https://evil.example)", "/%5Bx%5D%28https://evil.example%29"),
        ("https://example.com/\u202ea", "https\\://example.com/a"),
        ("https://[::1", "https\\://\\[::1"),
    ],
)
def test_only_links_are_shown_as_links(link: str, shown: str) -> None:
    playing = song(1, state=SongState.PLAYING, link=link)
    assert shown in (painted("reviewer", board(playing=playing)).embeds[0].description or "")


def test_a_file_is_attached_while_it_plays_unless_it_is_too_large() -> None:
    assert painted("reviewer", board()).file == "7f.mp3"
    large = song(1, state=SongState.PLAYING, file="7f.mp3", file_name="a.mp3", file_size=20 * 1024 * 1024)
    painting = painted("reviewer", board(playing=large))
    assert painting.file is None and "too large" in (painting.embeds[0].description or "")
    assert "20.0 MB" in (painting.embeds[0].description or "")


def test_the_public_list_shows_what_closes() -> None:
    def told(settings: GuildSettings) -> str:
        return painted("public", board(settings=settings)).embeds[1].description or ""

    assert "Submissions are open:" in told(GuildSettings())
    assert "paused" in told(GuildSettings(paused=True))
    assert "closed for: 5 Skip, Free" in told(GuildSettings(closed=frozenset({0, 5})))
    everything = frozenset(tier.label for tier in SKIPS.tiers)
    assert "closed right now" in told(GuildSettings(closed=everything))


class Nobody:
    """Handles whatever is pressed, by nothing."""

    def __getattr__(self, name: str) -> None:
        return None


async def test_every_id_of_the_panel_has_a_handler() -> None:
    known = {item.custom_id for item in PanelView(Nobody(), nullcontext).children}  # type: ignore[arg-type]
    drawn: set[str] = set()
    unmarked = replace(board(), playing=song(1, "Title", SongState.PLAYING))
    for of in (board(settings=GuildSettings()), board(settings=GuildSettings(paused=True)), unmarked):
        for row in body(painted("reviewer", of))["components"]:
            drawn |= {item["custom_id"] for item in row["components"]}
    assert drawn == known
    assert PanelView(Nobody(), nullcontext).is_persistent  # type: ignore[arg-type]


@pytest.mark.parametrize(("own", "drawings"), [(True, 0), (False, 1)])
async def test_nobody_draws_the_panels_view_to_see_whether_there_is_one(
    monkeypatch: pytest.MonkeyPatch, own: bool, drawings: int
) -> None:
    """When the second case fails, miru asks without drawing: `PanelView.__bool__` can be deleted."""
    drawn: list[object] = []
    build = miru.View.build
    monkeypatch.setattr(miru.View, "build", lambda view: (drawn.append(view), build(view))[1])
    if not own:
        monkeypatch.delattr(PanelView, "__bool__")
    assert PanelView(Nobody(), nullcontext)  # type: ignore[arg-type]
    assert len(drawn) == drawings


def test_the_tier_step_fits_with_the_longest_ladder() -> None:
    of = board(ladder=LONGEST)
    rows = tier_rows(of, of.songs[0], "panel.tier")
    message = {"content": "x", "components": [row.build()[0] for row in rows]}
    limits.message(message)
    menus = [row["components"][0] for row in message["components"]]
    offered = [int(option["value"]) for menu in menus for option in menu["options"]]
    assert offered == [tier.label for tier in of.ladder.tiers if tier.label != of.songs[0].tier]


def test_the_portal_lists_every_tier_of_a_long_ladder() -> None:
    skips = [(label, f"{label} Skip") for label in range(HIGHEST_LABEL, 0, -1)]
    open_ = GuildSettings(closed=frozenset())
    embed = painted("portal", board(ladder=Ladder.of([*skips, (0, "Free")]), settings=open_)).embeds[0]
    assert embed.description is not None
    assert "\n".join([*(name for _, name in skips), "Free"]) in embed.description
    # Names of 32 characters that are escaped do not fit all; those that do not are counted.
    assert "more: `/submit link`" in (painted("portal", board(ladder=LONGEST)).embeds[0].description or "")
