"""A recorded live, played to the demo's bot: told as it goes, and held against the tables that follow it."""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from bot.demo.live import TABLE_SECONDS, TABLES
from bot.demo.play import Chapter
from bot.demo.show import Show
from bot.demo.terminal import StepFailed
from bot.errors import SettingsError
from sandbox.tiktok import BadRecordingError, Evening, Player, gift_named, load_recording, write_recording

SUM_SECONDS: Final = 5.0
"""How often what is too much to tell is added up: likes, comments, who came."""

DEAR: Final = 500
"""Coins from which a single gift is told."""

_COINS: Final = re.compile(r"gifts [\d,]+, ([\d,]+) coins")
_SMALL: Final = {
    "like": "likes",
    "comment": "comments",
    "join": "joins",
    "share": "shares",
    "follow": "follows",
    "subscribe": "subscriptions",
    "gift": "gifts",
    "streak": "gifts",
}
_SILENT: Final = frozenset({"streak_end", "viewers", "history", "acknowledged", "await"})


def write_sample(path: Path) -> int:
    """Writes a made-up minute of two lives, with two lost connections; gives how many actions it has.

    Raises `SettingsError` where it cannot be written.
    """
    actions = list(Evening(events=400, minutes=1, viewers=40, drops=2, rooms=0, renames=3).actions())
    try:
        write_recording(path, actions)
    except OSError as wrong:
        raise SettingsError(f"{path} cannot be written ({wrong.strerror}).") from wrong
    return len(actions)


def chapter_of(path: Path, speed: float) -> Chapter:
    """The chapter that plays a recording; `speed` 1 is as it was recorded. Raises `SettingsError`."""
    try:
        actions = load_recording(path)
    except OSError as wrong:
        raise SettingsError(f"{path} cannot be read ({wrong.strerror}).") from wrong
    except (BadRecordingError, UnicodeDecodeError) as wrong:
        raise SettingsError(f"{path} is no recording of a live. {wrong}") from wrong
    if not actions:
        raise SettingsError(f"{path} has no actions.")
    seconds = actions[-1]["t"] / 1000 / speed

    names = dict.fromkeys(str(action["host"]) for action in actions if action["do"] == "go_live")

    async def played(show: Show) -> None:
        await _Recital(show, actions, speed).run()

    async def followed(show: Show) -> None:
        for name in names:
            await table(show, name)

    title = f"{path.name}: {len(actions):,} actions, about {seconds:.0f} s"
    return Chapter("A recorded live", ((title, played), ("Its tables", followed)))


async def table(show: Show, host: str) -> None:
    """Waits for the tables of a host's lives, and holds their coins against TikTok's own books."""
    channel, books = show.channel(TABLES), show.tiktok.books
    opening = f"The live of @{host} is over"

    def counted() -> list[int]:
        texts = (show.plain(message.text) for message in channel.messages)
        found = (_COINS.search(text) for text in texts if opening in text)
        return [int(each[1].replace(",", "")) for each in found if each is not None]

    arrived, sent = books.received(host).total.coins, books.of(host).total.coins
    try:
        await channel.wait_until(lambda: bool(counted()) and sum(counted()) >= arrived, TABLE_SECONDS)
    except TimeoutError:
        raise StepFailed(f"the tables of @{host} say {counted()} coins, not {arrived}") from None
    if sum(counted()) > sent:
        raise StepFailed(f"the tables of @{host} say {counted()} coins; only {sent} were sent")
    show.tell("", f"@{host}: {sent:,} coins sent, {arrived:,} arrived, {sum(counted()):,} booked")
    await show.posted(TABLES, opening, lines=8)


class _Recital:
    """Plays the actions and tells of them."""

    def __init__(self, show: Show, actions: Sequence[dict[str, Any]], speed: float) -> None:
        self._show = show
        self._player = Player(show.tiktok, actions, speed=speed)
        self._sums: Counter[str] = Counter()
        self._told_at = time.monotonic()

    async def run(self) -> None:
        """Plays to the end; lives that are on then end with it. Raises `StepFailed`."""
        show = self._show
        try:
            async for action in self._player.steps():
                self._tell(action)
                if action["do"] == "go_live":
                    await self._connect(str(action["host"]))
        except BadRecordingError as wrong:
            raise StepFailed(str(wrong)) from wrong
        except TimeoutError:
            raise StepFailed(f"action {self._player.done + 1} waited too long for the bot") from None
        self._add_up()
        for host in show.tiktok.hosts.values():
            if host.live is not None:
                await host.live.acknowledged()
                show.on_tiktok(host.name, "ends the live")
                host.live.end()

    async def _connect(self, name: str) -> None:
        """Listens to a host who is live and was not listened to yet; so the bot need not look for long."""
        status = await self._show.mia.command("tiktok status", self._show.review)
        if f"@{name} " not in self._show.plain(status.text):
            await self._show.command(self._show.mia, "tiktok connect", "Listening to", lines=1, handle=name)

    def _tell(self, action: dict[str, Any]) -> None:
        do, host = str(action["do"]), str(action.get("host", ""))
        viewer = str(action.get("viewer", ""))
        if do == "gift" and gift_named(action["gift"]).price * int(action.get("count", 1)) >= DEAR:
            self._show.on_tiktok(viewer, f"sends a {action['gift']} to @{host}")
        elif do in _SMALL:
            self._sums[_SMALL[do]] += int(action.get("count", 1)) if do in ("like", "gift", "streak") else 1
        elif do == "rename":
            self._show.on_tiktok(viewer, f"is called @{action['name']} from now on")
        elif do == "go_live":
            self._show.on_tiktok(host, "goes live")
        elif do == "end":
            self._show.on_tiktok(host, "ends the live")
        elif do == "drop":
            self._show.tell("the network", f"drops the connection to @{host}")
        elif do not in _SILENT:
            more = {name: value for name, value in action.items() if name not in ("t", "do")}
            self._show.tell("TikTok", f"{do} {json.dumps(more, ensure_ascii=False)}")
        if time.monotonic() - self._told_at >= SUM_SECONDS:
            self._add_up()

    def _add_up(self) -> None:
        self._told_at = time.monotonic()
        if self._sums:
            self._show.transcript.row("viewers", [f"{what} {count:,}" for what, count in self._sums.items()])
            self._sums.clear()
