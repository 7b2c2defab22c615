"""The session the demo plays: who does what, and what must come of it."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable
from typing import Final

from bot.demo import Show, StepFailed
from sandbox.discord import Person, Upload

# The first bytes of an MP3: an ID3 tag without frames, then silence enough to be a file.
MP3: Final = b"ID3\x04\x00\x00\x00\x00\x00\x00" + b"\xff\xfb\x90\x00" + bytes(4096)


async def set_up(show: Show) -> None:
    """One command makes the role, the channels and the panels."""
    show.tell("Olga", "/setup")
    reply = await show.olga.command("setup", channel=show.guild.create_channel("general"))
    await reply.settled(20)
    show.answer(show.olga, reply, "Reviewer")
    for person in (show.mia, show.theo):
        show.guild.set_roles(person, [show.reviewer])
    show.tell("Olga", "gives Mia and Theo the Reviewer role")
    await show.panel()
    await show.queue()


async def submit(show: Show, person: Person, title: str, slug: str, tier: str | None = None) -> None:
    """One artist hands in a link."""
    show.tell(person.name, f"/submit link title:{title}" + (f" tier:{tier}" if tier else ""))
    reply = await person.command(
        "submit link",
        channel=show.channel("submit-your-song"),
        url=f"https://soundcloud.com/{person.name.lower()}/{slug}",
        artist=person.name,
        title=title,
        options={"tier": tier} if tier else None,
    )
    await reply.settled()
    show.answer(person, reply, title)


async def artists_submit(show: Show) -> None:
    """Free songs wait in order of arrival; a claimed skip waits for a reviewer."""
    await submit(show, show.artists["Alice"], "Night Bus", "night-bus")
    await show.queue("Night Bus")
    show.tell("Bruno", "/submit file file:glass-harbour.mp3 title:Glass Harbour")
    reply = await show.artists["Bruno"].command(
        "submit file",
        channel=show.channel("submit-your-song"),
        file=Upload("glass-harbour.mp3", MP3),
        artist="Bruno",
        title="Glass Harbour",
    )
    await reply.settled()
    show.answer(show.artists["Bruno"], reply, "Glass Harbour")
    await submit(show, show.artists["Carla"], "Paper Moon", "paper-moon", "10 Skip")
    await show.queue("Night Bus", "Glass Harbour")


async def second_try(show: Show) -> None:
    """One Free song an artist: the second is refused with the reason."""
    alice = show.artists["Alice"]
    show.tell("Alice", "/submit link title:Low Tide")
    reply = await alice.command(
        "submit link",
        channel=show.channel("submit-your-song"),
        url="https://soundcloud.com/alice/low-tide",
        artist="Alice",
        title="Low Tide",
    )
    await reply.settled()
    show.answer(alice, reply, "Night Bus")
    await show.queue("Night Bus", "Glass Harbour")


async def approve(show: Show) -> None:
    """A reviewer confirms Carla's skip; it goes before the Free songs."""
    show.tell("Theo", "/review approve song:Paper Moon tier:10 Skip")
    review = show.channel("song-review")
    choices = await show.theo.autocomplete("review approve", "song", "paper", review)
    if not choices:
        raise StepFailed("the pending song is not offered")
    reply = await show.theo.command("review approve", channel=review, song=choices[0][1], tier="10 Skip")
    await reply.settled()
    show.answer(show.theo, reply, "Paper Moon")
    await show.queue("Paper Moon", "Night Bus", "Glass Harbour")


async def press_next(show: Show) -> None:
    """The host starts with one button."""
    show.tell("Mia", "presses Next")
    await show.mia.press(await show.panel("Paper Moon"), label="Next")
    await show.panel("Paper Moon", "#3 playing")
    await show.queue("Night Bus", "Glass Harbour", playing="Paper Moon")


async def both_press_next(show: Show) -> None:
    """Two reviewers press in the same moment: one song moves, the other is told by whom."""
    await asyncio.sleep(1.0)  # the host listens; a second press within a blink counts as a double click
    show.tell("Mia, Theo", "press Next in the same moment")
    panel = await show.panel("Paper Moon")
    first, second = await asyncio.gather(
        show.mia.press(panel, label="Next"), show.theo.press(panel, label="Next")
    )
    told = await show.told((show.mia, first), (show.theo, second))
    if len(told) != 1:
        raise StepFailed(f"{len(told)} of the two were told that somebody else was first, not one")
    loser, text = told[0]
    winner = "Mia" if loser is show.theo else "Theo"
    show.says(loser, text, winner)
    await show.queue("Glass Harbour", playing="Night Bus")


async def undo(show: Show) -> None:
    """Undo puts it back exactly."""
    show.tell("Mia", "presses Undo")
    await show.mia.press(await show.panel("#1 playing"), label="Undo")
    await show.panel("#3 playing")
    await show.queue("Night Bus", "Glass Harbour", playing="Paper Moon")


async def promote_and_remove(show: Show) -> None:
    """A moderator lifts one song and removes another, with the reason."""
    await submit(show, show.artists["Dario"], "Static Bloom", "static-bloom")
    review = show.channel("song-review")
    show.tell("Theo", "/review promote song:Static Bloom tier:5 Skip")
    choices = await show.theo.autocomplete("review promote", "song", "static", review)
    reply = await show.theo.command("review promote", channel=review, song=choices[0][1], tier="5 Skip")
    await reply.settled()
    show.answer(show.theo, reply, "Static Bloom")
    show.tell("Theo", "/review remove song:Glass Harbour reason:The file is silent")
    choices = await show.theo.autocomplete("review remove", "song", "glass", review)
    reply = await show.theo.command(
        "review remove", channel=review, song=choices[0][1], reason="The file is silent"
    )
    await reply.settled()
    show.answer(show.theo, reply, "Glass Harbour")
    # Night Bus was announced as the next when Paper Moon began: its place is kept, whatever comes after.
    await show.queue("Night Bus", "Static Bloom", playing="Paper Moon")


async def stranger(show: Show) -> None:
    """Who is no reviewer moves nothing, whatever they press."""
    dario = show.artists["Dario"]
    show.tell("Dario", "/review next")
    reply = await dario.command("review next", channel=show.channel("submit-your-song"))
    await reply.settled()
    show.answer(dario, reply, "reviewer")


async def kill(show: Show) -> None:
    """The bot is killed in the middle of the show and started again."""
    show.tell("(kill -9)", "the bot dies; a press goes unanswered")
    await show.bot.end(signal.SIGKILL)
    panel = await show.panel("Paper Moon")
    if (await show.mia.press(panel, label="Next")).ok:
        raise StepFailed("a dead bot answered")
    await show.bot.start()
    show.tell("(start)", "the bot is back; the same panel works")
    await show.mia.press(await show.panel("Paper Moon"), label="Next")
    await show.queue("Static Bloom", playing="Night Bus")


async def where(show: Show) -> None:
    """An artist asks where they are, and why."""
    alice = show.artists["Alice"]
    show.tell("Alice", "/queue where")
    reply = await alice.command("queue where", channel=show.channel("submit-your-song"))
    await reply.settled()
    show.answer(alice, reply, "Night Bus")


STEPS: Final[tuple[tuple[str, Callable[[Show], Awaitable[None]]], ...]] = (
    ("The owner sets the server up with one command", set_up),
    ("Artists submit a link, a file, and a claimed skip", artists_submit),
    ("A second Free song is refused with the reason", second_try),
    ("A moderator approves the skip", approve),
    ("The host presses Next", press_next),
    ("Two reviewers press Next in the same moment: one song moves", both_press_next),
    ("Undo puts everything back", undo),
    ("A moderator promotes one song and removes another", promote_and_remove),
    ("Somebody who is no reviewer changes nothing", stranger),
    ("An artist asks where they are, and why", where),
    ("The bot is killed and comes back: same queue, same buttons", kill),
)
