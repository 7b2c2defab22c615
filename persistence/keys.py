"""The Redis names the archive reads and rebuilds, as documented for `sl:{guild}:<name>`."""

CHANGES = "sl:changes"
"""Channel: one message ``<guild> <revision> <kind>`` a move."""

GUILDS = "sl:guilds"
"""Set of the ids of all opened guilds."""

# Short-lived keys that are no part of the live state: answers kept for retries, and leases.
SHORT_LIVED = ("req:", "lease:")
# Keys of a guild that are not written through effects: the spine itself and the archive's mark on it.
SPINE = ("rev", "events", "archived")


def key(guild_id: int, name: str) -> str:
    """Return a guild's key. The braces make all keys of one guild share a cluster slot."""
    return f"sl:{{{guild_id}}}:{name}"


def entry_id(revision: int) -> str:
    """Return the stream id of a revision."""
    return f"{revision}-0"


def is_short_lived(name: str) -> bool:
    """Tell whether a key's name (after ``sl:{guild}:``) is left alone when a guild is rebuilt."""
    return name.startswith(SHORT_LIVED)
