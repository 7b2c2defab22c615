"""Sessions of Discord's shards, kept so that another process can go on with them."""

from __future__ import annotations

import os
import socket
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, cast

from redis.asyncio import Redis

from state.connection import fields_of
from state.keys import common_lease
from state.scripts import Script, source
from state.shard_keys import SESSION_SECONDS, shard_session


@dataclass(frozen=True, slots=True)
class ShardSession:
    """What resuming a session takes: its id, the last event taken, the address, whose it is, its intents."""

    session: str
    sequence: int
    url: str
    bot: int
    intents: int


class ShardSessions:
    """The sessions of all shards. A shard is named by id and count, e.g. `0/4`.

    Only who holds a shard's lease may write: each write shows the lease's `claim`, and comes to nothing
    (False) when the lease has gone to somebody else.
    """

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._script = cast("Script", redis.register_script(source("shard_session")))

    async def read(self, shard: str) -> ShardSession | None:
        """The session that was kept last; None when there is none to go on with."""
        found = await fields_of(self._redis, shard_session(shard))
        try:
            return ShardSession(
                found["session"],
                int(found["sequence"]),
                found["url"],
                int(found["bot"]),
                int(found["intents"]),
            )
        except (KeyError, ValueError):
            return None

    async def keep(self, shard: str, claim: str, session: ShardSession | None) -> bool:
        """Writes down how far the session is."""
        return await self._write("keep", shard, claim, session)

    async def hand_over(self, shard: str, claim: str, session: ShardSession | None) -> bool:
        """Writes it down and gives the lease up in one step, so that whoever takes it finds all of it."""
        return await self._write("hand_over", shard, claim, session)

    async def holder(self, shard: str) -> str | None:
        """Who runs the shard, as its lease says: `<token> <host>:<process id>:...`; None for nobody.

        A holder that is known to be dead, since it ran on this machine, is cleared away first.
        """
        claim = cast("str | None", await self._redis.get(common_lease(f"shard:{shard}")))
        if claim is None:
            return None
        found = await fields_of(self._redis, shard_session(shard))
        if found.get("token") == claim.partition(" ")[0] and _dead(found.get("process", "")):
            await self._script(self._keys(shard), ["evict", claim, "0"])
            return None
        return claim

    async def _write(self, verb: str, shard: str, claim: str, session: ShardSession | None) -> bool:
        arguments: list[str | bytes] = [verb, claim, str(SESSION_SECONDS)]
        if session is not None:
            token, _, _ = claim.partition(" ")
            values: dict[str, Any] = asdict(session) | {"process": _process(), "token": token}
            for name, value in values.items():
                arguments += [name, str(value)]
        return bool(await self._script(self._keys(shard), arguments))

    def _keys(self, shard: str) -> list[str]:
        return [common_lease(f"shard:{shard}"), shard_session(shard)]


_PROC: Final = Path("/proc")


@cache
def _machine() -> str:
    """What start of what machine, and the space its process ids are of; empty where that is not told."""
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{socket.gethostname()} {boot} {(_PROC / 'self/ns/pid').readlink()}"
    except (OSError, ValueError):
        return ""


def _started(pid: int) -> str | None:
    """When a process began, in the kernel's ticks: a process id alone is used again.

    "" for one that ended and that nobody waited for yet, None where it cannot be seen.
    """
    try:
        # The name of the program stands in parentheses and may hold anything.
        fields = (_PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2]
        state, started = fields.split()[0], fields.split()[19]
    except (OSError, IndexError):
        return None
    return "" if state in "ZX" else started


def _process() -> str:
    return f"{_machine()} {os.getpid()} {_started(os.getpid())}"


def _dead(process: str) -> bool:
    """Whether a process is known to have ended: it was one of this machine, and is none any more."""
    machine, pid, started = process.rsplit(" ", 2) if process.count(" ") > 1 else ("", "", "")
    if not _machine() or machine != _machine() or not pid.isdigit():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except OSError:
        # Somebody else's, who may also hide it from /proc.
        return False
    seen = _started(int(pid))
    return seen is not None and seen != started
