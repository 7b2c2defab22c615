"""`/tiktok link`, `handles`, `unlink`, `forcelink`: a proof, an owner, a way to appeal, and a history."""

from __future__ import annotations

import re
import secrets
from pathlib import Path

import pytest

from bot.app import running
from sandbox.discord import Message, Person, Sandbox
from state import keys
from state.handles import Outcome
from state.points import PointsChange
from state.scripts import Actor
from tests.plugins.reviewing import archived
from tests.stage import Stage, settings_for

NEON, OTHER = 7123456789012345678, 7123456789012345679


async def run(stage: Stage, name: str, /, person: Person | None = None, **values: object) -> Message:
    reply = await (person or stage.alice).command(f"tiktok {name}", channel=stage.submissions, **values)
    assert reply.ephemeral, reply
    return await reply.settled()


async def see(stage: Stage, viewer: int, name: str) -> None:
    redis = stage.app.stores.redis
    await redis.hset(keys.viewers(stage.id), str(viewer), name)
    await redis.hset(keys.names(stage.id), name.lower(), str(viewer))


async def types(stage: Stage, code: str, viewer: int, name: str) -> Outcome:
    """What the worker does with `!link CODE` in a chat."""
    request = f"chat:{secrets.token_hex(8)}"
    return (await stage.app.stores.handles.prove(stage.id, request, code, viewer, name)).outcome


async def owner(stage: Stage, viewer: int) -> str | None:
    return await stage.app.stores.redis.hget(keys.links(stage.id), str(viewer))


async def choices(stage: Stage, name: str, typed: str, person: Person) -> list[str]:
    offered = await person.autocomplete(f"tiktok {name}", "handle", typed, stage.submissions)
    return [value for _, value in offered]


def code_in(message: Message) -> str:
    found = re.search(r"`!link ([A-Z0-9]{5})`", message.text)
    assert found, message.text
    return found[1]


async def test_a_handle_is_linked_by_a_code_in_the_chat(stage: Stage) -> None:
    await see(stage, NEON, "Neon.Rain")
    assert await choices(stage, "link", "@neon", stage.alice) == ["@Neon.Rain"]
    asked = await run(stage, "link", handle="@Neon.Rain")
    assert "as @neon.rain" in asked.text.replace("\\", "") and "15 min" in asked.text
    code = code_in(asked)
    assert await owner(stage, NEON) is None
    assert await types(stage, code, OTHER, "somebody") is Outcome.OTHER_NAME
    assert await types(stage, code, NEON, "Neon.Rain") is Outcome.LINKED
    assert await owner(stage, NEON) == str(stage.alice.id)
    points = stage.app.stores.points
    await points.add(stage.id, "p", Actor(0, "test"), [PointsChange("handle", NEON, 1234)])
    assert "@Neon.Rain: 1,234 points" in (await run(stage, "handles")).text
    assert "no TikTok handle here" in (await run(stage, "handles", stage.bruno)).text
    await archived(stage)
    audit = await stage.host.command("audit show", channel=stage.review)
    assert f"<@{stage.alice.id}>" in (await audit.settled()).text
    # Nobody else gets it, or hears whose it is.
    assert await choices(stage, "link", "neon", stage.bruno) == []
    refused = await run(stage, "link", stage.bruno, handle="neon.rain")
    assert "ask somebody who manages this server" in refused.text
    assert str(stage.alice.id) not in refused.text and "Alice" not in refused.text
    assert "is yours already" in (await run(stage, "link", handle="neon.rain")).text


async def test_without_a_name_whoever_types_the_code_is_linked(stage: Stage) -> None:
    asked = await run(stage, "link")
    assert await types(stage, code_in(asked), OTHER, "whoever") is Outcome.LINKED
    assert await owner(stage, OTHER) == str(stage.alice.id)
    assert "cannot be a TikTok name" in (await run(stage, "link", handle="no such name!")).text
    for _ in range(4):
        code_in(await run(stage, "link"))
    assert "asked for many codes" in (await run(stage, "link")).text


async def test_one_lets_go_of_a_handle(stage: Stage) -> None:
    await see(stage, NEON, "neon")
    await run(stage, "forcelink", stage.mod, user=stage.alice, handle="neon")
    await run(stage, "forcelink", stage.mod, user=stage.alice, handle="@later")
    assert await choices(stage, "unlink", "", stage.alice) == ["@neon", "@later"]
    assert await choices(stage, "unlink", "", stage.bruno) == []
    listed = (await run(stage, "handles")).text
    assert "@neon: 0 points" in listed.replace("\\", "") and "not seen here yet" in listed
    assert "no such TikTok handle" in (await run(stage, "unlink", stage.bruno, handle="@neon")).text
    assert await owner(stage, NEON) == str(stage.alice.id)
    assert "no longer yours" in (await run(stage, "unlink", handle="@neon")).text
    assert "no longer yours" in (await run(stage, "unlink", handle="later")).text
    assert await owner(stage, NEON) is None
    assert not await stage.app.stores.redis.exists(keys.awaited(stage.id))


async def test_managers_give_a_handle_to_whom_it_belongs(stage: Stage) -> None:
    await see(stage, NEON, "neon")
    for person in (stage.alice, stage.host):
        refused = await run(stage, "forcelink", person, user=person, handle="@neon")
        assert "may manage this server" in refused.text
        assert await choices(stage, "forcelink", "", person) == []
    assert await choices(stage, "forcelink", "", stage.mod) == ["@neon"]
    told = await run(stage, "forcelink", stage.mod, user=stage.alice, handle="@neon")
    assert f"belongs to <@{stage.alice.id}> now" in told.text
    told = await run(stage, "forcelink", stage.mod, user=stage.alice, handle="@neon")
    assert "already" in told.text
    told = await run(stage, "forcelink", stage.owner, user=stage.bruno, handle="Neon")
    assert await owner(stage, NEON) == str(stage.bruno.id)
    told = await run(stage, "forcelink", stage.mod, user=stage.carla, handle="@nobody.yet")
    assert "as soon as it appears" in told.text
    assert await stage.app.stores.handles.awaited_by(stage.id, int(stage.carla.id)) == ["nobody.yet"]
    assert "cannot be" in (await run(stage, "forcelink", stage.mod, user=stage.carla, handle="x")).text
    await archived(stage)
    audit = await (await stage.host.command("audit show", channel=stage.review)).settled()
    assert "gave the TikTok handle @nobody.yet, not seen yet" in audit.text.replace("\\", "")
    assert "linked the TikTok handle" in audit.text


async def test_where_no_proof_is_asked_for_a_free_handle_is_linked_at_once(
    redis_url: str, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox = await Sandbox.start()
    try:
        guild = sandbox.create_guild("No proof", owner="Olga")
        channel, alice, bruno = guild.create_channel("general"), guild.join("Alice"), guild.join("Bruno")
        settings = settings_for(sandbox, redis_url, database_url, tmp_path, link_any_handle=True)
        async with running(settings) as app:
            await app.commands_declared.wait()
            redis, id_ = app.stores.redis, int(guild.id)
            await redis.hset(keys.viewers(id_), str(NEON), "neon")
            await redis.hset(keys.names(id_), "neon", str(NEON))

            async def link(person: Person, handle: str) -> str:
                reply = await person.command("tiktok link", channel=channel, handle=handle)
                return (await reply.settled()).text

            assert "is yours now" in await link(alice, "@neon")
            assert await redis.hget(keys.links(id_), str(NEON)) == str(alice.id)
            assert "ask somebody who manages" in await link(bruno, "@neon")
            assert "becomes yours as soon as" in await link(bruno, "@later")
            for number in range(4):
                await link(bruno, f"@more{number}")
            assert "You wait for 5 handles already" in await link(bruno, "@more5")
    finally:
        await sandbox.close()
