"""The gateway, version 10: HELLO, IDENTIFY, heartbeats, RESUME, and the way of events to the right shard.

Source: Discord's developer documentation, topics Gateway, Gateway Events and Opcodes and Status Codes.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from typing import TYPE_CHECKING, Any, Final, cast

import orjson
from aiohttp import WSMsgType, web

from sandbox.discord import limits, payloads
from sandbox.discord.compression import encoder
from sandbox.discord.intents import ALL, PRIVILEGED, Intent
from sandbox.discord.permissions import Permission
from sandbox.discord.sessions import Connection, Session

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sandbox.discord.channels import Channel
    from sandbox.discord.guilds import Guild
    from sandbox.discord.messages import Message
    from sandbox.discord.refusals import Json
    from sandbox.discord.server import Sandbox

HEARTBEAT: Final = 1
IDENTIFY: Final = 2
PRESENCE: Final = 3
VOICE: Final = 4
RESUME: Final = 6
RECONNECT: Final = 7
MEMBERS: Final = 8
INVALID_SESSION: Final = 9
HELLO: Final = 10
ACK: Final = 11
_WITH_DATA: Final = frozenset({IDENTIFY, RESUME, MEMBERS})
_KNOWN: Final = frozenset({HEARTBEAT, IDENTIFY, PRESENCE, VOICE, RESUME, MEMBERS, 31, 43})

_ACK: Final = b'{"op":11,"d":null}'
_RECONNECT: Final = b'{"op":7,"d":null}'
_LARGEST: Final = 4096
_SENDS: Final = (120, 60.0)
_CLOSED: Final = frozenset({WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED, WSMsgType.ERROR})
STRIPPED: Final[Json] = {"content": "", "embeds": [], "attachments": [], "components": []}
"""What is left of the readable parts of a message for those who may not read it."""


class Gateway:
    """All sessions of the sandbox's application.

    `heartbeat_interval` and `identify_window` in seconds; Discord's window is 5. `resume_window` is how long
    a lost session can be resumed. `invalid` counts who identified too early, or resumed what is not there.
    `privileged` are the privileged intents switched on; `guilds_per_shard` the bound of close 4011.
    """

    def __init__(self, sandbox: Sandbox, *, max_concurrency: int, identify_window: float) -> None:
        self.max_concurrency = max_concurrency
        self.identify_window = identify_window
        self.heartbeat_interval = 41.25
        self.resume_window = 120.0
        self.privileged = PRIVILEGED
        self.guilds_per_shard = 2500
        self.session_limit = 1000
        self.starts_left = 1000
        self.invalid = 0
        self.silent = False
        self.sessions: dict[str, Session] = {}
        self.connections: set[Connection] = set()
        self._sandbox = sandbox
        self._identified: dict[int, float] = {}
        self._waiters: set[asyncio.Future[None]] = set()

    @property
    def connected(self) -> list[Session]:
        """The sessions that have a connection now."""
        return [session for session in self.sessions.values() if session.connection is not None]

    async def wait_until(self, condition: Callable[[], bool], timeout: float = 10.0) -> None:
        """Wait until `condition` holds, asking after every connect and disconnect. Raises TimeoutError."""
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(timeout):
            while not condition():
                waiter: asyncio.Future[None] = loop.create_future()
                self._waiters.add(waiter)
                try:
                    await waiter
                finally:
                    self._waiters.discard(waiter)

    def start_limit(self) -> Json:
        """Give the `session_start_limit` of GET /gateway/bot."""
        return {
            "total": self.session_limit,
            "remaining": self.starts_left,
            "reset_after": 14_400_000,
            "max_concurrency": self.max_concurrency,
        }

    def dispatch(self, event: str, data: Json, guild: Guild | None, intents: int = 0) -> int:
        """Send an event to the shard of `guild` (shard 0 where None); 0 intents means it needs none.

        Returns how many sessions get it, now or when they resume.
        """
        encoded: bytes | None = None
        reached = 0
        for session in self._covering(guild):
            if not intents or session.intents & intents:
                encoded = encoded or orjson.dumps(data)
                session.dispatch(event, encoded)
                reached += 1
        return reached

    def dispatch_guild(self, guild: Guild) -> None:
        """Send GUILD_CREATE to the sessions that are connected already."""
        for session in self._covering(guild):
            self._guild_create(session, guild, joined=True)

    def dispatch_in_channel(self, event: str, data: Json, channel: Channel, visible_to: int | None) -> None:
        """Send an event about messages, if the bot sees the channel."""
        guild = channel.guild if visible_to is None else None
        if guild is None:
            self.dispatch(event, data, None, Intent.DIRECT_MESSAGES)
        elif guild.permissions(self._sandbox.bot.id, channel) & Permission.VIEW_CHANNEL:
            self.dispatch(event, data, guild, Intent.GUILD_MESSAGES)

    def dispatch_message(self, event: str, message: Message) -> None:
        """Send a message, stripped for the sessions that may not read other people's.

        An ephemeral one counts as direct, as Discord documents under Message Create.
        """
        bot = self._sandbox.bot
        guild = message.channel.guild if message.visible_to is None else None
        intent = Intent.DIRECT_MESSAGES if guild is None else Intent.GUILD_MESSAGES
        sessions = [session for session in self._covering(guild) if session.intents & intent]
        if not sessions:
            return
        if guild is not None and not guild.permissions(bot.id, message.channel) & Permission.VIEW_CHANNEL:
            return
        body = payloads.message_event(message, self._sandbox.world.attachments.sign)
        readable = guild is None or message.author is bot or bot in message.mentions
        full = orjson.dumps(body)
        for session in sessions:
            if readable or session.intents & Intent.MESSAGE_CONTENT:
                session.dispatch(event, full)
            else:
                session.dispatch(event, orjson.dumps(body | STRIPPED))

    async def serve(self, request: web.BaseRequest) -> web.WebSocketResponse:
        """Run one connection from the upgrade to its end."""
        socket = web.WebSocketResponse(compress=False, timeout=1.0, max_msg_size=0)
        await socket.prepare(request)
        query = request.query
        try:
            encode = encoder(query.get("compress"))
        except (ValueError, RuntimeError):
            await socket.close(code=4002, message=b"Unknown compression")
            return socket
        if query.get("v", "10") != "10" or query.get("encoding", "json") != "json":
            await socket.close(code=4012, message=b"Invalid API version")
            return socket
        connection = Connection(socket, request.transport, encode)
        self.connections.add(connection)
        try:
            hello = {"heartbeat_interval": round(self.heartbeat_interval * 1000), "_trace": ["sandbox"]}
            connection.send(orjson.dumps({"op": HELLO, "d": hello, "s": None, "t": None}))
            await self._listen(socket, connection)
        finally:
            self.connections.discard(connection)
            await connection.finish()
            session = connection.session
            if session is not None:
                session.detach(connection)
                if connection.closed_by_client in {1000, 1001}:
                    self.sessions.pop(session.id, None)
            self._wake()
        return socket

    def close(self) -> None:
        """End every connection, as a shutdown of the gateway does."""
        for connection in tuple(self.connections):
            connection.abort()

    async def _listen(self, socket: web.WebSocketResponse, connection: Connection) -> None:
        sent: deque[float] = deque(maxlen=_SENDS[0])
        while True:
            try:
                frame = await socket.receive(timeout=max(2 * self.heartbeat_interval, 0.1))
            except TimeoutError:
                self._forget(connection)
                connection.close(4009, "Session timed out")
                return
            if frame.type in _CLOSED:
                connection.closed_by_client = frame.data if frame.type is WSMsgType.CLOSE else None
                return
            now = time.monotonic()
            if len(sent) == _SENDS[0] and now - sent[0] < _SENDS[1]:
                connection.close(4008, "You are being rate limited")
                continue
            sent.append(now)
            raw: str | bytes = frame.data
            try:
                payload: Any = orjson.loads(raw)
                op = int(payload["op"])
            except (ValueError, KeyError, TypeError):
                connection.close(4002, "Error while decoding payload")
                continue
            if len(raw) > _LARGEST:
                connection.close(4002, "Payload too large")
            elif op not in _KNOWN:
                connection.close(4001, "Unknown opcode")
            elif op in _WITH_DATA and not isinstance(payload.get("d"), dict):
                connection.close(4002, "Error while decoding payload")
            else:
                self._receive(connection, op, payload.get("d"))

    def _receive(self, connection: Connection, op: int, data: Any) -> None:
        if op == HEARTBEAT:
            if not self.silent and not connection.zombie:
                connection.send(_ACK)
        elif op == IDENTIFY:
            if connection.session is not None:
                connection.close(4005, "Already authenticated")
            else:
                self._identify(connection, data)
        elif op == RESUME:
            self._resume(connection, data)
        elif connection.session is None:
            connection.close(4003, "Not authenticated")
        elif op == MEMBERS:
            self._members(connection.session, data)

    def _identify(self, connection: Connection, data: Json) -> None:
        shard = data.get("shard") or [0, 1]
        intents = data.get("intents")
        refusal = self._refuse(data, shard, intents)
        if refusal is not None:
            connection.close(*refusal)
            return
        shard_id, shard_count = int(shard[0]), int(shard[1])
        bucket, now = shard_id % self.max_concurrency, time.monotonic()
        self.starts_left -= 1
        if now - self._identified.get(bucket, -self.identify_window) < self.identify_window:
            self._refuse_session(connection)
            return
        self._identified[bucket] = now
        self._prune()
        session = Session(shard_id, shard_count, cast("int", intents))
        self.sessions[session.id] = session
        session.attach(connection)
        guilds = [guild for guild in self._sandbox.world.guilds.values() if session.covers(guild.id)]
        application = self._sandbox.application_id
        ready: Json = {
            "v": 10,
            "user": payloads.own_user(self._sandbox.bot),
            "guilds": [{"id": str(guild.id), "unavailable": True} for guild in guilds],
            "session_id": session.id,
            "session_type": "normal",
            "resume_gateway_url": self._sandbox.gateway_url,
            "shard": [shard_id, shard_count],
            "application": {"id": str(application), "flags": self._sandbox.application_flags},
            "private_channels": [],
            "relationships": [],
            "presences": [],
            "guild_join_requests": [],
            "user_settings": {},
            "_trace": ["sandbox"],
        }
        session.dispatch("READY", orjson.dumps(ready))
        for guild in guilds:
            self._guild_create(session, guild)
        self._wake()

    def _refuse(self, data: Json, shard: Any, intents: Any) -> tuple[int, str] | None:
        if str(data.get("token")).removeprefix("Bot ") != self._sandbox.token or self.starts_left <= 0:
            return 4004, "Authentication failed."
        pair = _list(shard)
        if len(pair) != 2 or None in map(limits.whole, pair) or not 0 <= int(pair[0]) < int(pair[1]):
            return 4010, "Invalid shard."
        if len(self._sandbox.world.guilds) > self.guilds_per_shard * int(shard[1]):
            return 4011, "Sharding required."
        if not isinstance(intents, int) or intents & ~ALL:
            return 4013, "Invalid intent(s)."
        if intents & PRIVILEGED & ~self.privileged:
            return 4014, "Disallowed intent(s)."
        return None

    def _resume(self, connection: Connection, data: Json) -> None:
        if str(data.get("token")).removeprefix("Bot ") != self._sandbox.token:
            connection.close(4004, "Authentication failed.")
            return
        self._prune()
        session = self.sessions.get(str(data.get("session_id")))
        seq = int(data.get("seq") or 0)
        if session is None or not session.can_resume_from(seq):
            if session is not None:
                del self.sessions[session.id]
            self._refuse_session(connection)
            return
        session.attach(connection)
        session.resumes += 1
        for number, payload in session.replay:
            if number > seq:
                connection.send(payload)
        session.dispatch("RESUMED", b'{"_trace":["sandbox"]}')
        self._wake()

    def _refuse_session(self, connection: Connection) -> None:
        self.invalid += 1
        connection.send(orjson.dumps({"op": INVALID_SESSION, "d": False}))

    def _members(self, session: Session, data: Json) -> None:
        guild = self._sandbox.world.guilds.get(int(data.get("guild_id") or 0))
        if guild is None:
            return
        wanted = {int(each) for each in _list(data.get("user_ids"))}
        prefix = str(data.get("query") or "").lower()
        limit = int(data.get("limit") or 0) or len(guild.members)
        if wanted:
            found = [guild.members[each] for each in wanted if each in guild.members]
        else:
            found = [each for each in guild.members.values() if each.user.name.lower().startswith(prefix)]
            found = found[:limit]
        chunk: Json = {
            "guild_id": str(guild.id),
            "members": [payloads.member(each) for each in found],
            "chunk_index": 0,
            "chunk_count": 1,
            "not_found": [str(each) for each in wanted if each not in guild.members],
        }
        if data.get("nonce") is not None:
            chunk["nonce"] = data["nonce"]
        session.dispatch("GUILD_MEMBERS_CHUNK", orjson.dumps(chunk))

    def _guild_create(self, session: Session, guild: Guild, *, joined: bool = False) -> None:
        if not session.intents & Intent.GUILDS:
            return
        everybody = bool(session.intents & Intent.GUILD_PRESENCES)
        members = [each for each in guild.members.values() if everybody or each.user is self._sandbox.bot]
        body = payloads.guild_create(guild, members)
        if joined:
            # Only a guild that was announced as unavailable in READY says that it is no longer.
            del body["unavailable"]
        session.dispatch("GUILD_CREATE", orjson.dumps(body))

    def _covering(self, guild: Guild | None) -> Iterator[Session]:
        guild_id = None if guild is None else guild.id
        return (session for session in tuple(self.sessions.values()) if session.covers(guild_id))

    def _forget(self, connection: Connection) -> None:
        if connection.session is not None:
            self.sessions.pop(connection.session.id, None)

    def _prune(self) -> None:
        horizon = time.monotonic() - self.resume_window
        for session in tuple(self.sessions.values()):
            if session.connection is None and session.left_at < horizon:
                del self.sessions[session.id]

    def _wake(self) -> None:
        for waiter in tuple(self._waiters):
            if not waiter.done():
                waiter.set_result(None)

    def reconnect(self, session: Session) -> None:
        """Ask a session to reconnect (op 7)."""
        if session.connection is not None:
            session.connection.send(_RECONNECT)

    def invalidate(self, session: Session, *, resumable: bool) -> None:
        """Tell a session it is invalid (op 9)."""
        connection = session.connection
        if not resumable:
            self.sessions.pop(session.id, None)
        if connection is not None:
            if not resumable:
                connection.session = None
            connection.send(orjson.dumps({"op": INVALID_SESSION, "d": resumable}))


def _list(value: Any) -> list[Any]:
    if value is None:
        return []
    return cast("list[Any]", value) if isinstance(value, list) else [value]
