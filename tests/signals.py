"""Programs that start servers: a supervisor's SIGTERM ends them as Ctrl-C does, with all they started."""

from __future__ import annotations

import signal


def end_as_interrupted() -> None:
    """From now on SIGTERM is SIGINT: under `asyncio.run` it cancels the main task, which cleans up."""

    def interrupt(_number: int, _frame: object) -> None:
        signal.raise_signal(signal.SIGINT)

    signal.signal(signal.SIGTERM, interrupt)
