"""The history of a server in readable lines: who did what, and when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import hikari

from bot.router import encode
from components.display_states import kind_name
from components.displays import KINDS
from components.markdown import plain
from components.refusals import song_text
from components.settings import difference_lines
from components.texts import FALLBACK, number, say
from state.configure import CONFIGURED, Configured
from state.fields import EVENTS
from state.ladder import Ladder

PAGE: Final = 10
PAGE_HANDLER: Final = "audit.page"
ANY: Final = "-"
"""Stands for every kind in the buttons below a page."""
_WIDTH: Final = 380
_ROWS: Final = 3
_MOVES: Final = frozenset(
    (
        *("next", "promote", "remove", "approve", "reject", "hold", "back", "bump", "clear", "reset", "buy"),
        *("review", "bookmark", "unbookmark"),
    )
)
_COLOR: Final = 0x5C8374


@dataclass(frozen=True, slots=True)
class Done:
    """One move as the archive has it; `at` in ms since 1970, `data` as in `state.fields.EVENTS`."""

    revision: int
    kind: str
    at: int
    by: int
    by_name: str
    data: Mapping[str, Any]


def kinds(typed: str) -> list[tuple[str, str]]:
    """Choices (label, value) of the kinds of moves whose name or meaning has what was typed."""
    wanted = typed.strip().casefold()
    labels = {kind: f"{kind}: {event.meaning}"[:100] for kind, event in EVENTS.items()}
    return [(label, kind) for kind, label in labels.items() if wanted in label.casefold()][:25]


def audit_embed(done: Sequence[Done], page: int, ladder: Ladder, locale: str = FALLBACK) -> hikari.Embed:
    """A page of moves, newest first."""
    lines = [line(each, ladder, locale) for each in done]
    embed = hikari.Embed(
        title=say("audit.title", locale),
        description="\n".join(lines) or say("audit.none", locale),
        color=_COLOR,
    )
    return embed.set_footer(say("audit.page", locale, page=page))


def audit_rows(
    page: int, more: bool, user: int, kind: str | None, locale: str = FALLBACK
) -> list[hikari.impl.MessageActionRowBuilder]:
    """Newer and older, which carry what was asked for."""
    if page <= 1 and not more:
        return []
    row = hikari.impl.MessageActionRowBuilder()
    for label, to, there in (("previous", page - 1, page > 1), ("next", page + 1, more)):
        row.add_interactive_button(
            hikari.ButtonStyle.SECONDARY,
            encode(PAGE_HANDLER, to, user, kind or ANY),
            label=say(f"queue.{label}", locale),
            is_disabled=not there,
        )
    return [row]


def line(done: Done, ladder: Ladder, locale: str = FALLBACK) -> str:
    """One move: when, who, what."""
    name = plain(done.by_name or "Skipline", 40)
    text = say("audit.line", locale, at=done.at // 1000, name=name, what=_what(done, ladder, locale))
    return text if len(text) <= _WIDTH else text[: _WIDTH - 1] + "…"


def _what(done: Done, ladder: Ladder, locale: str) -> str:
    data, kind = done.data, done.kind
    if kind in CONFIGURED:
        change = Configured.of(done.revision, kind, done.at, done.by, done.by_name, data)
        changes = "; ".join(difference_lines(change.settings, change.ladder, ladder, locale))
        return say("audit.taken_back" if change.takes_back else f"audit.{kind}", locale, changes=changes)
    song = _song(data.get("song"), locale)
    reason = data.get("reason")
    told = say("audit.reason", locale, reason=plain(str(reason), 120)) if reason else ""
    match kind:
        case "next":
            if data.get("song"):
                return say("audit.next", locale, song=song)
            return say("audit.next_ended", locale, song=_song(data.get("ended"), locale))
        case "promoted" | "demoted":
            before, after = (plain(ladder.name(int(data[end]))) for end in ("from", "to"))
            return say(f"audit.{kind}", locale, song=song, before=before, after=after)
        case "approved":
            return say(
                "audit.approved", locale, song=song, tier=plain(ladder.name(int(data["song"]["tier"])))
            )
        case "rejected":
            waits = data["song"]["state"] == "waiting"
            return say("audit.rejected_free" if waits else "audit.rejected", locale, song=song, reason=told)
        case "bumped":
            return say("audit.bumped", locale, song=song, places=data.get("places", 1))
        case "cleared":
            tier = plain(ladder.name(int(data["tier"])))
            return say("audit.cleared", locale, count=data["count"], tier=tier, reason=told)
        case "points":
            return say("audit.points", locale, rows=_points(data["rows"], locale), reason=told)
        case "points_reset":
            total = sum(int(row[2]) for row in data["rows"])
            points = number(total, locale)
            if data.get("handles_of"):
                return say("audit.points_reset_handles", locale, user=data["handles_of"], points=points)
            if data.get("handle"):
                return say("audit.points_reset_handle", locale, handle=data["handle"], points=points)
            key = "audit.points_reset_user" if data.get("user") else "audit.points_reset"
            return say(key, locale, user=data.get("user"), points=points)
        case "coins":
            key = "audit.coins" if int(data["change"]) > 0 else "audit.coins_taken"
            coins = number(abs(int(data["change"])), locale)
            return say(key, locale, user=data["user"], coins=coins, reason=told)
        case "bought":
            tier = plain(ladder.name(int(data["to"])))
            return say("audit.bought", locale, song=song, tier=tier, coins=number(int(data["price"]), locale))
        case "awaited" | "unawaited":
            handle = plain(f"@{data['name']}", 60)
            return say(f"audit.{kind}", locale, handle=handle, user=data.get("user") or data.get("from"))
        case "linked":
            handle = plain(str(data.get("name") or data["handle"]), 60)
            return say("audit.linked", locale, handle=handle, user=data["user"])
        case ("host_connected" | "host_disconnected" | "host_broke" | "host_mended") | (
            "host_lost" | "host_back" | "host_told" | "host_known"
        ):
            return say(f"audit.{kind}", locale, handle=plain(str(data["handle"]), 40))
        case "overlay_created" | "overlay_rotated" | "overlay_removed":
            return say(f"audit.{kind}", locale, name=plain(str(data["name"]), 40))
        case "unlinked":
            return say("audit.unlinked", locale, user=data["from"])
        case "displays":
            names = [_display(str(field), locale) for field, _, _ in data["changes"]]
            return say("audit.displays", locale, kinds=", ".join(names))
        case "undone":
            move = say(f"refusal.move_{data['move']}", locale) if data["move"] in _MOVES else data["move"]
            listed = [_song(each, locale) for each in list(data.get("songs") or ())[:_ROWS]]
            return say("audit.undone", locale, move=move, songs="".join(f", {each}" for each in listed))
        case "pruned":
            return say("audit.pruned", locale, songs=len(data.get("songs") or ()))
        case _:
            if kind in _PLAIN:
                return say(f"audit.{kind}", locale, song=song, reason=told)
            meaning = EVENTS[kind].meaning if kind in EVENTS else plain(kind, 40)
            return say("audit.other", locale, kind=meaning)


_PLAIN: Final = (
    "submitted",
    "edited",
    "claimed",
    "withdrawn",
    "removed",
    "held",
    "back",
    "restored_backup",
    "reviewed",
    "bookmarked",
    "unbookmarked",
    "cards",
    "quieted",
    "page_linked",
    "page_renewed",
    "supported",
    "session",
    "live",
)


def _song(facts: Any, locale: str) -> str:
    return song_text(facts, 60) if isinstance(facts, Mapping) and facts else say("audit.song_gone", locale)


def _points(rows: Sequence[Sequence[Any]], locale: str) -> str:
    parts = [
        say(
            "audit.points_row",
            locale,
            whose=f"<@{id_}>" if kind == "user" else f"TikTok {id_}",
            change=f"{int(change):+,}",
        )
        for kind, id_, change in rows[:_ROWS]
    ]
    if len(rows) > _ROWS:
        parts.append(say("audit.points_more", locale, count=len(rows) - _ROWS))
    return ", ".join(parts)


def _display(kind: str, locale: str) -> str:
    return kind_name(kind, locale) if kind in KINDS else plain(kind, 40)
