"""The errors people are told about, and the one place where all others are written down.

Whatever is raised while answering somebody is either a `UserError`, whose text is meant for them, or a
fault of ours, which is logged under a short reference code. The text of any other exception is never shown.
"""

from __future__ import annotations

import logging
import re
import secrets

import asyncpg
import redis.exceptions

from components.texts import FALLBACK, say

__all__ = [
    "Reporter",
    "SettingsError",
    "StartupError",
    "Unavailable",
    "UserError",
    "apology",
    "archive_out_of_reach",
    "reference_code",
    "unavailable",
]

# Without 0/O, 1/I/L, 5/S, 8/B, 2/Z and U/V: a code is read out on stream and typed into a search box.
CODE_ALPHABET = "34679ACDEFGHJKMNPQRTWXY"

# Out of memory, read-only replica, full disk, no replica that keeps up: Redis checks these before a script
# runs, or at its first write, so nothing has moved.
_REFUSED_WRITE = re.compile(
    r"OOM |READONLY |MISCONF |NOREPLICAS |command not allowed when used memory|You can't write against"
)
_POSTGRES_GONE = (
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
)

_OUT_OF_REACH: set[type[Exception]] = set()

_LOG = logging.getLogger("skipline.errors")


class UserError(Exception):
    """A refusal with its reason; `text` is shown to the person as it stands."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


class Unavailable(UserError):
    """Something the answer needs cannot be reached right now, and nothing was changed."""


class StartupError(Exception):
    """The program cannot start; the message is one sentence for the person at the terminal."""

    exit_code = 1


class SettingsError(StartupError):
    """A setting is missing or malformed; the message names it and never contains its value."""

    exit_code = 2


def reference_code() -> str:
    """Return a new code of four letters and digits, e.g. "K7Q4", that ties an answer to its log entry.

    Some 280,000 codes: enough to find one line of one day's log, not a unique key.
    """
    return "".join(secrets.choice(CODE_ALPHABET) for _ in range(4))


def apology(code: str, locale: str = FALLBACK) -> str:
    """Return what a person is told when we failed them; `code` is the reference in the log."""
    return say("errors.apology", locale, code=code)


def archive_out_of_reach(kind: type[Exception]) -> None:
    """Register an exception that means the archive cannot be reached; this module must not import it."""
    _OUT_OF_REACH.add(kind)


def unavailable(error: BaseException, locale: str = FALLBACK) -> Unavailable | None:
    """Translate a lost connection to Redis or Postgres into what a person is told; None for all else.

    The sentence does not claim that nothing was changed: a reply can be lost after the change was made.
    """
    if isinstance(error, Unavailable):
        return error
    if isinstance(error, tuple(_OUT_OF_REACH)):
        return Unavailable(say("errors.archive_away", locale))
    if isinstance(error, redis.exceptions.ConnectionError | redis.exceptions.TimeoutError):
        return Unavailable(say("errors.memory_away", locale))
    if isinstance(error, redis.exceptions.ResponseError) and _REFUSED_WRITE.match(str(error)):
        return Unavailable(say("errors.memory_full", locale))
    # asyncpg raises its InterfaceError for misuse as well, which is a fault of ours; and a bare
    # ConnectionError is asyncpg's too: redis-py and hikari wrap theirs.
    if isinstance(error, (*_POSTGRES_GONE, ConnectionError)) or (
        isinstance(error, asyncpg.InterfaceError) and "clos" in str(error)
    ):
        return Unavailable(say("errors.archive_away", locale))
    return None


class Reporter:
    """Writes down every fault under a reference code. One instance serves the whole process."""

    def __init__(self, logger: logging.Logger = _LOG) -> None:
        self._log = logger

    def report(self, error: BaseException, where: str) -> str:
        """Log `error` with its traceback and return its reference code.

        `where` says in a few words what was being done, e.g. "/review next" or "event GuildAvailableEvent".
        A lost connection is logged in one line: its traceback tells nothing, and there may be hundreds.
        """
        code = reference_code()
        if unavailable(error) is not None:
            self._log.error("%s in %s: %s: %s", code, where, type(error).__name__, error)
        else:
            self._log.error("%s in %s", code, where, exc_info=error)
        return code
