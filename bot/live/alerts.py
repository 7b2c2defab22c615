"""Tells reviewers that the connection to a host was lost against their wish, once, and that it is back."""

from __future__ import annotations

import logging
import secrets
from typing import ClassVar

import hikari
from redis.asyncio import Redis

from bot.display_care import tell_owner
from bot.errors import Reporter
from bot.nonce import nonce
from bot.posting import post_once
from bot.upkeep import Upkeep
from components.hosts import back_text, lost_text
from integrations.tiktok.status import BROKEN
from state.configure import Configuration
from state.feed import Feed
from state.hosts import Host, Hosts
from state.lease import Lease
from state.refusal import Refused
from state.scripts import Actor

_log = logging.getLogger("skipline.live")

_BOT = Actor(0, "Skipline")


class HostAlerts(Upkeep):
    """Posts the alerts of every guild this process holds the lease for."""

    subject: ClassVar[str] = "alerts"
    # What is back a moment later was no outage worth a message.
    settle: ClassVar[float] = 1.0
    watched: ClassVar[frozenset[str] | None] = frozenset({"host_lost", "host_back", "restored"})

    def __init__(
        self,
        *,
        rest: hikari.api.RESTClient,
        redis: Redis,
        hosts: Hosts,
        configuration: Configuration,
        feed: Feed,
        reporter: Reporter,
    ) -> None:
        super().__init__(redis, feed, reporter)
        self._rest = rest
        self._hosts = hosts
        self._configuration = configuration

    async def _round(self, guild: int, lease: Lease) -> float:
        """Tells what nobody was told of yet."""
        settings = await self._configuration.settings(guild)
        for host in await self._hosts.all(guild):
            if self.closed or not await lease.holds():
                self.mark(guild)
                return 0.0
            if host.over is not None:
                status = await self._hosts.status(guild, host.handle)
                live = status is not None and status.state == "live"
                text = back_text(host, settings.language, live=live)
                await self._say(guild, host, host.over[0], "back", text)
            if host.outage is not None and not host.outage.told:
                await self._say(guild, host, host.outage.since, "lost", lost_text(host, settings.language))
        return 0.0

    async def overdue(self, guild: int, handle: str) -> None:
        """Notes that a connection that broke was not back in time, which is then told."""
        status = await self._hosts.status(guild, handle)
        why = status.state if status is not None and status.state in BROKEN else None
        try:
            await self._hosts.lost(guild, "", _BOT, handle, why)
        except Refused:
            _log.debug("@%s in guild %d is connected again, or not wanted.", handle, guild)

    async def _say(self, guild: int, host: Host, since: int, what: str, text: str) -> None:
        settings = await self._configuration.settings(guild)
        channels = [settings.channels.get(name, 0) for name in ("alerts", "review")]
        known_by = nonce(guild, host.handle, since, what)
        for channel in filter(None, dict.fromkeys(channels)):
            try:
                await post_once(self._rest, self._redis, guild, channel, known_by, content=text)
                break
            except (hikari.ForbiddenError, hikari.NotFoundError):
                continue
        else:
            await tell_owner(self._rest, guild, text, None, known_by)
        try:
            await self._hosts.told(guild, secrets.token_hex(8), _BOT, host.handle, since)
        except Refused:
            # It is over by now; its end is nobody's news then.
            _log.debug("The outage of @%s in guild %d ended before it was noted.", host.handle, guild)
