"""Addresses of a Redis: one server, a unix socket, Sentinels that know the server, or a cluster.

They are URLs as redis-py has them, and two forms that it has no URL for: Sentinel in the form other clients
have (`redis+sentinel://host:26379,host:26379/service/0`), and `redis+cluster://host:6379,host:6379`. `rediss`
in place of `redis` is TLS. Nothing here connects.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

from redis.asyncio.connection import parse_url


class Form(StrEnum):
    """How the server is found; the values are the schemes without TLS."""

    SERVER = "redis"
    SOCKET = "unix"
    SENTINEL = "redis+sentinel"
    CLUSTER = "redis+cluster"


class BadAddress(ValueError):
    """What is wrong with an address, as the end of a sentence; never a part of it that may be secret."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a Redis is. `nodes` are (host, port), `service` what the Sentinels call it.

    `options` are what redis-py's connections take; `sentinel` those of the connections to the Sentinels.
    """

    form: Form
    tls: bool
    nodes: tuple[tuple[str, int], ...] = ()
    service: str = ""
    options: Mapping[str, Any] = field(default_factory=dict[str, Any], repr=False)
    sentinel: Mapping[str, Any] = field(default_factory=dict[str, Any], repr=False)

    def __str__(self) -> str:
        """What it is in a few words, without names of users and passwords."""
        over = " over TLS" if self.tls else ""
        match self.form:
            case Form.SOCKET:
                return "one server at a unix socket"
            case Form.SERVER:
                return f"one server{over}"
            case Form.SENTINEL:
                asked = "a Sentinel calls" if len(self.nodes) == 1 else f"{len(self.nodes)} Sentinels call"
                return f"the server that {asked} {self.service}{over}"
            case Form.CLUSTER:
                asked = "one address" if len(self.nodes) == 1 else f"{len(self.nodes)} addresses"
                return f"a cluster, found through {asked}{over}"


EXAMPLES: Final = (
    "redis://user:password@host:6379/0, rediss://host:6380, unix:///path/to/redis.sock, "
    "redis+sentinel://host:26379,host:26379/service/0 or redis+cluster://host:6379,host:6379"
)

# As clients of Valkey call them.
_ALIASES: Final = {"valkey": "redis", "valkeys": "rediss"}
_PORTS: Final = {Form.SERVER: 6379, Form.SENTINEL: 26379, Form.CLUSTER: 6379}
_TLS_FILES: Final = ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile")
_CHOICES: Final = {"ssl_cert_reqs": ("none", "optional", "required"), "protocol": (2, 3)}
_OPTIONS: Final = frozenset(
    {"username", "password", "client_name", "db", "protocol", "health_check_interval", "max_connections"}
    | {"socket_timeout", "socket_connect_timeout", "socket_keepalive", "socket_read_size"}
)
_TLS_OPTIONS: Final = frozenset({*_TLS_FILES, "ssl_cert_reqs", "ssl_check_hostname", "ssl_ciphers"})
_SENTINEL_OPTIONS: Final = frozenset({"sentinel_username", "sentinel_password"})
_HOSTS: Final = (
    "must name a host, or several as host:port,host:port; "
    "special characters of a password are written as %23, %2F, %3A, %3F, %40 and so on"
)


def mismatch(address: Address, info: Mapping[str, Any]) -> tuple[str, str] | None:
    """What a server is by its INFO, and what to write for that, when it is of another form; else None."""
    # Redis and Valkey have a name of their own for it.
    mode = str(info.get("redis_mode") or info.get("server_mode"))
    if mode == "sentinel":
        return "is a Sentinel", "write redis+sentinel://host:port/service, with the service's name"
    if mode == "cluster" and address.form is not Form.CLUSTER:
        return "is one server of a cluster", "write redis+cluster://host:port"
    return None


def parse(url: str) -> Address:
    """Reads an address. Raises `BadAddress`, whose text continues "REDIS_URL ..."."""
    try:
        parts = urlsplit(url)
    except ValueError:
        raise BadAddress("cannot be read as an address") from None
    scheme, plus, rest = parts.scheme.partition("+")
    scheme = _ALIASES.get(scheme, scheme)
    tls = scheme == "rediss"
    try:
        form = Form(("redis" if tls else scheme) + plus + rest)
    except ValueError:
        raise BadAddress(f"must be an address such as {EXAMPLES}") from None
    if form is Form.SOCKET:
        if not parts.path or parts.netloc.rpartition("@")[2]:
            raise BadAddress("must name a socket with its whole path, for example unix:///path/to/redis.sock")
        nodes, service, database = (), "", ""
    else:
        nodes = _nodes(parts.netloc.rpartition("@")[2], _PORTS[form])
        service, database = _path(form, parts.path)
    if parts.fragment:
        raise BadAddress(_HOSTS)
    if form is Form.SERVER and len(nodes) > 1:
        raise BadAddress(
            "names several hosts; those of a cluster begin with redis+cluster, Sentinels with redis+sentinel"
        )
    options, sentinel = _options(form, tls, parts.netloc.rpartition("@")[0], database, parts.query)
    if form is Form.SOCKET:
        options["path"] = unquote(parts.path)
    return Address(form, tls, nodes, service, options, sentinel)


def _nodes(text: str, port: int) -> tuple[tuple[str, int], ...]:
    found: list[tuple[str, int]] = []
    for each in text.split(","):
        try:
            split = urlsplit(f"//{each}")
            host, given = split.hostname, split.port
        except ValueError:
            host, given = None, None
        # A colon without a number behind it is what is left of a password with a slash in it.
        if not host or each.endswith(":") or given == 0:
            raise BadAddress(_HOSTS)
        found.append((unquote(host), given or port))
    return tuple(found)


def _path(form: Form, path: str) -> tuple[str, str]:
    """The service and the number of the database, as far as given."""
    parts = [unquote(part) for part in path.strip("/").split("/") if part]
    service = ""
    if form is Form.SENTINEL:
        if not parts:
            raise BadAddress("must end with the name the Sentinels know the server by, for example /mymaster")
        service = parts.pop(0)
    database = parts.pop(0) if parts else ""
    if parts or (database and not (database.isascii() and database.isdigit())):
        raise BadAddress("may end with the number of a database, for example /0, and with nothing else")
    return service, database


def _options(
    form: Form, tls: bool, user: str, database: str, query: str
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What redis-py makes of user, database and query; apart from it, what is meant for the Sentinels."""
    known = set(_OPTIONS)
    if tls:
        known |= _TLS_OPTIONS
    if form is Form.SENTINEL:
        known |= _SENTINEL_OPTIONS
    for name in parse_qs(query, keep_blank_values=True):
        if name not in known:
            raise BadAddress(_unknown(name, known, tls))
    # One server as redis-py knows it: what it makes of the rest does not depend on the form.
    base = "unix" if form is Form.SOCKET else "rediss" if tls else "redis"
    try:
        options: dict[str, Any] = dict(parse_url(f"{base}://{user}@/{database}?{query}"))
    except ValueError as error:
        # "Invalid value for 'socket_timeout' in connection URL."
        raise BadAddress(f"has an option with a wrong value ({str(error).split(chr(39))[1]})") from None
    for name in ("path", "connection_class"):
        options.pop(name, None)
    for name, choices in _CHOICES.items():
        if options.get(name, choices[0]) not in choices:
            raise BadAddress(f"has an option with a wrong value ({name})")
    for name in _TLS_FILES:
        if name in options and not Path(options[name]).is_file():
            raise BadAddress(f"names a file that is not there ({name})")
    if form is Form.CLUSTER and options.pop("db", 0) != 0:
        raise BadAddress("must not name a database: a cluster has only number 0")
    sentinel = {
        name.removeprefix("sentinel_"): options.pop(name) for name in _SENTINEL_OPTIONS & options.keys()
    }
    if form is Form.SENTINEL:
        sentinel |= {name: value for name, value in options.items() if name.startswith(("ssl_", "socket_"))}
    return options, sentinel


def _unknown(name: str, known: set[str], tls: bool) -> str:
    # The name as it was given is not told: it may be what is left of a password with a question mark in it.
    if name in _TLS_OPTIONS and not tls:
        return f"has an option of TLS ({name}), and so must begin with rediss"
    if name in _SENTINEL_OPTIONS:
        return f"has an option of the other form, redis+sentinel:// ({name})"
    near = get_close_matches(name, known, n=1)
    return "has an option that is not known" + (f"; perhaps {near[0]} is meant" if near else "")
