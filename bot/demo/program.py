"""The order of play in mid-show: more skips, fairness, an artist who is away, a song moved or removed."""

from __future__ import annotations

from typing import Final

from bot.demo.play import Chapter
from bot.demo.show import Show, Suggested
from bot.demo.skips import claim

PAID_FIRST: Final = ("Night Bus", "Static Bloom", "Silver Line", "Slow Motion", "Marea Baja")
AFTERWARDS: Final = ("Silver Line", "Night Bus", "Glass Harbour", "Marea Baja", "Slow Motion")
IN_TURN: Final = ("Night Bus", "Static Bloom", "Marea Baja", "Silver Line", "Slow Motion")


async def more_skips(show: Show) -> None:
    """A moderator lifts one song and lets two skips in with a press each."""
    await show.command(
        show.theo, "review promote", "moved from Free to Skip", song=Suggested("static"), tier="Skip"
    )
    for title in ("Silver Line", "Slow Motion"):
        await claim(show, title)
        pending = await show.pending(title)
        approve = next(label for label in pending.labels if "→" in label)
        await show.press(show.theo, pending, approve)
    # Night Bus was announced as the next: its place is kept, whatever comes after.
    await show.queue(*PAID_FIRST, playing="Glass Harbour")


async def fairness(show: Show) -> None:
    """One paid, one Free, in turn: the list shows at once what will be played, and back again."""
    pressed = await show.press(show.mia, await show.panel("Playing since"), "Fairness: off")
    asked = pressed.message if pressed.kind == "message" else await pressed.followup()
    assert asked is not None, "a question is a message"
    for choice, order in (("a Free one: 1.", IN_TURN), ("before all Free ones", PAID_FIRST)):
        await show.choose(show.mia, asked, "s1:panel.fair_paid", choice)
        await show.queue(*order, playing="Glass Harbour")


async def not_here(show: Show) -> None:
    """Bruno is away: his song is set aside with his points, and comes back when he does."""
    await show.press(show.mia, await show.panel("Playing since"), "Not here")
    await show.panel("On hold (1)")
    await show.queue(*PAID_FIRST)
    await show.choose(show.mia, await show.panel("On hold (1)"), "panel:back", "Glass Harbour")
    await show.queue(*PAID_FIRST[:-1], "Glass Harbour", "Marea Baja")


async def move_down(show: Show) -> None:
    """Alice needs a moment: two songs go first, and hers comes at exactly that turn."""
    await show.next(show.mia)
    await show.queue(*PAID_FIRST[1:-1], "Glass Harbour", "Marea Baja", playing="Night Bus")
    form = await show.press(show.mia, await show.panel("Night Bus", "Playing since"), "Move down…")
    sent = await show.fill(show.mia, form, places="2")
    show.says(show.mia, (await sent.followup()).text, "Night Bus", "place 3", lines=1)
    await show.next(show.mia)
    await show.queue(
        "Silver Line", "Night Bus", "Slow Motion", "Glass Harbour", "Marea Baja", playing="Static Bloom"
    )


async def remove(show: Show) -> None:
    """A song is taken out, and its artist reads why."""
    await show.command(
        show.theo, "review remove", "was removed", song=Suggested("slow"), reason="The link is private"
    )
    await show.queue("Silver Line", "Night Bus", "Glass Harbour", "Marea Baja", playing="Static Bloom")
    await show.told(show.artists["Carla"], "Slow Motion", "Reason: The link is private")


async def from_history(show: Show) -> None:
    """The link is open now: the song is handed in once more with two presses, as a Free one."""
    carla = show.artists["Carla"]
    offered = (await show.press(carla, await show.portal(), "From my history")).message
    assert offered is not None, "the question is a message"
    await show.choose(carla, offered, "s1:portal.again", "Slow Motion")
    show.says(carla, offered.text, "Slow Motion", "place 5 of 5", lines=1)
    await show.queue(*AFTERWARDS, playing="Static Bloom")


async def where(show: Show) -> None:
    """An artist asks where they are, for how long, and why."""
    await show.command(
        show.artists["Alice"], "queue where", "Place 2 of 5", "A reviewer moved it down", lines=4
    )


CHAPTER: Final = Chapter(
    "The order of play, in mid-show",
    (
        ("Theo lifts a song to Skip and lets two more in", more_skips),
        ("Fairness is switched on and off; the list follows at once", fairness),
        ("Bruno is not here: his song is held, and brought back", not_here),
        ("Alice needs a moment: her song lets two go first", move_down),
        ("Theo removes a song, and Carla is told why", remove),
        ("She mends the link, and hands it in again from her history", from_history),
        ("Alice asks where she is, and why", where),
    ),
)
