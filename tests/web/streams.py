"""Streams of events, read as a page reads them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import orjson


class Stream:
    """An open stream of events."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self.response = response
        self.raw = b""

    async def event(self) -> tuple[str, bytes]:
        """The next event: its name and its data. Raises `EOFError` at the end."""
        name = "message"
        async with asyncio.timeout(10):
            while line := await self.response.content.readline():
                self.raw += line
                field, _, value = line.decode().rstrip("\n").partition(": ")
                if field == "event":
                    name = value
                elif field == "data":
                    return name, value.encode()
        raise EOFError

    async def shown(self, wanted: Any = lambda snapshot: True) -> dict[str, Any]:
        """The first snapshot that is as wanted."""
        while True:
            name, data = await self.event()
            if name == "message" and wanted(snapshot := orjson.loads(data)):
                return snapshot


@asynccontextmanager
async def following(session: aiohttp.ClientSession, url: str) -> AsyncIterator[Stream]:
    """An open stream from that address."""
    async with session.get(url) as response:
        assert response.status == 200 and response.content_type == "text/event-stream"
        yield Stream(response)
