"""What the sandbox adds to what a bot left out, as Discord's schema demands, and what is malformed."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.discord import Channel, Guild, Person, Sandbox
from sandbox.discord.exchanges import Exchange
from sandbox.discord.schema import Schema, find_schema
from tests.sandbox.connections import Api, Bot

PICTURE = {"media": {"url": "https://example.com/cover.png"}}
V2 = 1 << 15
NULLED = {"description": None, "spoiler": None}


@pytest.fixture(scope="module")
def schema() -> Schema:
    found = find_schema()
    if found is None:
        pytest.skip("Discord's schema was not found")
    return Schema(found)


def row(*components: dict[str, Any]) -> dict[str, Any]:
    return {"type": 1, "components": list(components)}


async def posted(sandbox: Sandbox, api: Api, channel: Channel, body: Any) -> tuple[Any, Exchange]:
    """The answer to a message, and the exchange it was."""
    status, answer = await api("POST", f"/channels/{channel.id}/messages", body)
    assert status == 200, answer
    return answer, sandbox.requests[-1]


@pytest.mark.parametrize("given", [{}, {"inline": None}, {"inline": False}])
async def test_a_field_of_an_embed_says_whether_it_is_inline(
    sandbox: Sandbox, api: Api, channel: Channel, schema: Schema, given: dict[str, Any]
) -> None:
    fields = [{"name": "1", "value": "Night Drive", **given}, {"name": "2", "value": "Tide", "inline": True}]
    answer, exchange = await posted(sandbox, api, channel, {"embeds": [{"title": "Queue", "fields": fields}]})
    assert [field["inline"] for field in answer["embeds"][0]["fields"]] == [False, True]
    assert schema.violations(exchange) == []


@pytest.mark.parametrize("given", [{}, NULLED])
async def test_components_carry_what_was_left_out(
    sandbox: Sandbox, api: Api, channel: Channel, schema: Schema, given: dict[str, Any]
) -> None:
    thumbnail = {"type": 11, **PICTURE, **given}
    section = {"type": 9, "components": [{"type": 10, "content": "Night Drive"}], "accessory": thumbnail}
    gallery = {
        "type": 12,
        "items": [{**PICTURE, **given}, {**PICTURE, "description": "Cover", "spoiler": True}],
    }
    bare = {"type": 17, "components": [section, gallery, {"type": 14}]}
    if given:
        bare |= {"accent_color": None, "spoiler": None}
    painted = {"type": 17, "accent_color": 255, "spoiler": True, "components": [section]}
    answer, exchange = await posted(sandbox, api, channel, {"flags": V2, "components": [bare, painted]})
    first, second = answer["components"]
    assert (first["accent_color"], first["spoiler"]) == (None, False)
    assert (second["accent_color"], second["spoiler"]) == (255, True)
    shown, pictures, separator = first["components"]
    assert (shown["accessory"]["description"], shown["accessory"]["spoiler"]) == (None, False)
    assert [(each["description"], each["spoiler"]) for each in pictures["items"]] == [
        (None, False),
        ("Cover", True),
    ]
    assert (separator["spacing"], separator["divider"]) == (1, True)
    assert schema.violations(exchange) == []
    assert (await api("GET", f"/channels/{channel.id}/messages/{answer['id']}"))[1] == answer
    assert schema.violations(sandbox.requests[-1]) == []


async def test_the_checker_would_notice_each_of_them(
    sandbox: Sandbox, api: Api, channel: Channel, schema: Schema
) -> None:
    section = {"type": 9, "components": [{"type": 10, "content": "x"}], "accessory": {"type": 11, **PICTURE}}
    gallery = {"type": 12, "items": [PICTURE]}
    body = {"flags": V2, "components": [{"type": 17, "components": [section, gallery]}]}
    answer, exchange = await posted(sandbox, api, channel, body)
    container = answer["components"][0]
    shown, pictures = container["components"]
    places = [(container, ("accent_color", "spoiler"))]
    places += [(each, ("description", "spoiler")) for each in (shown["accessory"], pictures["items"][0])]
    for place, names in places:
        for name in names:
            kept = place.pop(name)
            exchange.response = answer
            assert any(f'"{name}" is a required' in told for told in schema.violations(exchange)), name
            place[name] = kept
    assert schema.violations(exchange) == []


async def test_every_select_has_its_range(
    sandbox: Sandbox, api: Api, channel: Channel, schema: Schema
) -> None:
    menus = [{"type": kind, "custom_id": f"menu:{kind}"} for kind in (5, 6, 7, 8)]
    menus.append({"type": 3, "custom_id": "menu:3", "options": [{"label": "One", "value": "1"}]})
    answer, exchange = await posted(sandbox, api, channel, {"components": [row(menu) for menu in menus]})
    found = [line["components"][0] for line in answer["components"]]
    assert {(menu["min_values"], menu["max_values"]) for menu in found} == {(1, 1)}
    assert schema.violations(exchange) == []


@pytest.mark.parametrize("flags", ["x", "", 1.5, True, [1], {"a": 1}, -1])
async def test_flags_that_are_no_number_are_an_invalid_form(api: Api, channel: Channel, flags: Any) -> None:
    path = f"/channels/{channel.id}/messages"
    _, sent = await api("POST", path, {"content": "x"})
    for method, where in (("POST", path), ("PATCH", f"{path}/{sent['id']}")):
        status, answer = await api(method, where, {"content": "y" * 2001, "flags": flags})
        assert (status, answer["code"]) == (400, 50035), (method, answer)
        assert set(answer["errors"]) == {"flags", "content"}
    status, edited = await api("PATCH", f"{path}/{sent['id']}", {"content": "z", "flags": None})
    assert (status, edited["content"]) == (200, "z")


@pytest.mark.parametrize(
    ("method", "path", "body", "wrong"),
    [
        ("PUT", "/channels/{channel}/permissions/{mia}", {"type": 1, "allow": "much"}, "allow"),
        ("PUT", "/channels/{channel}/permissions/{mia}", {"type": {}, "deny": "0"}, "type"),
        ("PUT", "/channels/{channel}/permissions/{mia}", {"allow": "0"}, "type"),
        ("PATCH", "/guilds/{guild}/members/{mia}", {"roles": ["moderator"]}, "roles"),
        ("PATCH", "/guilds/{guild}/members/{mia}", {"roles": 5}, "roles"),
        ("PATCH", "/guilds/{guild}/members/@me", {"nick": "x" * 33}, "nick"),
        ("POST", "/channels/{channel}/messages/bulk-delete", {"messages": ["first", "second"]}, "messages"),
        ("POST", "/channels/{channel}/messages/bulk-delete", {"messages": ["1"]}, "messages"),
        ("POST", "/channels/{channel}/messages/bulk-delete", {}, "messages"),
        ("POST", "/guilds/{guild}/channels", {"name": "x", "type": "text"}, "type"),
        ("POST", "/guilds/{guild}/channels", {"name": "x", "parent_id": "top"}, "parent_id"),
        ("POST", "/guilds/{guild}/roles", {"permissions": "all"}, "permissions"),
        ("PUT", "/applications/{app}/commands", ["ping"], "0"),
        ("GET", "/channels/{channel}/messages?limit=--5", None, "limit"),
        ("GET", "/guilds/{guild}/members?after=%C2%B2", None, "after"),
    ],
)
async def test_what_is_malformed_is_told_with_its_path(
    sandbox: Sandbox,
    api: Api,
    guild: Guild,
    channel: Channel,
    mia: Person,
    method: str,
    path: str,
    body: Any,
    wrong: str,
) -> None:
    places = {"guild": guild.id, "channel": channel.id, "mia": mia.id, "app": sandbox.application_id}
    status, answer = await api(method, path.format(**places), body)
    assert (status, answer["code"], list(answer["errors"])) == (400, 50035, [wrong]), answer


async def test_a_role_may_keep_its_color(api: Api, guild: Guild) -> None:
    status, role = await api("POST", f"/guilds/{guild.id}/roles", {"colors": {"secondary_color": None}})
    assert (status, role["color"]) == (200, 0)


async def test_own_guilds_carry_counts_only_where_asked_for(
    sandbox: Sandbox, bot: Bot, api: Api, guild: Guild, mia: Person, schema: Schema
) -> None:
    (mine,) = [each async for each in bot.rest.fetch_my_guilds() if each.id == guild.id]
    assert (mine.name, mine.approximate_member_count, mine.approximate_active_member_count) == (
        "Late Night Reviews",
        3,
        1,
    )
    for query, counted in (
        ("", False),
        ("?with_counts=false", False),
        ("?with_counts=0", False),
        ("?with_counts=true", True),
        ("?with_counts=1", True),
    ):
        for path in ("/users/@me/guilds", f"/guilds/{guild.id}"):
            _, answer = await api("GET", path + query)
            listed = answer if isinstance(answer, list) else [answer]
            (shown,) = [each for each in listed if each["id"] == str(guild.id)]
            assert ("approximate_member_count" in shown, "approximate_presence_count" in shown) == (
                counted,
                counted,
            )
            assert schema.violations(sandbox.requests[-1]) == []
