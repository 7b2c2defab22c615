"""`skipline demo`: the story of a review server on local copies of Discord and TikTok, through the real bot.

The bot runs as a process of its own (`skipline run` with embedded servers), as it would on a server; only
Discord and TikTok are the sandbox. Each step is checked by what people can see; a step without its effect
ends in exit code 1. `story` is what is played, a chapter a module; `show` is how people act and what they
see. After it a recorded live can be played.
"""

from __future__ import annotations

from pathlib import Path

from bot.errors import SettingsError

__all__ = ["run", "write_sample"]


def run(*, once: bool, tour: bool = False, live: Path | None = None, speed: float = 1.0) -> int:
    """Plays the story, then the recording `live`; then, unless `once`, stays up for the tour until Ctrl-C.

    With `tour` there is neither story nor recording. Gives the exit code. Raises `SettingsError` when the
    recording cannot be played.
    """
    # Here, since the sandbox takes a moment to load and whoever only asks for --help does without it.
    import asyncio

    from bot.demo.play import play
    from bot.demo.recorded import chapter_of
    from bot.demo.story import STORY

    if tour and live is not None:
        raise SettingsError("--live is played after the story, which --tour leaves out.")
    if tour:
        return asyncio.run(play((), once=False))
    recorded = () if live is None else (chapter_of(live, speed),)
    return asyncio.run(play((*STORY, *recorded), once=once))


def write_sample(path: Path) -> int:
    """Writes a short recording to play with `live`; gives how many actions it has. Raises `SettingsError`."""
    from bot.demo import recorded

    return recorded.write_sample(path)
