"""What an artist is told of a song, and of whether they are told."""

from __future__ import annotations

from typing import Final

from components.markdown import plain
from components.refusals import song_text
from components.texts import FALLBACK, say
from state.notices import Mode, Notice, NoticeKind
from state.song import SongState

_NOTE: Final = 1000
_REASON: Final = 300
_GIVERS: Final = 5


def notice_text(notice: Notice, *, mention: bool = False, locale: str = FALLBACK) -> str:
    """The whole message; with `mention` the artist is named in front of it, for a channel."""
    song = notice.song
    name = song_text({"number": song.number, "title": song.title, "artist": song.artist})
    lines = [
        say(
            _key(notice),
            locale,
            song=f"**{name}**",
            tier=plain(notice.tier),
            place=notice.place,
            givers=_givers(notice, locale),
        )
    ]
    reason = song.reason if notice.kind in (NoticeKind.REMOVED, NoticeKind.REJECTED) else None
    if notice.kind is NoticeKind.REJECTED and song.turned_down_at is not None:
        reason = song.turned_down_for
    if reason:
        lines.append(say("notices.because", locale, reason=plain(reason, _REASON)))
    if notice.kind in (NoticeKind.PLAYED, NoticeKind.REVIEWED):
        if notice.score is not None:
            lines.append(say("notices.score", locale, score=plain(notice.score, 10)))
        if notice.review_note:
            lines.append(say("notices.note", locale, note=plain(notice.review_note, _NOTE)))
    text = "\n".join(lines)
    return f"<@{song.user}> {text}" if mention else text


def _key(notice: Notice) -> str:
    """The text of a notice: what a turned away skip means depends on where its song is now."""
    song = notice.song
    if notice.kind is NoticeKind.REJECTED:
        if song.turned_down_at is not None:
            return "notices.rejected_waits" if notice.place else "notices.rejected_stays"
        return f"notices.rejected_{song.barred}" if song.barred else "notices.rejected"
    if notice.kind is NoticeKind.BACK and song.state is SongState.PENDING:
        return "notices.back_pending"
    return f"notices.{notice.kind.value}"


def _givers(notice: Notice, locale: str) -> str:
    """Whose gifts they were, the largest first: accounts as mentions, handles by name."""
    names: list[str] = []
    for giver in sorted(notice.givers, key=lambda each: -each.coins):
        if giver.user is None:
            names.append(f"@{plain(giver.name, 30)}" if giver.name else say("notices.viewer", locale))
        else:
            own = giver.user == notice.song.user
            names.append(say("notices.yourself", locale) if own else f"<@{giver.user}>")
    if len(names) > _GIVERS:
        names[_GIVERS:] = [say("notices.more_givers", locale, count=len(names) - _GIVERS)]
    return ", ".join(names)


def choice_text(*, wants: bool, mode: str, channel: int, locale: str = FALLBACK) -> str:
    """Whether one is told here, and where."""
    lines = [say("notices.wanted" if wants else "notices.unwanted", locale)]
    if wants or mode == Mode.OFF:
        lines.append(say(f"notices.mode_{mode}", locale))
    if wants and channel and mode != Mode.OFF:
        key = "notices.in_channel" if mode == Mode.CHANNEL else "notices.else_channel"
        lines.append(say(key, locale, channel=channel))
    return " ".join(lines)
