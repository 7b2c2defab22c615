"""What can go wrong when something must last. The docstring of each error is its default message."""


class PersistenceError(Exception):
    """The archive could not do what was asked."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (self.__doc__ or "").strip().partition("\n")[0])


class Unavailable(PersistenceError):
    """The archive cannot be reached just now.

    Raised for everything that may pass by itself: no server, a lost connection, a server that starts or
    stops, a full disk, a time-out, a deadlock. Whoever catches it may simply try again later.
    """


class Forked(PersistenceError):
    """Redis and the archive hold different moves under the same revision.

    Happens when Redis came back without its last moves and made new ones before anybody compared.
    """

    def __init__(self, guild_id: int, revision: int) -> None:
        super().__init__(
            f"Guild {guild_id}: revision {revision} in Redis is not the move archived as {revision}."
        )
        self.guild_id = guild_id
        self.revision = revision


class Malformed(PersistenceError):
    """An entry of a guild's event stream does not follow the documented form."""


class SchemaUnknown(PersistenceError):
    """The database was migrated by a newer version of the program."""


class Busy(PersistenceError):
    """Somebody else is restoring this guild and did not finish in time."""


class Unknown(PersistenceError):
    """The archive has no trace of this guild."""
