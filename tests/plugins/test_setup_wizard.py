"""The menus on the answer to `/setup`, and a whole evening of a new server by buttons alone."""

from __future__ import annotations

import secrets

import pytest

from sandbox.discord import Channel, Guild, Message, Permission, Reply
from sandbox.discord.guilds import BOT
from state.ladder import LINES
from tests.stage import Stage, until


def fresh(stage: Stage, bot_permissions: int = BOT) -> tuple[Guild, Channel]:
    """A server in which nothing was ever set up."""
    guild = stage.discord.create_guild(
        f"New {secrets.token_hex(3)}", owner="Olga", bot_permissions=bot_permissions
    )
    return guild, guild.create_channel("general")


async def with_button(channel: Channel, label: str) -> Message:
    return await channel.wait_for(
        lambda messages: next((m for m in messages if m.component(label=label)), None), timeout=5
    )


async def said(reply: Reply) -> str:
    return (reply.followups[0] if reply.followups else await reply.settled()).text


async def test_role_channels_and_ladder_are_chosen_afterwards(stage: Stage) -> None:
    guild, general = fresh(stage)
    configuration = stage.app.stores.configuration
    answer = await (await guild.owner.command("setup", general)).settled()
    role = guild.create_role("DJ")
    await (await guild.owner.choose(answer, "s1:setup.role", [role])).settled()
    assert "**DJ**" in answer.text and "as you chose" in answer.text
    assert (await configuration.settings(int(guild.id))).reviewer_role == role.id
    assert guild.join("Mia", roles=[role]).permissions(guild.channel("song-review")) & Permission.VIEW_CHANNEL
    await (await guild.owner.choose(answer, "s1:setup.channel:queue", [general])).settled()
    assert f"Queue for everybody: <#{general.id}>, as you chose" in answer.text
    await general.wait_for(
        lambda messages: next((m for m in messages if "Now playing" in m.text), None), timeout=5
    )

    async def moved() -> bool:
        return not guild.channel("song-queue").messages

    await until(moved)
    await (await guild.owner.choose(answer, "s1:setup.ladder", ["lines"])).settled()
    assert "BackToBack > DoubleSkip" in answer.text
    assert await configuration.ladder(int(guild.id)) == LINES
    opened = await guild.owner.choose(answer, "s1:setup.ladder", ["own"])
    sent = await guild.owner.submit(opened.modal, tiers="9 Gold\n0 Free")
    assert "Gold > Free" in (await sent.settled()).text


async def test_channels_that_a_server_may_do_without_have_a_page_of_their_own(stage: Stage) -> None:
    guild, general = fresh(stage)
    configuration = stage.app.stores.configuration
    news, secret = guild.create_channel("news"), guild.create_channel("secret")
    answer = await (await guild.owner.command("setup", general, bookmarks=news)).settled()
    assert f"Cards of bookmarked songs: <#{news.id}>, as you chose" in answer.text
    assert answer.component("s1:setup.more:metrics") is None
    await (await guild.owner.choose(answer, "s1:setup.ladder", ["more"])).settled()
    for kind in ("now_playing", "alerts", "metrics"):
        await (await guild.owner.choose(answer, f"s1:setup.more:{kind}", [general])).settled()
    stage.discord.faults.withdraw(secret, int(Permission.SEND_MESSAGES))
    await (await guild.owner.choose(answer, "s1:setup.more:now_playing", [secret])).settled()
    assert f"Announcements of what plays: <#{secret.id}>, as you chose" in answer.text
    assert f"In <#{secret.id}> I lack **Send Messages**" in answer.text
    await (await guild.owner.choose(answer, "s1:setup.more:alerts", [])).settled()
    assert "Alerts about" not in answer.text and "Tables of TikTok lives" in answer.text
    channels = (await configuration.settings(int(guild.id))).channels
    assert {kind: channels.get(kind, 0) for kind in ("now_playing", "bookmarks", "alerts", "metrics")} == {
        "now_playing": secret.id,
        "bookmarks": news.id,
        "alerts": 0,
        "metrics": general.id,
    }
    await (await guild.owner.press(answer, label="Back")).settled()
    assert answer.component("s1:setup.role") is not None and answer.component(label="Back") is None
    assert sorted(each.name for each in guild.channels) == [
        "general",
        "news",
        "secret",
        "song-queue",
        "song-review",
        "submit-your-song",
    ]


async def test_what_is_missing_is_told_and_mended_by_choosing(stage: Stage) -> None:
    guild, general = fresh(stage, BOT & ~int(Permission.MANAGE_CHANNELS | Permission.MANAGE_ROLES))
    answer = await (await guild.owner.command("setup", general)).settled()
    assert "set up in part" in answer.text and "Manage Channels" in answer.text
    await (await guild.owner.choose(answer, "s1:setup.channel:review", [general])).settled()
    assert f"Panel and pending skips: <#{general.id}>" in answer.text
    assert "Everybody can see" in answer.text


async def test_nobody_else_chooses(stage: Stage) -> None:
    guild, general = fresh(stage)
    answer = await (await guild.owner.command("setup", general)).settled()
    before = await stage.app.stores.configuration.raw_settings(int(guild.id))
    stranger = guild.join("Stranger")
    forged = (
        ("s1:setup.role", [str(guild.everyone.id)]),
        ("s1:setup.channel:queue", [str(general.id)]),
        ("s1:setup.ladder", ["lines"]),
        ("s1:setup.ladder", ["more"]),
        ("s1:setup.more:alerts", [str(general.id)]),
        ("s1:setup.more:alerts", []),
    )
    for custom_id, values in forged:
        pressed = await stranger.choose(answer, custom_id, values, forge=True)
        assert "may manage this server" in await said(pressed)
    pressed = await stranger.press(answer, "s1:setup.first", forge=True)
    assert "may manage this server" in await said(pressed)
    wrong = (
        ("s1:setup.role", [str(guild.everyone.id)], "everybody could move the queue"),
        ("s1:setup.role", ["5"], "older message"),
        ("s1:setup.role", ["x"], "older message"),
        ("s1:setup.channel:queue", [str(stage.queue.id)], "older message"),
        ("s1:setup.channel:stage", [str(general.id)], "older message"),
        ("s1:setup.ladder", ["gold"], "older message"),
    )
    for custom_id, values, told in wrong:
        pressed = await guild.owner.choose(answer, custom_id, values, forge=True)
        assert told in await _refusal(pressed), custom_id
    assert await stage.app.stores.configuration.raw_settings(int(guild.id)) == before


async def _refusal(reply: Reply) -> str:
    """What the one who chose is told, which follows the promise of an answer."""
    return (await reply.followup()).text if reply.kind == "deferred_update" else await said(reply)


@pytest.mark.parametrize("ladder", ["skips", "lines"])
async def test_from_setup_to_the_first_song_played_by_buttons_alone(stage: Stage, ladder: str) -> None:
    guild, general = fresh(stage)
    answer = await (await guild.owner.command("setup", general)).settled()
    assert "**Skipline is set up.**" in answer.text
    await (await guild.owner.choose(answer, "s1:setup.ladder", [ladder])).settled()
    alice, mia = guild.join("Alice"), guild.join("Mia", roles=[guild.role("Reviewer")])
    portal = await with_button(guild.channel("submit-your-song"), "Submit a link")
    opened = await alice.press(portal, label="Submit a link")
    sent = await alice.submit(
        opened.modal, url="https://youtu.be/dQw4w9WgXcQ", artist="Alice", title="Night Bus"
    )
    assert "place **1** of 1" in (await sent.settled()).text
    panel = await with_button(guild.channel("song-review"), "Next")
    await panel.channel.wait_for(
        lambda messages: any("Night Bus" in each.text for each in messages), timeout=5
    )
    await (await mia.press(panel, label="Next")).settled()
    await guild.channel("song-queue").wait_for(
        lambda messages: any("**Night Bus**" in each.text for each in messages), timeout=5
    )
    await (await mia.press(panel, label="Next")).settled()
    song = await stage.app.stores.queue.song(int(guild.id), 1)
    assert song is not None and song.state == "played"
