"""TLS, passwords and users through the URL. The embedded server has no TLS: a TLS end stands before it."""

from __future__ import annotations

import asyncio
import contextlib
import re
import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from redis.asyncio import Redis
from redis.exceptions import AuthenticationError, ConnectionError, NoPermissionError

from bot.doctor.findings import Finding, Level
from bot.doctor.servers import check_redis
from bot.settings import Settings
from state import keys
from state.connection import connect
from state.feed import Feed
from state.lease import Lease
from state.sign_gate import SharedSignGate
from tests.state import raw
from tests.state.plays import Client
from tests.state.pressing import filled
from tests.state.test_feed import Listener
from tests.valkeys import HOST, Cluster, Node, cluster, free_ports, server, until

PASSWORD, QUOTED = "p@ss:wo/rd", "p%40ss%3Awo%2Frd"

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificates")


@dataclass
class Papers:
    """An authority, certificates of a server and a client signed by it, and the authority of a stranger."""

    authority: Path
    stranger: Path
    server: Path
    client: Path

    def options(self, *, client: bool = True) -> str:
        """Those of a URL."""
        mine = f"&ssl_certfile={self.client}&ssl_keyfile={self.client.with_suffix('.key')}" if client else ""
        return f"ssl_ca_certs={self.authority}{mine}"

    def context(self) -> ssl.SSLContext:
        """That of a server which wants to see a certificate of its clients."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(self.authority))
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_cert_chain(self.server, self.server.with_suffix(".key"))
        return context


@pytest.fixture(scope="module")
def papers(tmp_path_factory: pytest.TempPathFactory) -> Papers:
    folder = tmp_path_factory.mktemp("papers")
    made = {name: folder / f"{name}.pem" for name in ("authority", "stranger", "server", "client")}
    for name, path in made.items():
        signed = [] if name in ("authority", "stranger") else [
            *("-CA", str(made["authority"]), "-CAkey", str(made["authority"].with_suffix(".key"))),
            *("-addext", f"subjectAltName=IP:{HOST}", "-addext", "basicConstraints=CA:false"),
        ]  # fmt: skip
        words = [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"),
            *("-nodes", "-days", "2", "-subj", f"/CN={name}", "-out", str(path)),
            *("-keyout", str(path.with_suffix(".key")), *signed),
        ]
        subprocess.run(words, check=True, capture_output=True)
    return Papers(**made)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()


async def _carry(port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    there = await asyncio.open_connection(HOST, port)
    done, waiting = await asyncio.wait(
        [asyncio.create_task(_pump(reader, there[1])), asyncio.create_task(_pump(there[0], writer))],
        return_when=asyncio.FIRST_COMPLETED,
    )
    for task in waiting:
        task.cancel()
    await asyncio.gather(*done, *waiting, return_exceptions=True)
    for each in (writer, there[1]):
        each.transport.abort()


@contextlib.asynccontextmanager
async def tls_end(papers: Papers, port: int, listen: int = 0) -> AsyncIterator[int]:
    """What stunnel is: speaks TLS before a server that does not. Gives its port."""
    ending = await asyncio.start_server(partial(_carry, port), HOST, listen, ssl=papers.context())
    try:
        yield ending.sockets[0].getsockname()[1]
    finally:
        ending.close()


@pytest.fixture
async def guarded(tmp_path: Path) -> AsyncIterator[Node]:
    """A server with a password."""
    [port] = free_ports(1)
    async with server(
        tmp_path / "guarded", port, options={"password": PASSWORD}, requirepass=PASSWORD
    ) as node:
        yield node


async def test_a_password_over_tls_with_a_certificate(papers: Papers, guarded: Node, guild: int) -> None:
    async with tls_end(papers, guarded.port) as port:
        url = f"rediss://:{QUOTED}@{HOST}:{port}/0?{papers.options()}"
        async with connect(url) as redis, connect(url) as other:
            feed = Feed(other)
            listener = Listener(other, guild, feed)
            await feed.open()
            await filled(Client.on(redis), guild, 5)
            await listener.until(5)
            await raw.check(redis, guild)
            await feed.close()
    assert await guarded.client.get(keys.revision(guild)) == "5"


async def test_whoever_is_not_trusted_is_refused(papers: Papers, guarded: Node, tmp_path: Path) -> None:
    async with tls_end(papers, guarded.port) as port:
        at = f"{HOST}:{port}"
        untrusted = f"ssl_ca_certs={papers.stranger}"
        wrong = {
            f"rediss://:{QUOTED}@{at}": "its certificate is not trusted",
            f"rediss://:{QUOTED}@{at}?{untrusted}": "its certificate is not trusted",
            f"rediss://{HOST}:{guarded.port}?socket_connect_timeout=0.2": "it does not answer over TLS",
            f"rediss://:wrong@{at}?{papers.options()}": "it refuses the user or password",
            f"rediss://{at}?{papers.options()}": "it refuses the user or password",
            f"rediss+cluster://:{QUOTED}@{at}?{untrusted}": "its certificate is not trusted",
            f"rediss+cluster://:{QUOTED}@{at}?{papers.options()}": "it is no cluster",
            f"rediss+cluster://:wrong@{at}?{papers.options()}": "it refuses the user or password",
            f"rediss+sentinel://{at}/shows?{untrusted}": "no Sentinel knows a server",
        }
        for url, says in wrong.items():
            [found] = await _doctor(url, tmp_path)
            assert found.level is Level.FAIL and says in found.found, (url, str(found))
            assert "wo/rd" not in str(found) and QUOTED not in str(found) and "wrong" not in str(found)
        for options in (papers.options(client=False), ""):
            async with connect(f"rediss://:{QUOTED}@{at}?{options}") as redis:
                with pytest.raises(ConnectionError):
                    await redis.ping()


async def test_the_doctor_says_what_it_found(papers: Papers, guarded: Node, tmp_path: Path) -> None:
    async with tls_end(papers, guarded.port) as port:
        version, *_ = await _doctor(f"rediss://:{QUOTED}@{HOST}:{port}?{papers.options()}", tmp_path)
    assert version.level is Level.OK and version.found.endswith("at REDIS_URL: one server over TLS")


async def _doctor(url: str, folder: Path) -> list[Finding]:
    token = "MTIzNDU2Nzg5MDEyMzQ1Njc4.aaaaaa.bbbbbbbbbbbbbbbbbbbbbbbbbbb"
    settings = Settings.model_validate({"token": token, "redis_url": url, "data_dir": folder})
    return [finding async for finding in check_redis(settings)]


async def test_a_user_who_may_no_more_than_the_bot_needs(guarded: Node, calm: Cluster, guild: int) -> None:
    """As docs/deploy.md makes that user."""
    text = Path("docs/deploy.md").read_text(encoding="utf-8")  # noqa: ASYNC240 - before anything else runs
    [rule] = re.findall(r"^    (ACL SETUSER .*)$", text, re.M)
    for node in (guarded, *calm.primaries):
        await node.client.execute_command(*rule.replace(">password", ">hunter2").split())
    at = calm.url.replace("://", "://skipline:hunter2@")
    for url in (f"redis://skipline:hunter2@{HOST}:{guarded.port}?client_name=mia", f"{at}?client_name=mia"):
        async with connect(url) as redis:
            await filled(Client.on(redis), guild, 3)
            async with Lease(redis, keys.common_lease("work")).held():
                await SharedSignGate(redis).limited(1.0)
            feed = Feed(redis)
            await feed.open()
            await feed.close()
            assert await redis.info("server") and await redis.config_get("appendonly")
            await redis.bgrewriteaof()
            async with redis.pipeline(transaction=True) as pipe:
                await pipe.watch(keys.revision(guild))
                pipe.multi()
                pipe.unlink(keys.revision(guild))
                pipe.publish(keys.CHANGES, f"{guild} 3 restored")
                assert (await pipe.execute())[0] == 1
            assert keys.events(guild) in {name async for name in redis.scan_iter("sl:*")}
            with pytest.raises(NoPermissionError):
                await redis.get("other")
            with pytest.raises(NoPermissionError):
                await redis.flushall()
    async with connect(f"redis://skipline:wrong@{HOST}:{guarded.port}") as redis:
        with pytest.raises(AuthenticationError):
            await redis.ping()


async def test_a_cluster_over_tls_with_a_password(papers: Papers, tmp_path: Path, guild: int) -> None:
    ends = free_ports(3)
    async with contextlib.AsyncExitStack() as stack:
        servers = await stack.enter_async_context(
            cluster(tmp_path, requirepass=PASSWORD, masterauth=PASSWORD, password=PASSWORD)
        )
        for node, end in zip(servers.primaries, ends, strict=True):
            await stack.enter_async_context(tls_end(papers, node.port, end))
            # They tell clients of the way over TLS.
            await node.client.config_set("cluster-announce-port", end)

        async def all_told() -> bool:
            known = [await node.client.execute_command("CLUSTER SLOTS") for node in servers.primaries]
            return all({row[2][1] for row in rows} == set(ends) for rows in known)

        await until(all_told)
        url = f"rediss+cluster://:{QUOTED}@{','.join(f'{HOST}:{end}' for end in ends)}?{papers.options()}"
        redis: Redis = await stack.enter_async_context(connect(url))
        for each in range(guild, guild + 6):
            await filled(Client.on(redis), each, 2)
            await raw.check(redis, each)
        version, *_ = await _doctor(url, tmp_path)
        assert version.found.endswith("a cluster, found through 3 addresses over TLS")
