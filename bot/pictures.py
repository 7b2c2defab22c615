"""Has pictures drawn by a process of their own: the drawing library would weigh on the one that answers."""

from __future__ import annotations

import asyncio
import logging
import sys
from typing import Final

from components.curve import Curve

_log = logging.getLogger("skipline.pictures")

SECONDS: Final = 20.0
"""How long a picture may take; it is left out then."""


class DrawingProcess:
    """Draws one picture at a time. One instance serves a process."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()

    async def of(self, curve: Curve) -> bytes | None:
        """The PNG of a curve; None when it could not be drawn, which is logged: the table matters more."""
        if not curve.points:
            return None
        async with self._turn:
            return await _drawn(curve.to_json())


async def _drawn(curve: bytes) -> bytes | None:
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-W", "ignore", "-m", "components.curve"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(SECONDS):
            drawn, said = await child.communicate(curve)
    except TimeoutError:
        _log.warning("A picture took longer than %.0f s and is left out.", SECONDS)
        return None
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    if child.returncode:
        _log.error("A picture could not be drawn: %s", said.decode(errors="replace")[-2000:])
        return None
    return drawn
