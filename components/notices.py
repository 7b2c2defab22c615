"""What an artist is told of a song, and of whether they are told."""

from __future__ import annotations

from typing import Final

from components.markdown import plain
from components.refusals import song_text
from components.texts import FALLBACK, say
from state.notices import Mode, Notice, NoticeKind

_NOTE: Final = 1000
_REASON: Final = 300


def notice_text(notice: Notice, *, mention: bool = False, locale: str = FALLBACK) -> str:
    """The whole message; with `mention` the artist is named in front of it, for a channel."""
    song = notice.song
    name = song_text({"number": song.number, "title": song.title, "artist": song.artist})
    lines = [say(f"notices.{notice.kind.value}", locale, song=f"**{name}**", tier=plain(notice.tier))]
    if notice.kind in (NoticeKind.REMOVED, NoticeKind.REJECTED) and song.reason:
        lines.append(say("notices.because", locale, reason=plain(song.reason, _REASON)))
    if notice.kind in (NoticeKind.PLAYED, NoticeKind.REVIEWED):
        if notice.score is not None:
            lines.append(say("notices.score", locale, score=plain(notice.score, 10)))
        if notice.review_note:
            lines.append(say("notices.note", locale, note=plain(notice.review_note, _NOTE)))
    text = "\n".join(lines)
    return f"<@{song.user}> {text}" if mention else text


def choice_text(*, wants: bool, mode: str, channel: int, locale: str = FALLBACK) -> str:
    """Whether one is told here, and where."""
    lines = [say("notices.wanted" if wants else "notices.unwanted", locale)]
    if wants or mode == Mode.OFF:
        lines.append(say(f"notices.mode_{mode}", locale))
    if wants and channel and mode != Mode.OFF:
        key = "notices.in_channel" if mode == Mode.CHANNEL else "notices.else_channel"
        lines.append(say(key, locale, channel=channel))
    return " ".join(lines)
