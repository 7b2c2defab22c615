"""A stage for every test: the real bot on real servers in the sandbox, and a guild of its own with people."""

from __future__ import annotations

import asyncio
import secrets
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bot import embedded
from bot.settings import Settings
from sandbox.discord import Channel, Guild, Person, Role, Sandbox
from state.scripts import Actor
from tests import drives_plugin
from tests.databases import fresh_database
from tests.doors import doors_of
from tests.schema_plugin import watch
from tests.valkeys import cluster

if TYPE_CHECKING:
    from bot.app import App

OWNER = Actor(1, "test")


@pytest.fixture(scope="session")
async def discord() -> AsyncIterator[Sandbox]:
    """One sandbox Discord for the run; every exchange with it is held against Discord's schema."""
    sandbox = await Sandbox.start()
    watch(sandbox)
    drives_plugin.watch(sandbox)
    yield sandbox
    await sandbox.close()


@pytest.fixture(scope="session")
async def stage_redis_url(servers: Path, request: pytest.FixtureRequest) -> AsyncIterator[str]:
    """A Valkey of the bot's own: its archive writer looks after every guild it finds there."""
    if request.config.getoption("--cluster"):
        async with cluster(servers / "stage cluster") as running:
            yield running.url
        return
    folder = servers / "stage"
    folder.mkdir()
    async with embedded.valkey(folder, durable=False) as server:
        yield server.url


@pytest.fixture(scope="session")
async def session_database_url(postgres_url: str, migrated_template: str) -> AsyncIterator[str]:
    async for url in fresh_database(postgres_url, migrated_template):
        yield url


def settings_for(
    discord: Sandbox, redis_url: str, database_url: str, data_dir: Path, **more: object
) -> Settings:
    """Settings of a bot in the sandbox, independent of the environment."""
    return Settings(
        token=discord.token,
        rest_url=discord.rest_url,
        redis_url=redis_url,
        database_url=database_url,
        data_dir=data_dir,
        _env_file=None,
        **more,
    )


def free_port() -> int:
    """A port of this computer that nobody listens on now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.fixture(scope="session")
async def app(
    discord: Sandbox,
    stage_redis_url: str,
    session_database_url: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[App]:
    """One bot for the run, with everything it does."""
    from bot.app import running  # only who needs the bot pays for loading it

    settings = settings_for(
        discord,
        stage_redis_url,
        session_database_url,
        tmp_path_factory.mktemp("data"),
        web_port=free_port(),
    )
    async with running(settings, live=False) as app:
        await asyncio.wait_for(app.commands_declared.wait(), 10)
        drives_plugin.tally.know(doors_of(app))
        yield app


@dataclass
class Stage:
    """A guild nobody else uses. `host` has the reviewer role, `mod` Manage Server, the others nothing."""

    discord: Sandbox
    app: App
    guild: Guild
    owner: Person
    host: Person
    mod: Person
    alice: Person
    bruno: Person
    carla: Person
    stranger: Person
    reviewer: Role
    submissions: Channel
    queue: Channel
    review: Channel
    pending: Channel

    @property
    def id(self) -> int:
        return int(self.guild.id)

    async def configure(self, **settings: str | None) -> None:
        """Sets fields of the guild's settings; `role_reviewer` stands for `role:reviewer`."""
        values = {
            name.replace("_", ":", 1)
            if name.startswith(("role_", "channel_", "closed_", "limit_"))
            else name: value
            for name, value in settings.items()
        }
        await self.app.stores.configuration.change(self.id, secrets.token_hex(8), OWNER, values)

    async def display(self, kind: str, channel: Channel) -> None:
        """Registers a display and waits until its message is posted and registered."""
        configuration = self.app.stores.configuration
        await configuration.set_display(self.id, secrets.token_hex(8), OWNER, kind, (int(channel.id), 0))
        await channel.wait_for(lambda messages: bool(messages), timeout=5)
        await until(lambda: self._registered(kind))

    async def _registered(self, kind: str) -> bool:
        places = await self.app.stores.configuration.displays(self.id)
        return places.get(kind, (0, 0))[1] != 0


async def until(condition: Callable[[], Awaitable[bool]], timeout: float = 15.0) -> None:
    """Waits until a condition that only a server can tell holds."""
    async with asyncio.timeout(timeout):
        while not await condition():  # noqa: ASYNC110 - the condition lives in another program
            await asyncio.sleep(0.01)


@pytest.fixture
async def stage(app: App, discord: Sandbox) -> Stage:
    return await set_up(app, discord)


async def set_up(app: App, discord: Sandbox) -> Stage:
    """A new guild with its people and channels."""
    guild = discord.create_guild(f"Late Night Reviews {secrets.token_hex(3)}", owner="Olga")
    reviewer = guild.create_role("Reviewer")
    stage = Stage(
        discord=discord,
        app=app,
        guild=guild,
        owner=guild.owner,
        host=guild.join("Mia", roles=[reviewer]),
        mod=guild.join("Theo", roles=[guild.create_role("Moderator", permissions=1 << 5)]),
        alice=guild.join("Alice"),
        bruno=guild.join("Bruno"),
        carla=guild.join("Carla"),
        stranger=guild.join("Stranger"),
        reviewer=reviewer,
        submissions=guild.create_channel("submissions"),
        queue=guild.create_channel("queue"),
        review=guild.create_channel("review"),
        pending=guild.create_channel("pending"),
    )
    await stage.configure(role_reviewer=str(reviewer.id))
    return stage
