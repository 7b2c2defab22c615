"""Says on the terminal what a command is doing, once that takes longer than a moment."""

from __future__ import annotations

import asyncio
import contextlib
from types import TracebackType
from typing import Final

from rich.console import Console
from rich.markup import escape
from rich.status import Status

PATIENCE_SECONDS: Final = 1.0
"""What is done before needs no words."""
_REPEAT_SECONDS: Final = 2.0


class Progress:
    """Call it with each step, inside ``async with``.

    On a terminal the step stands beside a moving sign; elsewhere it is a line, at most one in two seconds. It
    writes to stderr, so that the answer alone is on stdout.
    """

    def __init__(self, console: Console | None = None, patience: float = PATIENCE_SECONDS) -> None:
        self._console = console or Console(stderr=True)
        self._patience = patience
        self._step = ""
        self._sign: Status | None = None
        self._telling: asyncio.Task[None] | None = None

    def __call__(self, step: str) -> None:
        """Name the step that begins now."""
        self._step = step
        if self._sign is not None:
            self._sign.update(f"{escape(step)} …")

    async def __aenter__(self) -> Progress:
        self._telling = asyncio.create_task(self._tell(), name="progress")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Clear the line."""
        if self._telling is not None:
            self._telling.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._telling
        if self._sign is not None:
            self._sign.stop()

    async def _tell(self) -> None:
        await asyncio.sleep(self._patience)
        if self._console.is_terminal:
            self._sign = self._console.status(f"{escape(self._step)} …")
            self._sign.start()
            return
        told = ""
        while True:
            if self._step != told:
                told = self._step
                self._console.print(f"{told} …", markup=False, highlight=False, soft_wrap=True)
            await asyncio.sleep(_REPEAT_SECONDS)
