"""The show: Next, the card of the song that plays, score and bookmark, and what artists are told."""

from __future__ import annotations

from typing import Final

from bot.demo.play import Chapter
from bot.demo.show import Show
from bot.demo.skips import FREE


async def both_press_next(show: Show) -> None:
    """Two reviewers press in the same moment: one song moves, the other is told by whom."""
    await show.both_press_next(show.mia, show.theo)
    await show.panel("Paper Moon", "Playing since")


async def undo(show: Show) -> None:
    """Undo puts everything back exactly, and tells nobody who was not told before."""
    await show.press(show.mia, await show.panel("Playing since"), "Undo")
    await show.panel("Nothing is playing")
    await show.queue("Paper Moon", *FREE)


async def first_song(show: Show) -> None:
    """The song is announced, and those who come after it are told to get ready."""
    await show.next(show.mia)
    await show.queue(*FREE, playing="Paper Moon")
    await show.posted("now-playing", "Now playing", "Paper Moon")
    await show.told(show.artists["Bruno"], "You are next", "Glass Harbour")
    await show.told(show.artists["Alice"], "Night Bus", "two songs away")


async def card(show: Show) -> None:
    """Everything about the song that plays stands on its card."""
    panel = await show.panel("Paper Moon")
    await show.posted(
        "song-review",
        "Paper Moon",
        "Skip, gift 2,000, approved by Theo",
        "First time here",
        lines=5,
        who="card",
    )
    show.buttons(panel)


async def score(show: Show) -> None:
    """The reviewer writes down what she thinks, and keeps the song."""
    form = await show.press(show.mia, await show.panel("Paper Moon"), "Score and note…")
    sent = await show.fill(show.mia, form, score="9", note="That bridge!")
    show.says(show.mia, (await sent.followup()).text, "9/10", lines=1)
    await show.press(show.mia, await show.panel("9/10"), "Bookmark")
    await show.panel("Bookmarked by Mia")
    await show.posted("bookmarks", "Paper Moon", "9/10", "Bookmarked by Mia", lines=5)


async def played(show: Show) -> None:
    """Next once more: each artist is told what concerns them."""
    await show.next(show.mia)
    await show.queue("Night Bus", "Static Bloom", "Marea Baja", playing="Glass Harbour")
    await show.told(show.artists["Carla"], "was played", "Score: 9 of 10", "That bridge!")
    await show.told(show.artists["Bruno"], "is playing now")
    await show.told(show.artists["Alice"], "You are next")


async def stranger(show: Show) -> None:
    """Who is no reviewer moves nothing, whatever they press or type."""
    await show.command(show.artists["Dario"], "review next", "Only this server's reviewers can do that")
    await show.queue("Night Bus", "Static Bloom", "Marea Baja", playing="Glass Harbour")


CHAPTER: Final = Chapter(
    "The show is on",
    (
        ("Two reviewers press Next in the same moment: one song moves", both_press_next),
        ("Undo puts everything back", undo),
        ("The first song is announced, and those after it are told", first_song),
        ("Its card says everything about it", card),
        ("Mia writes down a score and a note, and bookmarks it", score),
        ("The next song; Carla reads her score", played),
        ("Somebody who is no reviewer changes nothing", stranger),
    ),
)
