"""One open page: a websocket that tells one person's screen and takes what they do."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, Protocol, cast

import orjson
from aiohttp import WSMsgType

from sandbox.discord.options import ClientRefused
from sandbox.discord.refusals import Refusal
from sandbox.page.acts import Acts
from sandbox.page.screen import Screen

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from aiohttp import web

    from sandbox.discord.channels import Channel
    from sandbox.discord.people import Person
    from sandbox.discord.refusals import Json

_log = logging.getLogger(__name__)


class Side(Protocol):
    """What stands beside the messages, the same for everybody in the guild."""

    def frame(self) -> Json:
        """Give the whole of it; the same object as long as nothing changed."""
        ...

    async def do(self, act: Json) -> Json:
        """Do an act and give the answer. Raises ClientRefused."""
        ...


class Session:
    """Frames out: hello, names, channels, messages, one of each side, and an answer for each act by its `n`.

    In: acts as JSON text, and files as binary frames: four bytes with the length of a JSON header
    (`n`, `name`, `content_type`), the header, the file.
    """

    def __init__(
        self, socket: web.WebSocketResponse, person: Person, sides: Mapping[str, Side] | None = None
    ) -> None:
        self.socket = socket
        self.screen = Screen(person)
        self._sides = sides or {}
        self._beside: dict[str, Json] = {}
        self._acts = Acts(self.screen, {name: side.do for name, side in self._sides.items()})
        self._changed: set[Channel] = set()
        self._news = asyncio.Event()
        self._running: set[asyncio.Task[None]] = set()

    def changed(self, channels: Iterable[Channel]) -> None:
        """Look again at these channels, and at what the person may see, as soon as there is time."""
        self._changed.update(channels)
        self._news.set()

    async def run(self) -> None:
        """Serve the page until it goes."""
        person = self.screen.person
        await self._send(
            {
                "type": "hello",
                "me": str(person.id),
                "guild": person.guild.name,
                "bot": str(person.sandbox.bot.id),
                "locale": person.user.locale,
                "files": person.sandbox.world.attachments.base_url,
            }
        )
        self._start(self._tell())
        self._news.set()
        try:
            async for received in self.socket:
                if received.type is WSMsgType.TEXT:
                    self._start(self._act(received.data))
                elif received.type is WSMsgType.BINARY:
                    await self._file(received.data)
        finally:
            for task in tuple(self._running):
                task.cancel()
            await asyncio.gather(*self._running, return_exceptions=True)

    def _start(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._running.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("The page stopped telling", exc_info=error)

    async def _tell(self) -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            changed, self._changed = self._changed, set()
            for frame in self.screen.news(changed):
                await self._send(frame)
            for name, side in self._sides.items():
                if (frame := side.frame()) is not self._beside.get(name):
                    self._beside[name] = frame
                    await self._send(frame)

    async def _act(self, text: str) -> None:
        act = _object(text)
        try:
            answer = await self._acts.do(act)
        except (ClientRefused, Refusal) as refused:
            answer = {"error": _sentence(str(refused))}
        except Exception:
            _log.exception("The page could not do %s", act.get("do"))
            answer = {"error": "The sandbox could not do that; its log says why."}
        await self._send({"type": "answer", "n": act.get("n"), **answer})

    async def _file(self, frame: bytes) -> None:
        end = 4 + int.from_bytes(frame[:4])
        header = _object(frame[4:end])
        name, kind = str(header.get("name") or "file"), str(header.get("content_type") or "")
        answer = self._acts.upload(name, kind, frame[end:])
        await self._send({"type": "answer", "n": header.get("n"), **answer})

    async def _send(self, frame: Json) -> None:
        if not self.socket.closed:
            # Who left in this moment is not told any more.
            try:
                await self.socket.send_str(orjson.dumps(frame).decode())
            except ConnectionError:
                await self.socket.close()


def _object(text: str | bytes) -> Json:
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        return {}
    return cast("Json", found) if isinstance(found, dict) else {}


def _sentence(text: str) -> str:
    """Begin with a capital and end with a stop: what the client says is shown as it is."""
    whole = text[:1].upper() + text[1:]
    return whole if whole.endswith((".", "!", "?")) else f"{whole}."
