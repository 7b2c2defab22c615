"""`skipline demo`: the story of a review server on a local copy of Discord, played through the real bot.

The bot runs as a process of its own (`skipline run` with embedded servers), as it would on a server; only
Discord is the sandbox. Each step is checked by what people can see; a step without its effect ends in exit
code 1. `story` is what is played, a chapter a module; `show` is how people act and what they see.
"""

from __future__ import annotations

__all__ = ["run"]


def run(*, once: bool) -> int:
    """Plays the story; then, unless `once`, stays up until Ctrl-C. Gives the exit code."""
    # Here, since the sandbox takes a moment to load and whoever only asks for --help does without it.
    import asyncio

    from bot.demo.play import play
    from bot.demo.story import STORY

    return asyncio.run(play(STORY, once=once))
