"""What the pictures show: an evening on the sandbox, which people play through the real bot."""

from __future__ import annotations

import contextlib
import re
import tempfile
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any
from unittest import mock

from rich.console import Console

from bot.demo import opening
from bot.demo.live import CONNECT_SECONDS, HOST
from bot.demo.play import TITLE
from bot.demo.process import BotProcess
from bot.demo.show import Show, Suggested
from bot.demo.terminal import Transcript
from bot.demo.tour import offer
from sandbox.discord import Sandbox
from sandbox.page import Page
from sandbox.page.tour import Tour
from sandbox.tiktok import TikTok, gift_named
from tests.stage import free_port

SONGS = (
    ("Bruno", "Bruno Vale", "Glass Harbour", ""),
    ("Yuki", "YUKI.wav", "Paper Lanterns", "DoubleSkip"),
    ("Alice", "Alice & the Tides", "Night Bus", ""),
    ("Dario", "Dario Conti", "Low Tide", "Skip"),
    ("Noor", "Noor Aziz", "Static Bloom", ""),
    ("Elena", "Marisol", "Marea Baja", ""),
    ("Femi", "Femi Okoro", "Silver Line", "BackToBack"),
    ("Carla", "Carla Sings", "Slow Motion", ""),
)
"""Who, artist, title, and the skip a reviewer gives; the one with BackToBack is played first."""

POINTS = {"Bruno": 640, "Alice": 420, "Noor": 275, "Elena": 90, "Carla": 35}
CHAT = (
    ("Yuki", "first time here, hi everyone :)"),
    ("Bruno", "welcome! just press a button above, or drop your file in here"),
)
VIEWERS = (
    ("tom.b", "this bassline!!"),
    ("ana_r", "greetings from Sevilla"),
    ("yuki", "when am I on?"),
    ("bruno.beats", "let's push Glass Harbour"),
)
CLAIMED = ("Sam", "Sam Hollow", "Concrete Garden", "Skip")


@contextlib.asynccontextmanager
async def scene() -> AsyncGenerator[dict[str, str]]:
    """The evening, up while the block runs; gives what fills the placeholders of a shot's address."""
    port = free_port()
    async with contextlib.AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sl-pictures-")))
        sandbox = await Sandbox.start()
        stack.push_async_callback(sandbox.close)
        tiktok = await TikTok.start(history_depth=0)
        stack.push_async_callback(tiktok.close)
        with mock.patch.dict("os.environ", SKIPLINE_WEB_PORT=str(port)):
            bot = BotProcess(sandbox, tiktok, folder)
        await bot.start()
        stack.push_async_callback(bot.end)
        show = Show.open(sandbox, tiktok, bot, Transcript(Console(quiet=True)))
        led = Show.open(sandbox, tiktok, bot, Transcript(Console(quiet=True)))
        tour = Tour(TITLE)
        beginning = await Page.start(led.guild, tiktok=tiktok, tour=tour)
        stack.push_async_callback(beginning.close)
        await follow(led, tour)
        await play(show)
        await go_live(show)
        page = await Page.start(show.guild, tiktok=tiktok)
        stack.push_async_callback(page.close)
        yield {
            "page": page.url,
            "tour": f"{beginning.url}#person={led.mia.id}&channel={led.review.id}",
            "overlay": await told(show, "overlay create", r"http://\S+/overlay/[^/\s]+", name="Stream"),
            "queue": await told(show, "queue page on", r"http://\S+/queue/[^>\s]+"),
            **{channel.name.replace("-", "_"): str(channel.id) for channel in show.guild.channels},
            **{each.name.lower(): str(each.id) for each in (show.mia, *show.artists.values())},
        }


async def told(show: Show, command: str, pattern: str, **values: Any) -> str:
    """The address that a command of the owner tells."""
    reply = await show.command(show.olga, command, **values)
    found = re.search(pattern, reply.text)
    assert found is not None, reply.text
    return found[0]


async def follow(show: Show, tour: Tour) -> None:
    """A newcomer on another server has done the first half of the tour."""
    assert await offer(show, tour)
    await show.panel()
    await hand_in(show, "Carla", "Carla Sings", "Slow Motion")
    await hand_in(show, "Bruno", "Bruno Vale", "Glass Harbour", tier="Skip")
    pending = await show.pending("Glass Harbour")
    await show.press(show.theo, pending, next(label for label in pending.labels if "→" in label))
    await show.panel("Glass Harbour")
    await show.next(show.mia)
    await show.panel("Playing since")


async def play(show: Show) -> None:
    """Sets the server up, lets everybody hand in, and plays the first song."""
    await opening.set_up(show)
    await opening.channels(show)
    await show.panel()
    for name in (*(each[0] for each in SONGS), CLAIMED[0]):
        if name not in show.artists:
            show.artists[name] = show.guild.join(name)
    show.artists["Elena"].user.locale = "en-GB"
    for name, text in CHAT:
        await show.artists[name].say(show.submissions, text)
    for name, artist, title, tier in SONGS:
        await hand_in(show, name, artist, title)
        if tier:
            await show.command(show.theo, "review promote", title, song=Suggested(title), tier=tier)
    for name, amount in POINTS.items():
        await show.command(show.olga, "points give", name, user=show.artists[name], amount=amount)
    await hand_in(show, *CLAIMED)
    await show.next(show.mia)
    await show.panel("Silver Line")
    # Whoever pressed sees it on the panel at once; the others follow.
    await show.posted("song-queue", "Silver Line", "7 waiting")
    await show.posted("song-review", "Pending skips", CLAIMED[2])


async def go_live(show: Show) -> None:
    """Mia is live, the bot listens, and her viewers do what viewers do."""
    await show.command(show.olga, "tiktok connect", HOST, handle=HOST)
    live = show.tiktok.host(HOST).live
    assert live is not None, "the tour is about a live as well"
    await show.tiktok.connected(live, timeout=CONNECT_SECONDS)
    live.viewers(214)
    for name, text in VIEWERS:
        viewer = show.tiktok.viewer(name)
        viewer.join(live)
        viewer.comment(live, text)
        viewer.like(live, 40 + 7 * len(text))
    show.tiktok.viewer("yuki").follow(live)
    show.tiktok.viewer("tom.b").share(live)
    show.tiktok.viewer("ana_r").gift(live, gift_named("Rose"), 5)
    streak = show.tiktok.viewer("bruno.beats").streak(live, gift_named("Hand Hearts"), 3)
    streak.more(4)
    streak.end()


async def hand_in(show: Show, name: str, artist: str, title: str, tier: str | None = None) -> None:
    """Somebody hands in a song by its link, and may claim a skip."""
    url = f"https://soundcloud.com/{name.lower()}/{title.lower().replace(' ', '-')}"
    claimed: dict[str, Any] = {"tier": tier} if tier else {}
    await show.command(
        show.artists[name], "submit link", title, url=url, artist=artist, title=title, **claimed
    )
