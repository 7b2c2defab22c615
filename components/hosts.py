"""TikTok hosts as people see them: how each connection stands, what was lost and is back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import hikari

from components.markdown import clean, plain
from components.texts import FALLBACK, number, say
from state.hosts import Host, Status

_SELF_EXPLAINING: Final = frozenset({"live", "waiting", "unknown", "restricted", "stopped"})
_GOOD: Final = 0x5C8374
_BAD: Final = 0xB5534B


def status_embed(hosts: Sequence[tuple[Host, Status | None]], locale: str = FALLBACK) -> hikari.Embed:
    """Every wanted host with how its connection stands; None where no process looks after it."""
    good = all(status is not None and status.state in ("live", "waiting") for _, status in hosts)
    lines = [_lines(host, status, locale) for host, status in hosts]
    return hikari.Embed(
        title=say("hosts.title", locale),
        description="\n\n".join(lines) or say("hosts.none", locale),
        color=_GOOD if good else _BAD,
    )


def lost_text(host: Host, locale: str = FALLBACK) -> str:
    """That the connection to a host was lost, and what that means."""
    since, why = (host.outage.since, host.outage.why) if host.outage else (0, "reconnecting")
    return say(f"hosts.lost_{why}", locale, handle=plain(host.handle), at=_at(since))


def back_text(host: Host, locale: str = FALLBACK, *, live: bool) -> str:
    """That an outage is over, and what is missing; `live` is whether the host is heard now."""
    since, until = host.over or (0, 0)
    return say(
        "hosts.back" if live else "hosts.back_over",
        locale,
        handle=plain(host.handle),
        since=f"<t:{since // 1000}:T>",
        until=f"<t:{until // 1000}:T>",
    )


def _lines(host: Host, status: Status | None, locale: str) -> str:
    if status is None:
        state = say("hosts.nobody", locale)
        return say("hosts.line", locale, handle=plain(host.handle), state=state, since="")
    since = ""
    if status.since:
        moment = f"<t:{status.since // 1000}:t>"
        since = say("hosts.since", locale, moment=moment, at=_at(status.since))
    state = say(f"hosts.state_{status.state}", locale)
    lines = [say("hosts.line", locale, handle=plain(host.handle), state=state, since=since)]
    if status.session:
        lines.append(say("hosts.session", locale, session=status.session, room=status.room))
    if status.last_event:
        per_minute = number(status.per_minute, locale)
        lines.append(say("hosts.heard", locale, at=_at(status.last_event), count=per_minute))
    # A live is calm for a while before its failures are forgotten; by then they are nobody's concern.
    troubled = status.failures > 0 and status.state != "live"
    if troubled:
        lines.append(say("hosts.failures", locale, count=number(status.failures, locale)))
    if status.reason and (troubled or status.state not in _SELF_EXPLAINING):
        # English, for whoever has to mend it.
        reason = clean(status.reason, 160).replace("`", "'")
        lines.append(say("hosts.why", locale, reason=reason))
    if status.next_try:
        lines.append(say("hosts.next_try", locale, at=_at(status.next_try)))
    return "\n".join(lines)


def _at(milliseconds: int) -> str:
    return f"<t:{milliseconds // 1000}:R>"
