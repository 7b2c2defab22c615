"""Why a move was not made, in a sentence for the one who asked for it."""

from __future__ import annotations

import contextlib
from collections.abc import Generator
from typing import Any, Final

from bot.errors import UserError
from components.markdown import plain
from components.song_lines import tier_name, tier_names
from components.texts import FALLBACK, number, say
from state.board import LastMove
from state.guild_settings import GuildSettings
from state.ladder import FREE, Ladder
from state.refusal import Reason, Refused
from state.song import Song

_TITLE: Final = 80
_NAME: Final = 40
_LISTED: Final = 10


def refusal_text(
    refused: Refused,
    ladder: Ladder,
    locale: str = FALLBACK,
    *,
    reader: int = 0,
    settings: GuildSettings | None = None,
) -> str:
    """The reason with who, when and what to do next.

    `reader` is told "you" of their own moves; with `settings` somebody before a closed tier is told which are
    open.
    """
    facts = refused.facts
    song = song_text(facts.get("song"))
    match refused.reason:
        case Reason.STALE | Reason.RECENT:
            return _overtaken(refused, locale, reader)
        case Reason.EMPTY:
            return _empty(facts, ladder, locale)
        case Reason.CLOSED:
            return _closed(int(facts["tier"]), ladder, settings, locale)
        case Reason.FULL:
            return say("refusal.full", locale, cap=facts["cap"])
        case Reason.LIMIT:
            key = "refusal.limit_one" if int(facts["limit"]) == 1 else "refusal.limit_more"
            kind = "_free" if int(facts["tier"]) == 0 else "_pending"
            if kind == "_free" and facts["song"]["state"] == "pending":
                kind = "_claimed"
            return say(key + kind, locale, limit=facts["limit"], song=song)
        case Reason.DUPLICATE:
            if facts.get("place"):
                return say("refusal.duplicate_placed", locale, song=song, place=facts["place"])
            return say("refusal.duplicate", locale, song=song, state=state_text(facts["song"], locale))
        case Reason.COOLDOWN:
            return say("refusal.cooldown", locale, wait=span(int(facts["seconds"]) * 1000, locale))
        case Reason.UNKNOWN_SONG:
            return say("refusal.unknown_song", locale, number=facts["number"])
        case Reason.UNKNOWN_TIER:
            return say("refusal.unknown_tier", locale, tiers=tier_names(ladder.tiers))
        case Reason.SAME_TIER:
            tier = plain(ladder.name(int(facts["song"]["tier"])))
            return say("refusal.same_tier", locale, song=song, tier=tier)
        case Reason.NOT_WAITING | Reason.NOT_PENDING | Reason.NOT_HELD | Reason.ENDED:
            return _elsewhere(refused, ladder, locale, reader)
        case Reason.MOVED_ON:
            move = say(f"refusal.move_{facts['move']}", locale)
            name = plain(str(facts.get("by_name") or ""), _NAME)
            if facts.get("song"):
                return say("refusal.moved_on_song", locale, name=name, move=move, song=song)
            return say("refusal.moved_on", locale, name=name, move=move)
        case Reason.STRANDED:
            numbers = [f"#{number}" for number in facts["songs"]]
            more = "…" if len(numbers) > _LISTED else ""
            return say("refusal.stranded", locale, songs=", ".join(numbers[:_LISTED]) + more)
        case Reason.NOT_PLAYED:
            return say("refusal.not_played", locale, song=song, state=state_text(facts["song"], locale))
        case Reason.BOOKMARKED:
            name = plain(str(facts.get("by_name") or ""), _NAME)
            own = bool(reader) and int(facts.get("by") or 0) == reader
            key = "refusal.bookmarked_self" if own else "refusal.bookmarked"
            moment = f"<t:{int(facts.get('at') or 0) // 1000}:R>"
            return say(key, locale, song=song, name=name, moment=moment)
        case Reason.NOT_HIGHER:
            tier = plain(ladder.name(int(facts["song"]["tier"])))
            return say("refusal.not_higher", locale, song=song, tier=tier)
        case Reason.NOT_FOR_SALE:
            return say("refusal.not_for_sale", locale, tier=plain(ladder.name(int(facts["tier"]))))
        case Reason.PRICE | Reason.SHORT:
            coins = {name: number(int(facts[name]), locale) for name in ("price", "balance") if name in facts}
            return say(f"refusal.{refused.reason.value}", locale, **coins)
        case Reason.SEEN:
            return say("refusal.changed", locale)
        case (
            Reason.CHANGED
            | Reason.UNCHANGED
            | Reason.PAUSED
            | Reason.NOTHING
            | Reason.UNKNOWN_HANDLE
            | Reason.NO_SESSION
        ):
            return say(f"refusal.{refused.reason.value}", locale)
        case (
            Reason.NOT_BOOKMARKED
            | Reason.PLAYING
            | Reason.TAKEN
            | Reason.SAME_OWNER
            | Reason.NOT_FREE
            | Reason.ANNOUNCED
        ):
            return say(f"refusal.{refused.reason.value}", locale, song=song)


def overtaken_text(last: LastMove | None, locale: str = FALLBACK, *, reader: int = 0) -> str:
    """Why the move that a panel showed as the last was not taken back: another is the last by now."""
    if last is None:
        return say("panel.overtaken_nothing", locale)
    return say(
        "panel.overtaken_self" if reader and last.by == reader else "panel.overtaken",
        locale,
        name=plain(last.by_name, _NAME),
        moment=f"<t:{last.at // 1000}:R>",
        move=say(f"refusal.move_{last.kind}", locale),
        song=f" (#{last.song})" if last.song else "",
    )


@contextlib.contextmanager
def worded(
    ladder: Ladder, locale: str = FALLBACK, *, reader: int = 0, settings: GuildSettings | None = None
) -> Generator[None]:
    """Turns a `Refused` raised in the block into the `UserError` that tells its reason."""
    try:
        yield
    except Refused as refused:
        text = refusal_text(refused, ladder, locale, reader=reader, settings=settings)
        raise UserError(text) from refused


def not_pending(song: Song) -> Refused:
    """The refusal `approve` and `reject` would give for a song that no longer waits for approval."""
    names = ("number", "title", "artist", "tier", "state", "by", "by_name", "at")
    return Refused(Reason.NOT_PENDING, {"song": {name: getattr(song, name) for name in names}})


def song_text(facts: Any, limit: int = _TITLE) -> str:
    """`#12 Title — Artist` of a song's facts, escaped; empty without facts."""
    if not facts:
        return ""
    artist = plain(str(facts["artist"]), limit // 3)
    title = plain(str(facts["title"]), limit - len(artist))
    return f"#{int(facts['number'])} {title} — {artist}"


def state_text(facts: Any, locale: str = FALLBACK) -> str:
    """Where a song is, as the end of a sentence: "waits in the queue", "was played"."""
    return say(f"refusal.state_{facts['state']}", locale)


def span(milliseconds: int, locale: str = FALLBACK) -> str:
    """A stretch of time in its largest fitting unit; tenths of a second below ten seconds."""
    seconds = max(milliseconds, 0) / 1000
    if seconds < 10:
        return say("refusal.span_seconds", locale, count=f"{max(seconds, 0.1):.1f}")
    if seconds < 100:
        return say("refusal.span_seconds", locale, count=round(seconds))
    if seconds < 100 * 60:
        return say("refusal.span_minutes", locale, count=round(seconds / 60))
    return say("refusal.span_hours", locale, count=round(seconds / 3600))


def _overtaken(refused: Refused, locale: str, reader: int) -> str:
    facts = refused.facts
    moved, ago = facts.get("moved"), int(facts.get("ago") or 0)
    song = song_text(facts.get("song"))
    own = bool(reader) and int(facts.get("by") or 0) == reader
    values = {
        "name": plain(str(facts.get("by_name") or ""), _NAME),
        "ago": span(ago, locale),
        "song": song,
    }
    if moved == "next" and song:
        key = "refusal.advanced"
    elif moved == "next" and refused.reason is Reason.RECENT:
        key = "refusal.finished"
    elif moved == "undo":
        key = "refusal.undone" if song else "refusal.undone_empty"
    else:
        # The facts tell of Next and Undo only: a song held or removed from the stage leaves no trace in them.
        own = False
        key = "refusal.stale_playing" if song else "refusal.stale"
    key += "_self" if own else ""
    return f"{say(key, locale, **values)} {say('refusal.untouched', locale)}"


def _closed(label: int, ladder: Ladder, settings: GuildSettings | None, locale: str) -> str:
    tier = tier_name(label, ladder)
    if settings is None:
        return say("refusal.closed", locale, tier=tier)
    # What was read before the move may still call that tier open.
    others = [each for each in ladder.tiers if each.label != label and settings.takes(each.label)]
    if not others:
        return say("refusal.closed_all", locale)
    key = "refusal.closed_open_paid" if label == FREE else "refusal.closed_open"
    return say(key, locale, tier=tier, tiers=tier_names(others))


def _empty(facts: Any, ladder: Ladder, locale: str) -> str:
    if "tier" in facts:
        return say("refusal.empty_tier", locale, tier=plain(ladder.name(int(facts["tier"]))))
    sentences = [say("refusal.empty", locale)]
    if facts.get("pending"):
        sentences.append(say("refusal.empty_pending", locale, count=facts["pending"]))
    if facts.get("held"):
        sentences.append(say("refusal.empty_held", locale, count=facts["held"]))
    return " ".join(sentences)


def _elsewhere(refused: Refused, ladder: Ladder, locale: str, reader: int) -> str:
    """The song is not where the move would find it: where it is, and who put it there when."""
    facts = refused.facts["song"]
    song = song_text(facts)
    by, at = int(facts.get("by") or 0), int(facts.get("at") or 0)
    own = bool(reader) and by == reader
    if facts["state"] == "waiting":
        where = say("refusal.state_waiting_in", locale, tier=plain(ladder.name(int(facts["tier"]))))
    else:
        where = state_text(facts, locale)
    wanted = say(f"refusal.{refused.reason.value}", locale)
    if not at:
        return say("refusal.elsewhere", locale, song=song, where=where, wanted=wanted)
    key = "refusal.elsewhere_self" if own else "refusal.elsewhere_by"
    name = plain(str(facts.get("by_name") or ""), _NAME)
    moment = f"<t:{at // 1000}:R>"
    return say(key, locale, song=song, where=where, wanted=wanted, name=name, moment=moment)
