"""Both starts of a bot against a small registry that stores commands the way Discord does."""

from __future__ import annotations

import subprocess
import sys
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import alluka
import hikari
import pytest
import tanjun
from aiohttp import web
from aiohttp.test_utils import TestServer
from tanjun.context import base

from bot import tanjun_compat

APPLICATION = 700
GUILD = 800


@dataclass
class Registry:
    """What Discord keeps of an application's commands, and how often it was asked to change them."""

    commands: list[dict[str, Any]] = field(default_factory=list)
    writes: int = 0
    rest_url: str = ""

    async def read(self, _: web.Request) -> web.Response:
        return web.json_response(self.commands)

    async def write(self, request: web.Request) -> web.Response:
        self.writes += 1
        guild = request.match_info.get("guild")
        self.commands = [
            self._stored(number, sent, guild) for number, sent in enumerate(await request.json(), 900)
        ]
        return web.json_response(self.commands)

    @staticmethod
    def _without_empty_lists(option: dict[str, Any]) -> dict[str, Any]:
        """Discord answers no `options` where an empty list was sent."""
        kept = {name: value for name, value in option.items() if value != []}
        if "options" in kept:
            kept["options"] = [Registry._without_empty_lists(inner) for inner in kept["options"]]
        return kept

    @staticmethod
    def _stored(number: int, sent: dict[str, Any], guild: str | None) -> dict[str, Any]:
        permissions = sent.get("default_member_permissions")
        sent = Registry._without_empty_lists(sent)
        stored = {
            "id": str(number),
            "application_id": str(APPLICATION),
            "version": str(number),
            "nsfw": False,
            "integration_types": [0, 1],
            "contexts": None,
            **sent,
            "default_member_permissions": None if permissions is None else str(permissions),
        }
        if guild:
            stored |= {"guild_id": guild, "contexts": None}
        return stored


@pytest.fixture
async def registry() -> AsyncIterator[Registry]:
    registry = Registry()
    app = web.Application()
    for path in (
        "/api/v10/applications/{app}/commands",
        "/api/v10/applications/{app}/guilds/{guild}/commands",
    ):
        app.router.add_get(path, registry.read)
        app.router.add_put(path, registry.write)
    async with TestServer(app) as server:
        registry.rest_url = str(server.make_url("/api/v10"))
        yield registry


@asynccontextmanager
async def started_client(
    registry: Registry, description: str = "See the queue.", free: str = "Gratis", where: str = "Wo."
) -> AsyncIterator[tanjun.Client]:
    """A new process's view: new builders, new tanjun client, nothing remembered."""

    async def callback(ctx: tanjun.abc.SlashContext, **_: Any) -> None:
        await ctx.respond("ok")

    async def complete(ctx: tanjun.abc.AutocompleteContext, value: str, **_: Any) -> None:
        await ctx.set_choices({value: value})

    queue = tanjun.SlashCommandGroup(
        "queue", {"default": "The queue.", "de": "Die Warteschlange."}, dm_enabled=False
    )
    show = tanjun.SlashCommand(callback, {"default": "show", "de": "zeigen"}, description)
    show.add_int_option("page", "Which page.", min_value=1, max_value=99, default=1)
    show.add_str_option(
        "song", "Which song.", autocomplete=complete, min_length=1, max_length=80, default=None
    )
    tiers = [
        hikari.CommandChoice(name="Free", name_localizations={"de": free}, value="0"),
        hikari.CommandChoice(name="5 Skip", value="5"),
    ]
    show.add_str_option("tier", "Which tier.", choices=tiers, default=None)
    show.add_channel_option(
        "place", {"default": "Where.", "de": where}, types=[hikari.TextableGuildChannel], default=None
    )
    show.add_attachment_option("file", "A song.", default=None)
    show.add_float_option("weight", "How much.", min_value=0.5, max_value=2, default=None)
    queue.add_command(show)
    review = tanjun.SlashCommand(
        callback, "review", "Review.", default_member_permissions=hikari.Permissions.MANAGE_GUILD
    )
    menu = tanjun.MenuCommand(callback, hikari.CommandType.MESSAGE, "Submit this")  # pyright: ignore[reportArgumentType]  # a menu callback takes its target too; it is never called here

    component = tanjun.Component(name="queue").add_slash_command(queue).add_slash_command(review)
    component.add_menu_command(menu)
    app = hikari.RESTApp(url=registry.rest_url, http_settings=hikari.impl.HTTPSettings())
    await app.start()
    rest = app.acquire("MTIz.fake.token", hikari.TokenType.BOT)
    rest.start()
    try:
        client = tanjun.Client(rest)
        client.set_dms_enabled_for_app_cmds(False).add_component(component)
        yield client
    finally:
        await rest.close()
        await app.close()


@pytest.mark.parametrize("guild", [hikari.UNDEFINED, hikari.Snowflake(GUILD)], ids=["global", "one guild"])
async def test_second_start_sends_nothing(
    registry: Registry, guild: hikari.UndefinedOr[hikari.Snowflake]
) -> None:
    async with started_client(registry) as client:
        await client.declare_global_commands(application=APPLICATION, guild=guild)
    assert registry.writes == 1
    assert {command["name"] for command in registry.commands} == {"queue", "review", "Submit this"}

    async with started_client(registry) as client:
        await client.declare_global_commands(application=APPLICATION, guild=guild)
    assert registry.writes == 1


async def test_commands_are_guild_only(registry: Registry) -> None:
    async with started_client(registry) as client:
        await client.declare_global_commands(application=APPLICATION)
    assert [command["contexts"] for command in registry.commands] == [[0], [0], [0]]


async def test_a_change_is_sent(registry: Registry) -> None:
    async with started_client(registry) as client:
        await client.declare_global_commands(application=APPLICATION)
    async with started_client(registry, "See what plays next.") as client:
        await client.declare_global_commands(application=APPLICATION)
    assert registry.writes == 2


@pytest.mark.parametrize("changed", [{"free": "Umsonst"}, {"where": "An welchem Ort."}])
async def test_a_changed_translation_is_sent(registry: Registry, changed: dict[str, str]) -> None:
    async with started_client(registry) as client:
        await client.declare_global_commands(application=APPLICATION)
    async with started_client(registry, **changed) as client:
        await client.declare_global_commands(application=APPLICATION)
    assert registry.writes == 2


def test_dms_left_open_are_not_sent_as_contexts() -> None:
    builder: Any = hikari.impl.SlashCommandBuilder("queue", "The queue.")
    assert builder.is_dm_enabled is hikari.UNDEFINED
    assert builder.set_is_dm_enabled(False).is_dm_enabled is False
    assert builder.set_is_dm_enabled(True).context_types is hikari.UNDEFINED
    assert builder.set_context_types([hikari.ApplicationContextType.BOT_DM]).is_dm_enabled is True


def test_upstream_still_needs_the_module() -> None:
    """Fails when tanjun declares on this hikari by itself: then `bot/tanjun_compat.py` can be deleted."""
    script = (
        "import hikari, tanjun\n"
        "from hikari.impl import special_endpoints\n"
        "import tanjun.clients, tanjun._internal, inspect\n"
        "asks = 'is_dm_enabled' in inspect.getsource(tanjun.clients) + inspect.getsource(tanjun._internal)\n"
        "there = hasattr(special_endpoints.CommandBuilder, 'is_dm_enabled') and "
        "hasattr(hikari.PartialCommand, 'is_dm_enabled')\n"
        "raise SystemExit(0 if asks and not there else 1)\n"
    )
    needed = subprocess.run([sys.executable, "-W", "ignore", "-c", script], check=False).returncode == 0
    assert needed, "tanjun and hikari agree again: delete bot/tanjun_compat.py and its imports"


def test_alluka_still_warns_of_what_tanjun_calls() -> None:
    """When the first part fails, the wrappers are gone: `tanjun_compat` has nothing to take off."""
    names = "_set_type_special_case", "_remove_type_special_case"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        context: Any = alluka.BasicContext(alluka.Client())
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        context._set_type_special_case(int, 3)._remove_type_special_case(int)
    assert [warning.category for warning in seen] == [DeprecationWarning] * 2
    for name in names:
        assert getattr(base.BaseContext, name) is getattr(alluka.BasicContext, name).__wrapped__


def test_mute_covers_tanjun_and_nothing_else() -> None:
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        tanjun_compat.mute_deprecations()
        warnings.warn_explicit("old", DeprecationWarning, "clients.py", 1, module="tanjun.clients")
        warnings.warn_explicit("old", DeprecationWarning, "queue.py", 1, module="plugins.queue")
    assert [warning.filename for warning in seen] == ["queue.py"]
