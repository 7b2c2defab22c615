"""Names of the Redis keys of TikTok lives, written down as in `state.keys`, whose table has them too."""

from __future__ import annotations

from typing import Final

from state import live_fields as fields
from state.keys import ASKED_SECONDS, key
from state.keyspace import Rebuilt, Type, documented

_HANDLE: Final = "TikTok user id"
_VIEWERS: Final = "the viewers of all lives"


@documented(
    "sl:{<guild>}:coins", Type.SORTED_SET, Rebuilt.ARCHIVE, _VIEWERS, member=_HANDLE, score="TikTok coins"
)
def coins(guild: int) -> str:
    """TikTok coins that each viewer ever gifted here."""
    return key(guild, "coins")


@documented(
    "sl:{<guild>}:bank:handle",
    Type.SORTED_SET,
    Rebuilt.ARCHIVE,
    "the viewers that nobody owns; 0 removes a row",
    member=_HANDLE,
    score="TikTok coins",
)
def bank_handle(guild: int) -> str:
    """Gifted coins not spent on a song yet, of handles that nobody owns."""
    return key(guild, "bank:handle")


@documented(
    "sl:{<guild>}:bank:user",
    Type.SORTED_SET,
    Rebuilt.ARCHIVE,
    "the people who take part; 0 removes a row",
    member="Discord id",
    score="TikTok coins",
)
def bank_user(guild: int) -> str:
    """Gifted coins not spent on a song yet, of accounts and all their handles."""
    return key(guild, "bank:user")


@documented(
    "sl:{<guild>}:streaks",
    Type.HASH,
    Rebuilt.ARCHIVE,
    "streaks of the last 5 minutes; swept once a minute while events come",
    fields=fields.STREAKS,
)
def streaks(guild: int) -> str:
    """How much of each streak of gifts is booked, whatever frames of it come again or never."""
    return key(guild, "streaks")


@documented(
    "sl:{<guild>}:seen",
    Type.SORTED_SET,
    Rebuilt.RECOMPUTED,
    "messages of the last 15 minutes, at most 20,000",
    member="message id",
    score="when it was booked, ms since 1970",
)
def seen(guild: int) -> str:
    """TikTok messages that are booked. Where a rebuild lost it, `heard` stands in for it."""
    return key(guild, "seen")


@documented(
    "sl:{<guild>}:heard",
    Type.HASH,
    Rebuilt.SPINE,
    "fixed: hosts with a session when the guild was rebuilt; gone after 15 minutes",
    fields=fields.HEARD,
)
def heard(guild: int) -> str:
    """Up to when hosts were heard, in a guild that was rebuilt without `seen`: all before is booked."""
    return key(guild, "heard")


@documented("sl:{<guild>}:earning", Type.HASH, Rebuilt.ARCHIVE, _VIEWERS, fields=fields.EARNING)
def earning(guild: int) -> str:
    """What each viewer did that is not paid in Luxury Coins yet."""
    return key(guild, "earning")


@documented(
    "sl:{<guild>}:supports",
    Type.HASH,
    Rebuilt.ARCHIVE,
    "viewers who chose a song; those of a song leave with it",
    fields=fields.SUPPORTS,
)
def supports(guild: int) -> str:
    """The song that the gifts of a handle go to."""
    return key(guild, "supports")


@documented(
    "sl:{<guild>}:rewarded", Type.HASH, Rebuilt.ARCHIVE, "the people who submit", fields=fields.REWARDED
)
def rewarded(guild: int) -> str:
    """Who had the points for a submission, and when last: once a day."""
    return key(guild, "rewarded")


@documented("sl:{<guild>}:session", Type.STRING, Rebuilt.ARCHIVE, "one number", value="number")
def session_counter(guild: int) -> str:
    """Number of the newest session."""
    return key(guild, "session")


@documented("sl:{<guild>}:live", Type.HASH, Rebuilt.ARCHIVE, "the hosts that are on", fields=fields.LIVE)
def live(guild: int) -> str:
    """The open session of each host."""
    return key(guild, "live")


@documented(
    "sl:{<guild>}:unstored",
    Type.SORTED_SET,
    Rebuilt.ARCHIVE,
    "sessions that ended and PostgreSQL does not have yet",
    member="session",
    score="when it ended, ms since 1970",
)
def unstored(guild: int) -> str:
    """Sessions that are over and still here, oldest first."""
    return key(guild, "unstored")


@documented(
    "sl:{<guild>}:session:<id>",
    Type.HASH,
    Rebuilt.ARCHIVE,
    "open sessions, and ended ones until PostgreSQL has them",
    fields=fields.SESSION,
)
def session(guild: int, id_: int) -> str:
    """One evening of one host: how it stands, and what came in all."""
    return key(guild, f"session:{id_}")


@documented(
    "sl:{<guild>}:session:<id>:viewers",
    Type.HASH,
    Rebuilt.ARCHIVE,
    "as its session",
    fields=fields.SESSION_VIEWERS,
)
def session_viewers(guild: int, id_: int) -> str:
    """What each viewer did in a session."""
    return key(guild, f"session:{id_}:viewers")


@documented(
    "sl:{<guild>}:session:<id>:curve", Type.HASH, Rebuilt.ARCHIVE, "as its session", fields=fields.CURVE
)
def session_curve(guild: int, id_: int) -> str:
    """A session minute by minute."""
    return key(guild, f"session:{id_}:curve")


@documented(
    "sl:{<guild>}:asked",
    Type.HASH,
    Rebuilt.NEVER,
    "one of each account, until it is answered a moment later",
    fields=fields.ASKED,
)
def asked(guild: int) -> str:
    """Who asked in a live's chat where their songs are, and was not answered yet."""
    return key(guild, "asked")


@documented(
    "sl:{<guild>}:asked:<user>",
    Type.STRING,
    Rebuilt.NEVER,
    "they expire",
    value="ms since 1970",
    ttl=ASKED_SECONDS,
)
def asked_last(guild: int, user: int) -> str:
    """When an account last asked that, by the chat's clock; the next question counts a minute later."""
    return key(guild, f"asked:{user}")
