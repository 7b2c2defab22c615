"""TikTok handles as their owners read them, and how a proof is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from components.markdown import plain
from components.points import handle_name
from components.refusals import span
from components.texts import FALLBACK, number, say
from state.handles import Handle, Proof

_SHOWN: Final = 25


def proof_text(proof: Proof, name: str | None, locale: str = FALLBACK) -> str:
    """What to type where, and until when; `name` is the handle that must type it, None for any."""
    key = "handles.prove" if name is None else "handles.prove_named"
    return say(
        key,
        locale,
        code=proof.code,
        handle=plain(f"@{name}", 60),
        wait=span(proof.seconds * 1000, locale),
    )


def handles_text(handles: Sequence[Handle], awaited: Sequence[str], locale: str = FALLBACK) -> str:
    """Somebody's handles with their points, and the names that are still waited for."""
    if not handles and not awaited:
        return say("handles.none", locale)
    lines = [say("handles.title", locale)]
    for handle in handles[:_SHOWN]:
        points = number(handle.points, locale)
        lines.append(say("handles.line", locale, handle=handle_name(handle), points=points))
    lines += [say("handles.line_awaited", locale, handle=plain(f"@{name}", 60)) for name in awaited[:_SHOWN]]
    more = len(handles[_SHOWN:]) + len(awaited[_SHOWN:])
    if more:
        lines.append(say("handles.more", locale, count=more))
    return "\n".join(lines)
