"""Who has the page open, without a browser: the page's websocket, and what it has told."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator, Callable
from typing import Any, TypeVar

import aiohttp

from sandbox.discord import Channel, Person
from sandbox.page import Page

T = TypeVar("T")
Json = dict[str, Any]


class Client:
    """One open page. `frames` is everything it was ever told; `messages` what it shows now, by channel."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self.frames: list[Json] = []
        self.messages: dict[str, dict[str, Json]] = {}
        self.last: dict[str, Json] = {}
        self._answers: dict[int, asyncio.Future[Json]] = {}
        self._told = asyncio.Condition()
        self._number = 0

    async def read(self) -> None:
        async for received in self._socket:
            frame: Json = json.loads(received.data)
            async with self._told:
                self.frames.append(frame)
                self.last[frame["type"]] = frame
                if frame["type"] == "messages":
                    shown = self.messages.setdefault(frame["channel"], {})
                    for gone in frame["gone"]:
                        del shown[gone]
                    shown.update((each["id"], each) for each in frame["put"])
                elif frame["type"] == "answer":
                    self._answers.pop(frame["n"]).set_result(frame)
                self._told.notify_all()

    async def until(self, found: Callable[[], T], timeout: float = 15.0) -> T:
        async with asyncio.timeout(timeout), self._told:
            while not (value := found()):
                await self._told.wait()
            return value

    async def sees(self, channel: Channel, text: str) -> Json:
        """Wait for a message whose JSON contains the text."""

        def found() -> Json | None:
            shown = self.messages.get(str(channel.id), {}).values()
            return next((each for each in shown if text in json.dumps(each, ensure_ascii=False)), None)

        message = await self.until(found)
        assert message is not None
        return message

    async def act(self, what: str, /, **values: Any) -> Json:
        number = self._expect()
        await self._socket.send_json({"do": what, "n": number, **values})
        return await asyncio.wait_for(self._answer, 5)

    async def upload(self, name: str, content: bytes, content_type: str = "") -> Json:
        number = self._expect()
        header = json.dumps({"n": number, "name": name, "content_type": content_type}).encode()
        await self._socket.send_bytes(len(header).to_bytes(4) + header + content)
        return {"upload": (await asyncio.wait_for(self._answer, 5))["upload"]}

    def _expect(self) -> int:
        self._number += 1
        self._answer: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        self._answers[self._number] = self._answer
        return self._number


@contextlib.asynccontextmanager
async def opened(page: Page, person: Person) -> AsyncGenerator[Client]:
    """The page open as this person."""
    headers = {"Origin": page.origin}
    async with aiohttp.ClientSession() as session:
        async with session.ws_connect(f"{page.url}socket?person={person.id}", headers=headers) as socket:
            client = Client(socket)
            reading = asyncio.create_task(client.read())
            await client.until(lambda: "channels" in client.last)
            yield client
        await reading


def button(message: Json, label: str) -> str:
    """The custom_id of the button with this label."""
    for row in message["components"]:
        for each in row.get("components", ()):
            if each.get("label") == label:
                return str(each["custom_id"])
    raise LookupError(f"no button {label!r}")
