"""The Redis names the archive reads and rebuilds, as documented for `sl:{guild}:<name>`."""

CHANGES = "sl:changes"
"""Channel: one message ``<guild> <revision> <kind>`` a move."""

GUILDS = "sl:guilds"
"""Set of the ids of all opened guilds."""

# Answers kept for retries, questions, leases, and what artists were told: left alone by a rebuild.
_PASSING = ("req:", "question:", "proof:", "lease:", "fence:", "posted:", "told:", "owed", "noticed", "asked")
# What a display shows just now, and what follows from other keys: no part of the live state.
_DERIVED = ("painted:", "points:total", "seen", "heard", "host:", "due")
# The spine itself and the archive's mark on it.
_SPINE = ("rev", "events", "archived")


def key(guild_id: int, name: str) -> str:
    """Return a guild's key. The braces make all keys of one guild share a cluster slot."""
    return f"sl:{{{guild_id}}}:{name}"


def entry_id(revision: int) -> str:
    """Return the stream id of a revision."""
    return f"{revision}-0"


def is_passing(name: str) -> bool:
    """Tell whether a key's name (after ``sl:{guild}:``) is left alone when a guild is rebuilt."""
    return name.startswith(_PASSING)


def is_live(name: str) -> bool:
    """Tell whether a key is written through the effects of moves, so that the archive has it too."""
    return name not in _SPINE and not name.startswith(_PASSING + _DERIVED)
