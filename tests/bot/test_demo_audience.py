"""What ticks the tour's steps: messages alone, and nothing by chance."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from rich.console import Console

from bot.demo.audience import DIFFERS, Audience
from bot.demo.process import BotProcess
from bot.demo.show import Show
from bot.demo.terminal import Transcript
from bot.router import encode
from components.panel import NEXT
from components.pending import PAID
from sandbox.discord import Channel, Message, Sandbox
from sandbox.tiktok import TikTok


class Server:
    """A server in which the bot's messages are written by hand."""

    def __init__(self, show: Show) -> None:
        self.show = show
        self.post = show.guild.sandbox.world.postbox
        self.list = show.guild.create_channel("song-queue")
        self.review = show.guild.create_channel("song-review")
        self.queue = self.says(self.list, listed("Rooftop — Dario", "First Light — Alice"))
        self.panel = self.says(
            self.review, panel("nothing playing · turn 0 · no move", (1, "Free"), (2, "Free")), NEXT
        )
        self.pending = self.says(self.review, "Pending skips · 0")
        self.audience = Audience(show)

    def says(self, channel: Channel, text: str, *ids: str, **more: Any) -> Message:
        return self.post.post(channel, self.show.guild.sandbox.bot, body(text, *ids), **more)

    def edits(self, message: Message, text: str, *ids: str) -> None:
        self.post.edit(message, body(text, *ids))
        self.audience.look()

    def shows(self, footer: str, *songs: tuple[int, str]) -> None:
        self.edits(self.panel, panel(footer, *songs), NEXT)

    def answers(self, text: str) -> None:
        alice = self.show.artists["Alice"].id
        self.says(self.list, text, visible_to=alice, flags=64, interaction={"name": "queue"})
        self.audience.look()


def body(text: str, *ids: str) -> dict[str, Any]:
    buttons = [{"type": 2, "style": 1, "label": each, "custom_id": each} for each in ids]
    return {"content": text, "components": [{"type": 1, "components": buttons}] if buttons else []}


def listed(*lines: str) -> str:
    return "Up next\n" + "\n".join(f"**{place}.** {line}\nFree · x" for place, line in enumerate(lines, 1))


def panel(footer: str, *songs: tuple[int, str]) -> str:
    return "\n".join([*(f"**#{number}** Song\n{tier} · Alice" for number, tier in songs), footer])


@pytest.fixture
async def server(tmp_path: Any) -> AsyncIterator[Server]:
    sandbox, tiktok = await Sandbox.start(), await TikTok.start()
    show = Show.open(sandbox, tiktok, BotProcess(sandbox, tiktok, tmp_path), Transcript(Console(quiet=True)))
    yield Server(show)
    await tiktok.close()
    await sandbox.close()


async def test_a_skip_is_approved_when_its_song_is_in_a_tier(server: Server) -> None:
    seen = server.audience
    seen.look()
    assert not (seen.submitted or seen.claimed or seen.approved)
    server.edits(server.pending, "**#3** Paper Moon", encode(PAID, 3))
    assert seen.submitted and seen.claimed and not seen.approved
    # Turned away: the song waits in Free, or nowhere.
    server.edits(server.pending, "Pending skips · 0")
    server.shows("nothing playing · turn 0 · no move", (1, "Free"), (3, "Free"))
    assert not seen.approved
    server.shows("nothing playing · turn 0 · move 9", (3, "Skip"), (1, "Free"))
    assert seen.approved and not seen.advanced


async def test_next_and_undo_are_told_apart(server: Server) -> None:
    seen = server.audience
    server.shows("#1 playing · turn 1 · move 9", (2, "Free"))
    assert seen.advanced and not seen.undone
    server.shows("nothing playing · turn 1 · no move", (1, "Free"), (2, "Free"))
    assert seen.undone
    seen.begin()
    # Undo of an older Next brings a song back that did not wait.
    server.shows("#7 playing · turn 0 · no move", (1, "Free"), (2, "Free"))
    assert not seen.advanced and not seen.undone
    server.shows("#7 playing · turn 0 · move 12", (2, "Free"))
    assert not seen.undone
    server.shows("#7 playing · turn 0 · move 9", (1, "Free"), (2, "Free"))
    assert seen.undone and not seen.advanced


@pytest.mark.parametrize(
    ("answer", "kept"),
    [
        (listed("Rooftop — Dario", "First Light — Alice"), True),
        (listed("Rooftop — Dario", "First Light — Alice", "New — Carla"), True),
        (listed("First Light — Alice", "Rooftop — Dario"), False),
        (listed("Rooftop — Dario"), False),
        ("Now playing: **Rooftop** · Free · Dario\n" + listed("First Light — Alice"), False),
    ],
    ids=["same", "one more", "another order", "one lost", "one playing, unseen by all"],
)
async def test_the_queue_after_a_restart_is_held_against_the_one_before(
    server: Server, answer: str, kept: bool
) -> None:
    seen = server.audience
    server.answers(listed("Rooftop — Dario", "First Light — Alice"))
    seen.ends()
    server.answers(listed("Rooftop — Dario", "First Light — Alice"))
    seen.back()
    seen.look()
    assert seen.restarted and not seen.kept
    server.answers(answer)
    assert (seen.kept, seen.differs) == (kept, "" if kept else DIFFERS)


async def test_songs_that_moved_after_the_restart_are_not_lost(server: Server) -> None:
    seen = server.audience
    seen.ends()
    seen.back()
    server.edits(server.queue, listed("First Light — Alice"))
    server.answers("Now playing: **Rooftop** · Free · Dario\n" + listed("First Light — Alice"))
    assert seen.kept


async def test_a_gift_is_known_by_what_the_artist_is_told_in_any_language(server: Server) -> None:
    elena = server.show.artists["Elena"]
    server.says(elena.dm, "**#2** ha subido a Skip gracias a los regalos de ti.")
    server.audience.look()
    assert server.audience.lifted
    server.audience.begin()
    server.audience.look()
    assert not server.audience.lifted
