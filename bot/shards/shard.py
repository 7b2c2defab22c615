"""hikari's shard, with what several processes need of it and hikari 2.7 does not offer.

hikari paces IDENTIFY within one process, always begins with a session of its own, and ends it for good when
it closes. All its private names that are used for something else stand in this module; a test says when one
of them has gone, or when hikari has begun to offer any of it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any, Final, cast

import hikari
from hikari.impl.shard import GatewayShardImpl

from state.identify import IdentifyTurn
from state.shards import ShardSession

RESUMABLE: Final = 3000
"""A close code that leaves the session alive; 1000 and 1001 end it (Gateway, Disconnecting)."""

_IDENTIFY: Final = 2
_INVALID_SEQUENCE: Final = 4007


class Shard(GatewayShardImpl):
    """A shard that waits its turn to identify, and can go on with a session, or leave one for others.

    `allowed` is awaited before each connection. `inherited` says that the session was begun by another
    process, so Discord told that one, and not us, of the guilds.
    """

    __slots__ = ("__weakref__", "_allowed", "_inner", "_leaving", "_life", "_turn", "inherited")

    def __init__(
        self,
        bot: hikari.GatewayBot,
        events: hikari.api.EventManager,
        *,
        token: str,
        url: str,
        shard_id: int,
        shard_count: int,
        turn: IdentifyTurn,
        allowed: Callable[[], Awaitable[None]],
    ) -> None:
        super().__init__(
            http_settings=bot.http_settings,
            proxy_settings=bot.proxy_settings,
            event_manager=events,
            event_factory=bot.event_factory,
            intents=bot.intents,
            capabilities=bot.capabilities,
            shard_id=shard_id,
            shard_count=shard_count,
            token=token,
            url=url,
        )
        self._turn = turn
        self._allowed = allowed
        self._life: asyncio.Task[Any] | None = None
        self._leaving = False
        self._inner: set[asyncio.Task[Any]] = set()
        self.inherited = False

    def inherit(self, session: ShardSession) -> None:
        """Goes on with that session; to be called before the start."""
        self._session_id, self._seq = session.session, session.sequence
        self._resume_gateway_url = session.url
        self._user_id = hikari.Snowflake(session.bot)
        self.inherited = True

    @property
    def session(self) -> ShardSession | None:
        """What another process needs to go on from here; None while there is no session."""
        if self._session_id is None or self._seq is None or self._user_id is None:
            return None
        url = self._resume_gateway_url or self._gateway_url
        return ShardSession(self._session_id, self._seq, url, int(self._user_id), int(self.intents))

    def get_user_id(self) -> hikari.Snowflake:
        """Who we are, also before a resume is through: hikari refuses, and so drops guilds told again."""
        return super().get_user_id() if self._user_id is None else self._user_id

    async def leave(self) -> asyncio.Task[None] | None:
        """Leaves the session to whoever goes on with it, also one that begins; nothing is taken any more.

        Gives the task that waits for Discord's goodbye, if there is a connection: it is on its way, and the
        session can be gone on with at once.
        """
        connection = self._ws
        if connection is not None:
            # hikari would say goodbye for good (1001) once its task is cancelled; we say it below.
            connection._sent_close = True  # pyright: ignore[reportPrivateUsage] - see above
        self._leaving = True
        while self._life is not None and not self._life.done():
            # hikari may swallow a cancellation while it tidies up after a lost connection.
            self._life.cancel()
            await asyncio.wait([self._life], timeout=0.1)
        # hikari ends them itself, but not those of a connection that had only begun.
        for task in self._inner:
            task.cancel()
        await asyncio.gather(*self._inner, return_exceptions=True)
        if self.is_alive:
            with contextlib.suppress(hikari.HikariError):
                await self.close()
        if connection is not None:
            connection._sent_close = False  # pyright: ignore[reportPrivateUsage] - see above
            closing = asyncio.create_task(connection.send_close(code=RESUMABLE, message=b"handed on"))
            closing.add_done_callback(_noted)
            await asyncio.sleep(0)
            return closing
        return None

    async def _keep_alive(self) -> None:
        self._life = asyncio.current_task()
        await super()._keep_alive()

    async def _poll_events(self) -> None:
        self._note_task()
        await super()._poll_events()

    async def _heartbeat(self, heartbeat_interval: float) -> None:
        self._note_task()
        await super()._heartbeat(heartbeat_interval)

    def _note_task(self) -> None:
        task = asyncio.current_task()
        assert task is not None, "hikari runs it as a task of its own"
        self._inner = {each for each in self._inner if not each.done()} | {task}

    async def _connect(self) -> tuple[asyncio.Task[None], ...]:
        if self._leaving:
            raise asyncio.CancelledError
        await self._allowed()
        if self._seq is None:
            self.inherited = False
            # Before the connection is opened: an idle one is closed by Discord after a while.
            await self._turn.wait()
        try:
            return await super()._connect()
        except hikari.GatewayServerClosedConnectionError as closed:
            if closed.code == _INVALID_SEQUENCE:
                self._session_id = self._seq = self._resume_gateway_url = None
            raise
        except hikari.GatewayConnectionError:
            # The address of a session may be gone while Discord is there; the common one resumes as well.
            self._resume_gateway_url = None
            raise

    async def _send_json(self, data: Any, *, priority: bool = False) -> None:
        if cast("dict[str, Any]", data).get("op") != _IDENTIFY:
            await super()._send_json(data, priority=priority)
            return
        # Connecting took its time, and somebody else may have had the turn meanwhile.
        await self._turn.wait()
        try:
            await super()._send_json(data, priority=priority)
        finally:
            await self._turn.used()


def _noted(closing: asyncio.Task[None]) -> None:
    """Looks at what became of a connection that nobody needs any more, so that no fault is left unseen."""
    with contextlib.suppress(asyncio.CancelledError):
        closing.exception()


async def begin(bot: hikari.GatewayBot) -> None:
    """Starts the bot without a shard, as `bot.start` does, but asks Discord for nothing.

    Its gateway may be asked for twice in 5 seconds, by all processes together; hikari's start asks each time
    and keeps the answer to itself.
    """
    inner = cast("Any", bot)
    inner._closed_event, inner._closing_event = asyncio.Event(), asyncio.Event()
    inner._rest.start()
    inner._voice.start()
    for event in (
        inner._event_factory.deserialize_starting_event(),
        inner._event_factory.deserialize_started_event(),
    ):
        await bot.event_manager.dispatch(event, return_tasks=True)


def enlist(bot: hikari.GatewayBot, shard: Shard) -> None:
    """Has the bot know the shard, as those it starts itself."""
    bot._shards[shard.id] = shard  # pyright: ignore[reportPrivateUsage] - see the head of the module


def strike_off(bot: hikari.GatewayBot, shard: Shard) -> None:
    """Has the bot forget the shard."""
    if bot._shards.get(shard.id) is shard:  # pyright: ignore[reportPrivateUsage] - see the head of the module
        del bot._shards[shard.id]  # pyright: ignore[reportPrivateUsage] - see the head of the module
