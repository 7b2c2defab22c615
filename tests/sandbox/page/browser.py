"""Chromium without a window, driven over its own protocol. No driver program is needed."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import itertools
import shutil
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import aiohttp

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
START_SECONDS = 30.0


class Tab:
    """A tab of a running Chromium. `complaints` is what its console would show in red."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self.complaints: list[str] = []

    async def read(self) -> None:
        async for received in self._socket:
            frame = received.json()
            method = frame.get("method")
            if "id" in frame:
                self._answers.pop(frame["id"]).set_result(frame)
            elif method == "Runtime.exceptionThrown" or (
                method == "Log.entryAdded" and frame["params"]["entry"]["level"] == "error"
            ):
                self.complaints.append(str(frame["params"]))

    async def call(self, method: str, patience: float = 20, /, **params: Any) -> dict[str, Any]:
        number = next(self._numbers)
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        await self._socket.send_json({"id": number, "method": method, "params": params})
        frame = await asyncio.wait_for(answer, patience)
        assert "error" not in frame, frame
        return frame["result"]

    async def run(self, script: str, timeout: float = 20) -> Any:
        """The value of an expression; a promise is awaited."""
        result = await self.call(
            "Runtime.evaluate", timeout, expression=script, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    async def until(self, condition: str, timeout: float = 20) -> Any:
        """Wait until an expression is true, asking after every change of the page; gives its value.

        And now and then besides: the value of a field changes without a change of the page.
        """
        return await self.run(
            f"""new Promise((done) => {{
            const look = () => {{
                const found = {condition};
                if (found) {{ watch.disconnect(); clearInterval(again); done(found); }}
                return found;
            }};
            const again = setInterval(look, 100);
            const watch = new MutationObserver(look);
            const all = {{ subtree: true, childList: true, attributes: true, characterData: true }};
            watch.observe(document, all);
            look();
        }})""",
            timeout,
        )

    async def type(self, text: str) -> None:
        await self.call("Input.insertText", text=text)

    async def press(self, key: str) -> None:
        text = {"Enter": "\r"}.get(key)
        code = {"Enter": 13, "Escape": 27, "Tab": 9, "ArrowDown": 40}[key]
        more = {"key": key, "code": key, "windowsVirtualKeyCode": code}
        await self.call("Input.dispatchKeyEvent", type="keyDown", **more, **({"text": text} if text else {}))
        await self.call("Input.dispatchKeyEvent", type="keyUp", **more)

    async def size(self, width: int, height: int) -> None:
        await self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=width < 500,
        )  # fmt: skip

    async def picture(self) -> bytes:
        """What it looks like, as PNG."""
        return base64.b64decode((await self.call("Page.captureScreenshot", format="png"))["data"])


class Chromium:
    """A running Chromium, in which tests open tabs of their own; all share one profile."""

    def __init__(self, port: int) -> None:
        self._port = port

    @contextlib.asynccontextmanager
    async def tab(self, url: str, *, calm: bool = False) -> AsyncGenerator[Tab]:
        """A new tab at this address; `calm`: whoever looks has asked for reduced motion."""
        base = f"http://127.0.0.1:{self._port}/json"
        async with aiohttp.ClientSession() as session:
            async with session.put(f"{base}/new?about:blank") as response:
                target = await response.json()
            try:
                async with session.ws_connect(target["webSocketDebuggerUrl"], max_msg_size=0) as socket:
                    made = Tab(socket)
                    reading = asyncio.create_task(made.read())
                    for domain in ("Page", "Runtime", "Log"):
                        await made.call(f"{domain}.enable")
                    if calm:
                        feature = {"name": "prefers-reduced-motion", "value": "reduce"}
                        await made.call("Emulation.setEmulatedMedia", features=[feature])
                    await made.call("Page.navigate", url=url)
                    yield made
                await reading
            finally:
                await session.get(f"{base}/close/{target['id']}")


@contextlib.asynccontextmanager
async def chromium(folder: Path) -> AsyncGenerator[Chromium]:
    """A Chromium with its profile in this folder; it is ended with the block."""
    assert CHROMIUM is not None
    arguments = (
        "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
        "--disable-background-networking", "--disable-background-timer-throttling",
        "--disable-renderer-backgrounding", "--disable-backgrounding-occluded-windows",
        "--remote-debugging-port=0", f"--user-data-dir={folder}",
    )  # fmt: skip
    child = await asyncio.create_subprocess_exec(
        CHROMIUM, *arguments, "about:blank", stderr=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL
    )
    assert child.stderr is not None
    try:
        line = b""
        async with asyncio.timeout(START_SECONDS):
            while b"DevTools listening on" not in line:
                line = await child.stderr.readline()
                assert line, "Chromium ended before it listened"
        draining = asyncio.create_task(child.stderr.read())
        yield Chromium(int(line.decode().split("127.0.0.1:")[1].split("/")[0]))
    finally:
        if child.returncode is None:
            child.terminate()
        await child.wait()
    await draining


@contextlib.asynccontextmanager
async def tab(folder: Path, url: str) -> AsyncGenerator[Tab]:
    """A tab at this address in a Chromium of one's own."""
    async with chromium(folder) as own, own.tab(url) as made:
        yield made
