"""REST, version 10: finding a route, reading a request, answering it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import orjson
from aiohttp import BodyPartReader

from sandbox.discord import limits
from sandbox.discord.messages import Upload
from sandbox.discord.permissions import Permission
from sandbox.discord.refusals import Refusal, invalid

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from aiohttp import web

    from sandbox.discord.channels import Channel
    from sandbox.discord.guilds import Guild
    from sandbox.discord.members import Member, Role
    from sandbox.discord.messages import Message
    from sandbox.discord.server import Sandbox
    from sandbox.discord.world import World

_MAJOR = ("channel_id", "guild_id", "webhook_id")


@dataclass(frozen=True, slots=True)
class Moment:
    """When a request was there whole: `at` by the sandbox's clock, `elapsed` by time.perf_counter()."""

    at: float
    elapsed: float


@dataclass(slots=True)
class Call:
    """One request on its way through a handler. A handler sets `status` where it is not 200 or 204."""

    sandbox: Sandbox
    route: Route
    params: dict[str, str]
    query: Mapping[str, str]
    received: Moment
    body: Any = None
    files: dict[int, Upload] = field(default_factory=dict[int, Upload])
    status: int = 200

    @property
    def world(self) -> World:
        """The sandbox's state."""
        return self.sandbox.world

    def id(self, name: str) -> int:
        """Read an id of the path. Raises Refusal 50035."""
        text = self.params[name]
        if not text.isdecimal() or len(text) > 20:
            raise invalid(name, "NUMBER_TYPE_COERCE", f'Value "{text}" is not snowflake.')
        return int(text)

    def object(self) -> dict[str, Any]:
        """Read the body as an object. Raises Refusal 50109 for anything else."""
        if self.body is None:
            return {}
        if not isinstance(self.body, dict):
            raise Refusal(50109)
        return self.body  # pyright: ignore[reportUnknownVariableType] - decoded JSON

    def list(self) -> list[dict[str, Any]]:
        """Read the body as a list of objects. Raises Refusal 50109 for no list, 50035 for what is in it."""
        if not isinstance(self.body, list):
            raise Refusal(50109)
        found = cast("list[Any]", self.body)
        for index, each in enumerate(found):
            if not isinstance(each, dict):
                text = "Only dictionaries may be used in a ModelType"
                raise invalid(str(index), "MODEL_TYPE_CONVERT", text)
        return found

    def integer(self, name: str, default: int, low: int, high: int) -> int:
        """Read a number of the query. Raises Refusal 50035 out of bounds."""
        text = self.query.get(name)
        if text is None:
            return default
        number = limits.whole(text)
        if number is None:
            raise invalid(name, "NUMBER_TYPE_COERCE", f'Value "{text}" is not int.')
        if not low <= number <= high:
            side, bound = ("greater", low) if number < low else ("less", high)
            code = "NUMBER_TYPE_MIN" if number < low else "NUMBER_TYPE_MAX"
            raise invalid(name, code, f"int value should be {side} than or equal to {bound}.")
        return number

    def asks(self, name: str) -> bool:
        """Whether the query says yes to it (API reference, Boolean Query Strings)."""
        return self.query.get(name) in {"true", "True", "1"}

    def guild(self, *needed: Permission) -> Guild:
        """Find the guild of the path. Raises Refusal 10004, or 50013 without one of the permissions."""
        guild = self.world.guilds.get(self.id("guild_id"))
        if guild is None:
            raise Refusal(10004)
        if needed:
            held = guild.permissions(self.sandbox.bot.id)
            if any(not held & each for each in needed):
                raise Refusal(50013)
        return guild

    def channel(self, *needed: Permission) -> Channel:
        """Find the channel of the path. Raises Refusal 10003, 50001 if the bot does not see it, 50013."""
        channel = self.world.channels.get(self.id("channel_id"))
        if channel is None:
            raise Refusal(10003)
        if channel.guild is not None:
            held = channel.guild.permissions(self.sandbox.bot.id, channel)
            if not held & Permission.VIEW_CHANNEL:
                raise Refusal(50001)
            if any(not held & each for each in needed):
                raise Refusal(50013)
        return channel

    def message(self, channel: Channel) -> Message:
        """Find the message of the path. Raises Refusal 10008; ephemeral ones are not reachable this way."""
        message = channel.log.get(self.id("message_id"))
        if message is None or message.visible_to is not None:
            raise Refusal(10008)
        return message

    def member(self, guild: Guild) -> Member:
        """Find the member of the path. Raises Refusal 10013 for no user at all, 10007 for no member."""
        user_id = self.id("user_id")
        if user_id not in self.world.users:
            raise Refusal(10013)
        member = guild.members.get(user_id)
        if member is None:
            raise Refusal(10007)
        return member

    def role(self, guild: Guild) -> Role:
        """Find the role of the path. Raises Refusal 10011."""
        role = guild.role_by_id.get(self.id("role_id"))
        if role is None:
            raise Refusal(10011)
        return role


@dataclass(slots=True, frozen=True)
class Route:
    """A method and a path template as in Discord's OpenAPI file. `auth` False needs no token."""

    method: str
    template: str
    handler: Callable[[Call], Any]
    auth: bool = True

    def major(self, params: Mapping[str, str]) -> str:
        """Give the top-level resource that rate limits are counted by."""
        for name in _MAJOR:
            if name in params:
                return params[name] + params.get("webhook_token", "")
        return ""


class Routes:
    """Collects the handlers of one file."""

    def __init__(self) -> None:
        self.all: list[Route] = []

    def __call__(
        self, method: str, template: str, *, auth: bool = True
    ) -> Callable[[Callable[[Call], Any]], Callable[[Call], Any]]:
        """Register the function below for a method and a path template."""

        def register(handler: Callable[[Call], Any]) -> Callable[[Call], Any]:
            self.all.append(Route(method, template, handler, auth))
            return handler

        return register


@dataclass(slots=True)
class _Node:
    fixed: dict[str, _Node] = field(default_factory=dict[str, Any])
    variable: tuple[str, _Node] | None = None
    routes: dict[str, Route] = field(default_factory=dict[str, Route])


class Router:
    """Finds a route by walking the path's segments: the cost does not grow with the number of routes."""

    def __init__(self, collections: Iterable[Routes]) -> None:
        self._root = _Node()
        for routes in collections:
            for route in routes.all:
                self._add(route)

    def find(self, method: str, path: str) -> tuple[Route | None, dict[str, str], bool]:
        """Give the route, its parameters, and whether the path is known under any method."""
        values: list[tuple[str, str]] = []
        node = self._walk(self._root, path.strip("/").split("/"), 0, values)
        if node is None:
            return None, {}, False
        return node.routes.get(method), dict(values), True

    def _walk(self, node: _Node, segments: list[str], at: int, values: list[tuple[str, str]]) -> _Node | None:
        if at == len(segments):
            return node if node.routes else None
        following = node.fixed.get(segments[at])
        if following is not None:
            found = self._walk(following, segments, at + 1, values)
            if found is not None:
                return found
        if node.variable is None:
            return None
        name, following = node.variable
        values.append((name, segments[at]))
        found = self._walk(following, segments, at + 1, values)
        if found is None:
            values.pop()
        return found

    def _add(self, route: Route) -> None:
        node = self._root
        for segment in route.template.strip("/").split("/"):
            if segment.startswith("{"):
                name = segment[1:-1]
                if node.variable is None:
                    node.variable = (name, _Node())
                node = node.variable[1]
            else:
                node = node.fixed.setdefault(segment, _Node())
        node.routes[route.method] = route


async def read(request: web.BaseRequest) -> tuple[Any, dict[int, Upload]]:
    """Read a request's JSON, or the JSON and files of a form. Raises Refusal 50109 or 50035."""
    if not request.can_read_body:
        return None, {}
    if not request.content_type.startswith("multipart/"):
        raw = await request.read()
        return (_decode(raw) if raw else None), {}
    body: Any = None
    files: dict[int, Upload] = {}
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader):
            continue
        name, content = part.name or "", bytes(await part.read(decode=True))
        if name == "payload_json":
            body = _decode(content)
        elif name.startswith("files[") and name[6:-1].isdecimal():
            content_type = part.headers.get("Content-Type")
            if content_type == "application/octet-stream":
                content_type = None
            files[int(name[6:-1])] = Upload(part.filename or "unknown", content, content_type)
    return ({} if body is None else body), files


def _decode(raw: bytes) -> Any:
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise Refusal(50109) from None


def run(call: Call) -> tuple[int, Any, dict[str, str]]:
    """Run a call's handler. Returns status, body (None for no content) and further headers."""
    try:
        body = call.route.handler(call)
    except limits.Invalid as error:
        refusal = Refusal(50035, errors=error.errors)
        return refusal.status, refusal.body, {}
    except Refusal as refusal:
        return refusal.status, refusal.body, refusal.headers or {}
    if body is None:
        return 204, None, {}
    return call.status, body, {}
