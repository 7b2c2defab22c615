"""Everything that can go wrong with Discord, on request."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sandbox.discord.channels import Channel
from sandbox.discord.guilds import Guild
from sandbox.discord.permissions import Overwrite, OverwriteType

if TYPE_CHECKING:
    from sandbox.discord.messages import Message
    from sandbox.discord.server import Sandbox
    from sandbox.discord.sessions import Session


@dataclass(slots=True, eq=False)
class Fault:
    """What shall happen to the next `times` requests that match.

    `cut` closes the connection without an answer, `delay` waits that many seconds, `status` answers with it;
    `after` lets the request take effect first. `hits` counts the requests struck so far, `paths` has theirs.
    """

    method: str
    route: re.Pattern[str]
    times: int
    after: bool = False
    cut: bool = False
    delay: float = 0.0
    status: int | None = None
    code: int = 0
    message: str = ""
    retry_after: float | None = None
    is_global: bool = False
    hits: int = 0
    paths: list[str] = field(default_factory=list[str])
    _struck: asyncio.Event = field(default_factory=asyncio.Event)

    def strikes(self, method: str, template: str, path: str) -> bool:
        """Whether this request is meant."""
        if self.hits >= self.times or self.method not in {"*", method}:
            return False
        return bool(self.route.fullmatch(template) or self.route.fullmatch(path))

    def strike(self, path: str) -> None:
        """Count a hit."""
        self.hits += 1
        self.paths.append(path)
        self._struck.set()

    async def struck(self, timeout: float = 15.0) -> None:
        """Wait for the first hit. Raises TimeoutError."""
        async with asyncio.timeout(timeout):
            await self._struck.wait()


class Faults:
    """Faults of REST, of the gateway and of the world.

    `route` is a regular expression that must match a whole path template (as in `Exchange.route`) or a whole
    path; a template taken literally is one. `method` may be `*`. The oldest matching fault strikes.
    """

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._faults: list[Fault] = []

    def take(self, method: str, template: str, path: str) -> Fault | None:
        """Find and count the fault for a request."""
        for fault in self._faults:
            if fault.strikes(method, template, path):
                fault.strike(path)
                return fault
        return None

    def clear(self) -> None:
        """Call off what has not struck yet, and let heartbeats through again."""
        self._faults.clear()
        self._sandbox.gateway.silent = False

    def fail(
        self,
        method: str,
        route: str,
        *,
        status: int = 500,
        times: int = 1,
        code: int = 0,
        message: str | None = None,
        after: bool = False,
    ) -> Fault:
        """Answer with a status. `after` lets the request take effect, as a 502 of a proxy may."""
        text = message or f"{status}: Sandbox fault"
        return self._add(
            Fault(method, _pattern(route), times, after=after, status=status, code=code, message=text)
        )

    def delay(self, method: str, route: str, seconds: float, *, times: int = 1, after: bool = False) -> Fault:
        """Hold requests for some seconds before they take effect, or their answers with `after`."""
        return self._add(Fault(method, _pattern(route), times, after=after, delay=seconds))

    def lose_reply(self, method: str, route: str, *, times: int = 1) -> Fault:
        """Let requests take effect and cut the connection instead of answering."""
        return self._add(Fault(method, _pattern(route), times, after=True, cut=True))

    def lose_request(self, method: str, route: str, *, times: int = 1) -> Fault:
        """Cut the connection before requests take effect."""
        return self._add(Fault(method, _pattern(route), times, cut=True))

    def rate_limit(
        self, method: str, route: str, *, retry_after: float = 0.3, times: int = 1, is_global: bool = False
    ) -> Fault:
        """Answer 429 with `retry_after` seconds."""
        fault = Fault(method, _pattern(route), times, status=429, message="You are being rate limited.")
        fault.retry_after = retry_after
        fault.is_global = is_global
        return self._add(fault)

    def withdraw(self, where: Channel | Guild, permissions: int) -> None:
        """Take permissions from the bot: in a channel by an overwrite, in a guild from its role."""
        sandbox = self._sandbox
        if isinstance(where, Guild):
            role = where.bot_role
            sandbox.world.update_role(role, permissions=role.permissions & ~int(permissions))
            return
        own = where.overwrites.get(sandbox.bot.id) or Overwrite(sandbox.bot.id, OverwriteType.MEMBER)
        allow, deny = own.allow & ~int(permissions), own.deny | int(permissions)
        sandbox.world.set_overwrite(where, Overwrite(own.id, OverwriteType.MEMBER, allow, deny))

    def restore(self, where: Channel | Guild, permissions: int) -> None:
        """Give permissions back that were withdrawn."""
        sandbox = self._sandbox
        if isinstance(where, Guild):
            role = where.bot_role
            sandbox.world.update_role(role, permissions=role.permissions | int(permissions))
            return
        own = where.overwrites.get(sandbox.bot.id)
        if own is not None:
            deny = own.deny & ~int(permissions)
            sandbox.world.set_overwrite(where, Overwrite(own.id, OverwriteType.MEMBER, own.allow, deny))

    def delete_channel(self, channel: Channel) -> None:
        """Delete a channel, as an admin would."""
        self._sandbox.world.delete_channel(channel)

    def delete_message(self, message: Message) -> None:
        """Delete a message, as a moderator would."""
        self._sandbox.world.delete_message(message)

    def drop_gateway(self, shard: int | None = None) -> None:
        """Cut the TCP connections of the gateway without a word. Sessions stay resumable."""
        for session in self._sessions(shard):
            if session.connection is not None:
                session.connection.abort()

    def close_gateway(self, code: int = 4000, shard: int | None = None) -> None:
        """Close gateway connections with a code."""
        for session in self._sessions(shard):
            if session.connection is not None:
                session.connection.close(code, "Sandbox fault")

    def reconnect(self, shard: int | None = None) -> None:
        """Send op 7: the client shall reconnect and resume."""
        for session in self._sessions(shard):
            self._sandbox.gateway.reconnect(session)

    def invalidate(self, *, resumable: bool = False, shard: int | None = None) -> None:
        """Send op 9. Without `resumable` the session is gone and the client has to identify again."""
        for session in self._sessions(shard):
            self._sandbox.gateway.invalidate(session, resumable=resumable)

    def forget_sessions(self) -> None:
        """Forget every session while connections stay, so that the next resume is refused."""
        for session in self._sessions(None):
            self._sandbox.gateway.sessions.pop(session.id, None)

    def silence_heartbeats(self, silent: bool = True) -> None:
        """Stop acknowledging heartbeats: connections become zombies."""
        self._sandbox.gateway.silent = silent

    def make_zombies(self, shard: int | None = None) -> None:
        """Stop acknowledging heartbeats of the connections there are now; the next ones are heard."""
        for session in self._sessions(shard):
            if session.connection is not None:
                session.connection.zombie = True

    def _sessions(self, shard: int | None) -> list[Session]:
        sessions = self._sandbox.gateway.sessions.values()
        return [session for session in sessions if shard is None or session.shard_id == shard]

    def _add(self, fault: Fault) -> Fault:
        self._faults.append(fault)
        return fault


def _pattern(route: str) -> re.Pattern[str]:
    return re.compile(route)
