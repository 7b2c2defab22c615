"""Names of the Redis keys: one function a key, with its type, its fields and how it is rebuilt."""

from __future__ import annotations

CHANGES = "sl:changes"
"""Pub/sub channel; a message is `<guild> <revision> <kind>`, sent by the script that made the change."""

GUILDS = "sl:guilds"
"""Set of the ids of all opened guilds. Rebuilt from Postgres' `guilds`."""


def key(guild: int, name: str) -> str:
    """The full name of a guild's key. The braces make it a hash tag: one guild, one cluster slot."""
    return f"sl:{{{guild}}}:{name}"


def revision(guild: int) -> str:
    """String: number of the last move. Absent means the live state is unknown and nothing may move."""
    return key(guild, "rev")


def events(guild: int) -> str:
    """Stream: one entry a revision, id `<revision>-0`; the archive writer trims it."""
    return key(guild, "events")


def queue(guild: int) -> str:
    """Sorted set: waiting songs by order of play, first is next (see `state.score`)."""
    return key(guild, "queue")


def song(guild: int, number: int) -> str:
    """Hash: one submission (see `state.song.Song`). Its fields decide in which set it sits."""
    return key(guild, f"song:{number:012d}")


def artist(guild: int, user: int) -> str:
    """Sorted set: numbers of the active songs of one account."""
    return key(guild, f"artist:{user}")


def now(guild: int) -> str:
    """Hash: song that plays, since when (ms), the turn, recent review lengths (s), who moved last."""
    return key(guild, "now")


def settings(guild: int) -> str:
    """Hash: settings that differ from their default (see `state.guild_settings`)."""
    return key(guild, "settings")


def ladder(guild: int) -> str:
    """Hash: tier label to its name; absent is the `skips` ladder."""
    return key(guild, "ladder")


def displays(guild: int) -> str:
    """Hash: kind of display to JSON of its channel and message."""
    return key(guild, "displays")


def painted(guild: int, kind: str) -> str:
    """Hash: what a display's message shows now (content hash, revision, time). Losing it costs one edit."""
    return key(guild, f"painted:{kind}")


def points_user(guild: int) -> str:
    """Sorted set: Discord account to its own points."""
    return key(guild, "points:user")


def points_handle(guild: int) -> str:
    """Sorted set: TikTok user id to its points."""
    return key(guild, "points:handle")


def links(guild: int) -> str:
    """Hash: TikTok user id to the Discord account that owns it."""
    return key(guild, "links")


def request(guild: int, request_id: str, move: str) -> str:
    """String, 15 minutes: the answer a request got, given again when it is repeated. Not rebuilt."""
    return key(guild, f"req:{request_id}:{move}")


def lease(guild: int, work: str) -> str:
    """String with TTL: which process holds a piece of work, as `<token> <holder>`. Not rebuilt."""
    return key(guild, f"lease:{work}")
