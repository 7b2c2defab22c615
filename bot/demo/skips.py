"""Skips are claimed: one is approved with what was paid, one turned away with the reason."""

from __future__ import annotations

from typing import Final

from bot.demo.play import Chapter
from bot.demo.show import Show

FREE: Final = ("Glass Harbour", "Night Bus", "Static Bloom", "Marea Baja")


async def claim(show: Show, title: str) -> None:
    """Carla hands in a song with a skip she says she paid for."""
    slug = title.lower().replace(" ", "-")
    await show.command(
        show.artists["Carla"], "submit link", title, "waits for a reviewer", lines=1, hide=("artist", "url"),
        url=f"https://soundcloud.com/carla/{slug}", artist="Carla", title=title, tier="Skip",
    )  # fmt: skip


async def approve(show: Show) -> None:
    """A reviewer confirms the skip and notes how it was paid; it goes before the Free songs."""
    await claim(show, "Paper Moon")
    form = await show.press(show.theo, await show.pending("Paper Moon"), "With amount…")
    await show.fill(show.theo, form, tier="Skip", method="gift", amount="2000")
    await show.queue("Paper Moon", *FREE)
    await show.told(show.artists["Carla"], "Your skip is confirmed", "Paper Moon")


async def reject(show: Show) -> None:
    """Dario says he paid to move up; he did not, so his song stays where it was, and he is told why."""
    dario = show.artists["Dario"]
    mine = (await show.press(dario, await show.portal(), "My submissions")).message
    assert mine is not None, "the list is a message"
    await show.press(dario, mine, "Claim a skip #3")
    await show.choose(dario, mine, "s1:mine.tier", "DoubleSkip")
    show.says(dario, mine.text, "waits for a reviewer now", lines=1)
    await show.queue("Paper Moon", "Glass Harbour", "Night Bus", "Marea Baja")
    form = await show.press(show.theo, await show.pending("Static Bloom"), "Reject…")
    await show.fill(show.theo, form, reason="No gift seen tonight")
    await show.told(dario, "was not approved", "Reason: No gift seen tonight")
    await show.queue("Paper Moon", *FREE)


CHAPTER: Final = Chapter(
    "Skips are claimed",
    (
        ("Carla claims a skip; Theo approves it with method and amount", approve),
        ("Dario claims one he did not pay for; his song waits in Free", reject),
    ),
)
