"""REST by hand: what Discord takes, and with which code it refuses the rest."""

from __future__ import annotations

import io
from typing import Any

import aiohttp
import orjson
import pytest

from sandbox.discord import Channel, Guild, Permission, Person, Sandbox
from tests.sandbox.connections import Api, Clock

EMBED = {"title": "Queue", "fields": [{"name": "1", "value": "Night Drive"}]}


def button(custom_id: str, label: str = "Next") -> dict[str, Any]:
    return {"type": 2, "style": 1, "custom_id": custom_id, "label": label}


def row(*components: dict[str, Any]) -> dict[str, Any]:
    return {"type": 1, "components": list(components)}


@pytest.fixture
async def post(api: Api, channel: Channel) -> Any:
    """Posts in the channel."""

    async def send(body: Any, **more: Any) -> tuple[int, Any]:
        return await api("POST", f"/channels/{channel.id}/messages", body, **more)

    return send


async def test_who_has_no_token_gets_401(api: Api, post: Any) -> None:
    assert await post({"content": "x"}, token="wrong") == (401, {"message": "401: Unauthorized", "code": 0})


async def test_unknown_routes_and_methods(api: Api) -> None:
    assert await api("GET", "/nowhere") == (404, {"message": "404: Not Found", "code": 0})
    assert await api("DELETE", "/gateway/bot") == (405, {"message": "405: Method Not Allowed", "code": 0})


async def test_a_message_is_posted_read_edited_and_deleted(api: Api, post: Any, channel: Channel) -> None:
    status, sent = await post({"content": "Hello", "embeds": [EMBED], "components": [row(button("next"))]})
    assert status == 200
    assert sent["components"][0]["components"][0] | {"id": 0} == button("next") | {"id": 0}
    assert {sent["components"][0]["id"], sent["components"][0]["components"][0]["id"]} == {1, 2}
    path = f"/channels/{channel.id}/messages/{sent['id']}"
    assert (await api("GET", path)) == (200, sent)
    status, edited = await api("PATCH", path, {"content": "Hi", "embeds": []})
    assert (edited["content"], edited["embeds"], edited["components"]) == ("Hi", [], sent["components"])
    assert edited["edited_timestamp"] is not None
    assert await api("DELETE", path) == (204, None)
    assert (await api("GET", path))[1]["code"] == 10008


@pytest.mark.parametrize(
    ("body", "code", "path"),
    [
        ({}, 50006, None),
        ({"content": "  "}, 50006, None),
        ({"content": "x" * 2001}, 50035, "content"),
        ({"embeds": [{"title": "x" * 257}]}, 50035, "embeds.0.title"),
        ({"components": [row(button("a"), button("a"))]}, 50035, "components.0.components.1.custom_id"),
        ({"content": "x", "flags": 1 << 15}, 50035, "content"),
        ({"content": "x", "message_reference": {"message_id": "1"}}, 50035, "message_reference"),
    ],
)
async def test_a_message_is_refused_with_code_and_path(
    post: Any, body: dict[str, Any], code: int, path: str | None
) -> None:
    status, answer = await post(body)
    assert (status, answer["code"]) == (400, code)
    if path is not None:
        errors = answer["errors"]
        for step in path.split("."):
            errors = errors[step]
        assert errors["_errors"][0]["message"]


async def test_json_that_is_none(sandbox: Sandbox, api: Api, channel: Channel) -> None:
    status, answer = await api("POST", f"/channels/{channel.id}/messages", data=b"{")
    assert (status, answer["code"]) == (400, 50109)


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("GET", "/channels/1", 10003),
        ("POST", "/channels/1/messages", 10003),
        ("GET", "/guilds/1", 10004),
        ("GET", "/users/1", 10013),
        ("GET", "/guilds/{guild}/members/1", 10013),
        ("GET", "/guilds/{guild}/members/{stranger}", 10007),
        ("PUT", "/guilds/{guild}/members/{owner}/roles/1", 10011),
        ("GET", "/guilds/{guild}/roles/1", 10011),
        ("GET", "/channels/{channel}/messages/1", 10008),
        ("DELETE", "/channels/{channel}/permissions/1", 10009),
        ("GET", "/webhooks/{app}/nothing/messages/@original", 50027),
        ("POST", "/interactions/1/nothing/callback", 10062),
        ("GET", "/applications/{app}/commands/1", 10063),
        ("GET", "/channels/words", 50035),
    ],
)
async def test_what_is_unknown_has_its_code(
    sandbox: Sandbox, api: Api, guild: Guild, channel: Channel, method: str, path: str, code: int
) -> None:
    stranger = sandbox.create_guild("Elsewhere").owner
    filled = path.format(
        guild=guild.id,
        channel=channel.id,
        owner=guild.owner_id,
        stranger=stranger.id,
        app=sandbox.application_id,
    )
    _, answer = await api(method, filled, {"content": "x", "type": 4} if method == "POST" else None)
    assert answer["code"] == code


async def test_other_peoples_messages(api: Api, guild: Guild, channel: Channel, mia: Person) -> None:
    said = await mia.say(channel, "mine")
    path = f"/channels/{channel.id}/messages/{said.id}"
    assert (await api("PATCH", path, {"content": "yours"}))[1]["code"] == 50005
    guild.sandbox.faults.withdraw(channel, Permission.MANAGE_MESSAGES)
    assert (await api("DELETE", path))[1]["code"] == 50013
    guild.sandbox.faults.restore(channel, Permission.MANAGE_MESSAGES)
    assert await api("DELETE", path) == (204, None)


@pytest.mark.parametrize(
    ("permission", "body", "code"),
    [
        (Permission.VIEW_CHANNEL, {"content": "x"}, 50001),
        (Permission.SEND_MESSAGES, {"content": "x"}, 50013),
        (Permission.EMBED_LINKS, {"embeds": [EMBED]}, 50013),
    ],
)
async def test_without_the_permission(
    sandbox: Sandbox, post: Any, channel: Channel, permission: Permission, body: dict[str, Any], code: int
) -> None:
    sandbox.faults.withdraw(channel, permission)
    assert (await post(body))[1]["code"] == code


async def test_a_nonce_is_enforced_only_when_asked(post: Any, channel: Channel) -> None:
    _, first = await post({"content": "a", "nonce": "1", "enforce_nonce": True})
    _, again = await post({"content": "b", "nonce": "1", "enforce_nonce": True})
    _, other = await post({"content": "c", "nonce": "1"})
    assert (first["id"] == again["id"], first["id"] == other["id"], len(channel.messages)) == (True, False, 2)


async def test_old_messages_have_a_ration_of_edits(
    sandbox: Sandbox, clock: Clock, api: Api, post: Any, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox.world, "old_edits", 2)
    _, sent = await post({"content": "old"})
    path = f"/channels/{channel.id}/messages/{sent['id']}"
    for _ in range(3):
        assert (await api("PATCH", path, {"content": "young"}))[0] == 200
    clock.ahead += 3601
    try:
        answers = [await api("PATCH", path, {"content": "aged"}) for _ in range(3)]
        assert [status for status, _ in answers] == [200, 200, 429]
        assert (answers[2][1]["code"], answers[2][1]["retry_after"] > 3000) == (30046, True)
        clock.ahead += 3601
        assert (await api("PATCH", path, {"content": "later"}))[0] == 200
    finally:
        clock.ahead = 0


async def test_mentions_are_only_those_allowed(post: Any, guild: Guild, mia: Person) -> None:
    role = guild.create_role("Reviewer")
    text = f"{mia.mention} <@&{role.id}> @everyone"
    _, all_of_them = await post({"content": text})
    _, none = await post({"content": text, "allowed_mentions": {"parse": []}})
    _, one = await post({"content": text, "allowed_mentions": {"users": [str(mia.id)]}})
    shown = [
        ([user["id"] for user in each["mentions"]], each["mention_roles"], each["mention_everyone"])
        for each in (all_of_them, none, one)
    ]
    assert shown == [([str(mia.id)], [str(role.id)], True), ([], [], False), ([str(mia.id)], [], False)]


def form(body: dict[str, Any], *files: tuple[str, bytes]) -> aiohttp.FormData:
    data = aiohttp.FormData()
    data.add_field("payload_json", orjson.dumps(body).decode(), content_type="application/json")
    for index, (name, content) in enumerate(files):
        data.add_field(
            f"files[{index}]", io.BytesIO(content), filename=name, content_type="application/octet-stream"
        )
    return data


async def test_files_are_kept_shown_and_bounded(api: Api, post: Any, channel: Channel) -> None:
    picture = {"image": {"url": "attachment://curve.png"}}
    body = {"attachments": [{"id": "0", "description": "A song"}], "embeds": [picture]}
    _, sent = await post(None, data=form(body, ("song.mp3", b"audio"), ("curve.png", b"png")))
    (attachment,) = sent["attachments"]
    assert (attachment["filename"], attachment["description"]) == ("song.mp3", "A song")
    async with aiohttp.ClientSession() as session:
        for url, content in ((attachment["url"], b"audio"), (sent["embeds"][0]["image"]["url"], b"png")):
            async with session.get(url) as response:
                assert await response.read() == content
    path = f"/channels/{channel.id}/messages/{sent['id']}"
    _, edited = await api(
        "PATCH", path, {"attachments": [{"id": attachment["id"]}], "embeds": [], "content": "x"}
    )
    assert [each["id"] for each in edited["attachments"]] == [attachment["id"]]
    status, refused = await post(None, data=form({}, ("big.wav", b"x" * (10 * 2**20 + 1))))
    assert (status, refused["code"]) == (413, 40005)


async def test_messages_are_listed_in_pages(api: Api, channel: Channel, mia: Person) -> None:
    said = [await mia.say(channel, str(number)) for number in range(5)]

    async def listed(query: str) -> list[str]:
        return [each["content"] for each in (await api("GET", f"/channels/{channel.id}/messages?{query}"))[1]]

    assert await listed("limit=2") == ["4", "3"]
    assert await listed(f"before={said[2].id}") == ["1", "0"]
    assert await listed(f"after={said[1].id}&limit=2") == ["3", "2"]
    assert await listed(f"around={said[2].id}&limit=3") == ["3", "2", "1"]
    assert (await api("GET", f"/channels/{channel.id}/messages?limit=101"))[1]["code"] == 50035
    ids = [str(each.id) for each in said[:2]]
    assert (await api("POST", f"/channels/{channel.id}/messages/bulk-delete", {"messages": ids}))[0] == 204
    assert await listed("") == ["4", "3", "2"]


async def test_channels_and_their_overwrites(sandbox: Sandbox, api: Api, guild: Guild, mia: Person) -> None:
    hidden = {"id": str(guild.id), "type": 0, "deny": int(Permission.VIEW_CHANNEL)}
    body = {"name": "Reviewer Panel", "type": 0, "topic": "Here", "permission_overwrites": [hidden]}
    status, created = await api("POST", f"/guilds/{guild.id}/channels", body)
    assert (status, created["name"]) == (201, "reviewer-panel")
    # The bot hid the channel from itself too.
    path = f"/channels/{created['id']}"
    assert (await api("GET", path))[1]["code"] == 50001
    channel = guild.channel("reviewer-panel")
    assert not mia.permissions(channel) & Permission.VIEW_CHANNEL
    sandbox.faults.restore(channel, 0)
    for target in (sandbox.bot.id, mia.id):
        sandbox.world.delete_overwrite(channel, guild.id)
        allow = {"type": 1, "allow": int(Permission.VIEW_CHANNEL)}
        assert await api("PUT", f"{path}/permissions/{target}", allow) == (204, None)
    assert mia.permissions(channel) & Permission.VIEW_CHANNEL
    ban = {"type": 1, "allow": int(Permission.BAN_MEMBERS)}
    assert (await api("PUT", f"{path}/permissions/{mia.id}", ban))[1]["code"] == 50013
    assert await api("DELETE", f"{path}/permissions/{mia.id}") == (204, None)
    assert (await api("PATCH", path, {"name": "panel"}))[1]["name"] == "panel"
    assert (await api("DELETE", path))[0] == 200
    assert (await api("GET", path))[1]["code"] == 10003


async def test_roles_stay_below_the_bots_own(api: Api, guild: Guild, mia: Person) -> None:
    status, role = await api("POST", f"/guilds/{guild.id}/roles", {"name": "Reviewer", "color": 255})
    assert (status, role["name"], role["position"]) == (200, "Reviewer", 1)
    given = f"/guilds/{guild.id}/members/{mia.id}/roles/{role['id']}"
    assert await api("PUT", given) == (204, None)
    assert [each.name for each in mia.roles] == ["Reviewer"]
    assert await api("DELETE", given) == (204, None)
    assert mia.roles == []
    high = {"name": "Too much", "permissions": int(Permission.BAN_MEMBERS)}
    assert (await api("POST", f"/guilds/{guild.id}/roles", high))[1]["code"] == 50013
    above = guild.create_role("Above")
    guild.sandbox.world.update_role(above, position=99)
    assert (await api("PUT", given.replace(role["id"], str(above.id))))[1]["code"] == 50013
    assert (await api("PATCH", f"/guilds/{guild.id}/roles/{role['id']}", {"name": "R"}))[1]["name"] == "R"
    assert await api("DELETE", f"/guilds/{guild.id}/roles/{role['id']}") == (204, None)


async def test_direct_messages_can_be_declined(api: Api, guild: Guild, mia: Person) -> None:
    _, opened = await api("POST", "/users/@me/channels", {"recipient_id": str(mia.id)})
    mia.user.accepts_dms = False
    assert (await api("POST", f"/channels/{opened['id']}/messages", {"content": "x"}))[1]["code"] == 50007
    assert (await api("POST", "/users/@me/channels", {"recipient_id": "1"}))[1]["code"] == 50033


async def test_commands_of_a_scope(sandbox: Sandbox, api: Api, guild: Guild) -> None:
    base = f"/applications/{sandbox.application_id}/guilds/{guild.id}/commands"
    first = {"name": "one", "description": "One"}
    status, created = await api("POST", base, first)
    assert (status, created["guild_id"]) == (201, str(guild.id))
    assert (await api("POST", base, first | {"description": "1"}))[0] == 200
    _, replaced = await api("PUT", base, [first, {"name": "two", "description": "Two"}])
    assert [each["name"] for each in replaced] == ["one", "two"]
    assert replaced[0]["id"] == created["id"]
    assert (await api("GET", base))[1] == replaced
    _, edited = await api("PATCH", f"{base}/{created['id']}", {"name": "uno"})
    assert edited["name"] == "uno"
    assert await api("DELETE", f"{base}/{created['id']}") == (204, None)
    status, refused = await api("PUT", base, [{"name": "Not Allowed", "description": "x"}])
    assert (status, refused["code"], refused["errors"]["0"]["name"] != {}) == (400, 50035, True)


async def test_limits_are_counted_and_kept_from_the_callback(strict: Any) -> None:
    sandbox: Sandbox = await strict(rate_limits="on")
    channel = sandbox.create_guild("Late Night Reviews").create_channel("submissions")
    async with aiohttp.ClientSession() as session:
        api = Api(sandbox, session)
        for _ in range(5):
            assert (await api("POST", f"/channels/{channel.id}/messages", {"content": "x"}))[0] == 200
        status, answer = await api("POST", f"/channels/{channel.id}/messages", {"content": "x"})
        assert (status, answer["global"], 0 < answer["retry_after"] <= 5) == (429, False, True)
        assert api.headers["X-RateLimit-Remaining"] == "0"
        await api("POST", "/interactions/1/nothing/callback", {"type": 4})
        assert "X-RateLimit-Bucket" not in api.headers
