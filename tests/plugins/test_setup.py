from __future__ import annotations

import asyncio
import secrets

import pytest

from sandbox.discord import Channel, Guild, Overwrite, OverwriteType, Permission
from sandbox.discord.guilds import BOT
from state.configure import Configuration
from state.ladder import LINES, SKIPS
from tests.stage import Stage, until


def fresh(stage: Stage, bot_permissions: int = BOT) -> tuple[Guild, Channel]:
    """A server in which nothing was ever set up."""
    guild = stage.discord.create_guild(
        f"New {secrets.token_hex(3)}", owner="Olga", bot_permissions=bot_permissions
    )
    return guild, guild.create_channel("general")


def names(guild: Guild) -> list[str]:
    return sorted(channel.name for channel in guild.channels)


async def displayed(configuration: Configuration, guild: Guild) -> dict[str, tuple[int, int]]:
    """The displays, once each has its message."""

    async def posted() -> bool:
        places = await configuration.displays(int(guild.id))
        return bool(places) and all(message for _, message in places.values())

    await until(posted)
    return await configuration.displays(int(guild.id))


async def test_a_new_server_is_ready_after_one_command(stage: Stage) -> None:
    guild, general = fresh(stage)
    configuration = stage.app.stores.configuration
    reply = await guild.owner.command("setup", general)
    assert reply.kind == "deferred" and reply.ephemeral
    await reply.settled()
    assert "**Skipline is set up.**" in reply.text and "**Reviewer**" in reply.text
    assert names(guild) == ["general", "song-queue", "song-review", "submit-your-song"]
    settings = await configuration.settings(int(guild.id))
    assert settings.reviewer_role == guild.role("Reviewer").id
    assert guild.role("Reviewer").permissions == 0
    assert {kind: guild.channel_by_id[id_].name for kind, id_ in settings.channels.items()} == {
        "submissions": "submit-your-song",
        "queue": "song-queue",
        "review": "song-review",
    }
    places = await displayed(configuration, guild)
    assert sorted(places) == ["pending", "portal", "public", "reviewer"]

    artist, host = guild.join("Alice"), guild.join("Mia", roles=[guild.role("Reviewer")])
    review, shown = guild.channel("song-review"), guild.channel("song-queue")
    assert not artist.permissions(review) & Permission.VIEW_CHANNEL
    assert host.permissions(review) & Permission.SEND_MESSAGES
    assert artist.permissions(shown) & Permission.VIEW_CHANNEL
    assert not artist.permissions(shown) & Permission.SEND_MESSAGES
    sent = await artist.command(
        "submit link",
        guild.channel("submit-your-song"),
        url="https://youtu.be/dQw4w9WgXcQ",
        artist="Alice",
        title="Night Bus",
    )
    assert "place **1** of 1" in sent.text
    panel = await review.wait_for(
        lambda messages: next((m for m in messages if m.component(label="Next")), None), timeout=5
    )
    pressed = await host.press(panel, label="Next")
    assert pressed.ok, pressed


async def test_running_it_again_changes_nothing(stage: Stage) -> None:
    guild, general = fresh(stage)
    configuration = stage.app.stores.configuration
    await (await guild.owner.command("setup", general)).settled()
    before = names(guild), len(guild.roles), await displayed(configuration, guild)
    for _ in range(2):
        reply = await guild.owner.command("setup", general)
        await reply.settled()
        assert "as before" in reply.text and "made just now" not in reply.text
    assert (names(guild), len(guild.roles), await displayed(configuration, guild)) == before


async def test_what_was_renamed_is_kept_and_what_was_deleted_is_made_again(stage: Stage) -> None:
    guild, general = fresh(stage)
    configuration, world = stage.app.stores.configuration, stage.discord.world
    await (await guild.owner.command("setup", general)).settled()
    shown = guild.channel("song-queue")
    lost = guild.create_channel("bookmarks")
    await guild.owner.command("settings set", general, name="bookmarks_channel", value=str(lost.id))
    before = await displayed(configuration, guild)
    shown.name, guild.role("Reviewer").name = "now-on", "Jury"
    world.delete_channel(guild.channel("song-review"))
    world.delete_channel(lost)
    reply = await guild.owner.command("setup", general)
    await reply.settled()
    assert names(guild) == ["general", "now-on", "song-review", "submit-your-song"]
    assert [role.name for role in guild.roles if role.name in ("Jury", "Reviewer")] == ["Jury"]
    assert "**Jury**" in reply.text and "The channel of `bookmarks_channel` is gone" in reply.text
    after = await displayed(configuration, guild)
    assert after["public"] == before["public"] and after["portal"] == before["portal"]
    assert after["reviewer"][0] == after["pending"][0] == guild.channel("song-review").id

    world.delete_role(guild.role("Jury"))
    await guild.owner.command("settings set", general, name="bookmarks_channel", value="none")
    reply = await guild.owner.command("setup", general)
    await reply.settled()
    assert "**Skipline is set up.**" in reply.text and "**Reviewer**" in reply.text
    host = guild.join("Mia", roles=[guild.role("Reviewer")])
    assert host.permissions(guild.channel("song-review")) & Permission.VIEW_CHANNEL
    assert (await host.command("review next", general)).ok


async def test_what_is_chosen_is_used(stage: Stage) -> None:
    guild, general = fresh(stage)
    role = guild.create_role("DJ")
    booth = guild.create_channel("booth", private_to=[role])
    reply = await guild.owner.command(
        "setup", general, reviewer_role=role, queue=general, review=booth, ladder="lines"
    )
    await reply.settled()
    assert "**Skipline is set up.**" in reply.text and "as you chose" in reply.text
    assert "BackToBack > DoubleSkip > Skip > Free" in reply.text
    assert names(guild) == ["booth", "general", "submit-your-song"]
    configuration = stage.app.stores.configuration
    assert await configuration.ladder(int(guild.id)) == LINES
    assert (await configuration.settings(int(guild.id))).reviewer_role == role.id
    assert (await displayed(configuration, guild))["reviewer"][0] == booth.id


async def test_displays_move_with_their_channel(stage: Stage) -> None:
    guild, general = fresh(stage)
    configuration = stage.app.stores.configuration
    await (await guild.owner.command("setup", general)).settled()
    _, message = (await displayed(configuration, guild))["public"]
    old = guild.channel("song-queue")
    await (await guild.owner.command("setup", general, queue=general)).settled()
    places = await displayed(configuration, guild)
    assert places["public"][0] == general.id
    assert all(each.id != message for each in old.messages)


async def test_a_deleted_display_comes_back(stage: Stage) -> None:
    guild, general = fresh(stage)
    configuration = stage.app.stores.configuration
    await (await guild.owner.command("setup", general)).settled()
    _, message = (await displayed(configuration, guild))["public"]
    channel = guild.channel("song-queue")
    stage.discord.world.delete_message(next(each for each in channel.messages if each.id == message))
    await (await guild.owner.command("setup", general)).settled()
    await channel.wait_for(lambda messages: len(messages) == 1, timeout=5)


async def test_without_permissions_it_says_what_is_off(stage: Stage) -> None:
    guild, general = fresh(stage, int(Permission.VIEW_CHANNEL))
    reply = await guild.owner.command("setup", general)
    await reply.settled()
    assert "set up in part" in reply.text
    assert "Manage Roles" in reply.text and "Manage Channels" in reply.text
    assert "only those who may manage the server" in reply.text
    assert names(guild) == ["general"]
    # Given the permissions, the next run completes it.
    stage.discord.world.update_role(guild.bot_role, permissions=BOT)
    reply = await guild.owner.command("setup", general)
    await reply.settled()
    assert "**Skipline is set up.**" in reply.text


async def test_displays_that_cannot_be_pinned_are_told_of_and_pinned_later(stage: Stage) -> None:
    guild, general = fresh(stage, BOT & ~int(Permission.PIN_MESSAGES))
    reply = await guild.owner.command("setup", general)
    await reply.settled()
    places = ", ".join(
        f"<#{guild.channel(name).id}>" for name in ("submit-your-song", "song-queue", "song-review")
    )
    assert f"In {places} I lack **Pin Messages**: displays are not pinned" in reply.text
    await displayed(stage.app.stores.configuration, guild)
    queue = guild.channel("song-queue")
    assert not queue.pins
    stage.discord.world.update_role(guild.bot_role, permissions=BOT)
    reply = await guild.owner.command("setup", general)
    await reply.settled()
    assert "**Skipline is set up.**" in reply.text and "Pin Messages" not in reply.text
    assert [len(guild.channel(name).pins) for name in ("submit-your-song", "song-queue", "song-review")] == [
        1, 1, 2,
    ]  # fmt: skip
    told = [
        m
        for name in ("submit-your-song", "song-queue", "song-review")
        for m in guild.channel(name).messages
        if m.type == 6
    ]
    assert not told, "the lines by which Discord tells of the pins"


async def test_a_run_that_failed_half_way_is_completed(stage: Stage) -> None:
    guild, general = fresh(stage, BOT & ~int(Permission.MANAGE_ROLES))
    reply = await guild.owner.command("setup", general)
    await reply.settled()
    assert "set up in part" in reply.text and "I lack **Manage Roles**" in reply.text
    # What must be private is not made where it cannot be.
    assert names(guild) == ["general", "submit-your-song"]
    stage.discord.world.update_role(guild.bot_role, permissions=BOT)
    reply = await guild.owner.command("setup", general)
    await reply.settled()
    assert "**Skipline is set up.**" in reply.text
    host = guild.join("Mia", roles=[guild.role("Reviewer")])
    assert host.permissions(guild.channel("song-review")) & Permission.VIEW_CHANNEL


async def test_a_role_that_comes_later_sees_the_panel(stage: Stage) -> None:
    guild, general = fresh(stage)
    await (await guild.owner.command("setup", general)).settled()
    role = guild.create_role("DJ")
    reply = await guild.owner.command("setup", general, reviewer_role=role)
    await reply.settled()
    assert "**Skipline is set up.**" in reply.text
    assert guild.join("Mia", roles=[role]).permissions(guild.channel("song-review")) & Permission.VIEW_CHANNEL
    # A channel somebody chose is theirs to open.
    booth = guild.create_channel("booth", private_to=[guild.role("Reviewer")])
    reply = await guild.owner.command("setup", general, review=booth)
    await reply.settled()
    assert f"cannot see <#{booth.id}>" in reply.text


async def test_a_channel_left_open_by_a_broken_run_is_shut(stage: Stage) -> None:
    guild, general = fresh(stage)
    left = guild.create_channel("song-review")
    reply = await guild.owner.command("setup", general)
    await reply.settled()
    assert "which was there already" in reply.text and "**Skipline is set up.**" in reply.text
    assert not guild.join("Alice").permissions(left) & Permission.VIEW_CHANNEL


async def test_a_display_without_permission_is_told_of(stage: Stage) -> None:
    guild, general = fresh(stage)
    silent = Overwrite(guild.id, OverwriteType.ROLE, deny=int(Permission.EMBED_LINKS))
    board = guild.create_channel("board", [silent])
    reply = await guild.owner.command("setup", general, queue=board)
    await reply.settled()
    assert f"In <#{board.id}> I lack **Embed Links**" in reply.text
    configuration = stage.app.stores.configuration
    assert sorted(await displayed(configuration, guild)) == ["pending", "portal", "reviewer"]
    board.overwrites.clear()
    await (await guild.owner.command("setup", general)).settled()
    assert sorted(await displayed(configuration, guild)) == ["pending", "portal", "public", "reviewer"]


async def test_a_public_review_channel_is_told_of(stage: Stage) -> None:
    guild, general = fresh(stage)
    reply = await guild.owner.command("setup", general, review=general)
    await reply.settled()
    assert f"Everybody can see <#{general.id}>" in reply.text


async def test_only_those_who_manage_the_server_may(stage: Stage) -> None:
    for person in (stage.alice, stage.host):
        assert not person.offers("setup", stage.review)
        reply = await person.command("setup", stage.review, forge=True)
        assert reply.ephemeral and "may manage this server" in reply.text
    assert stage.mod.offers("setup", stage.review)


async def test_everyone_is_no_reviewer_role(stage: Stage) -> None:
    reply = await stage.owner.command("setup", stage.review, reviewer_role=stage.guild.everyone)
    assert "everybody could move the queue" in reply.text
    settings = await stage.app.stores.configuration.settings(stage.id)
    assert settings.reviewer_role == stage.reviewer.id


async def test_two_at_once_make_nothing_twice(stage: Stage) -> None:
    guild, general = fresh(stage)
    replies = await asyncio.gather(*(guild.owner.command("setup", general) for _ in range(3)))
    for reply in replies:
        await reply.settled()
    assert sum("is set up" in reply.text for reply in replies) == 1
    assert sum("right now" in reply.text for reply in replies) == 2
    assert names(guild) == ["general", "song-queue", "song-review", "submit-your-song"]
    assert [role.name for role in guild.roles].count("Reviewer") == 1


async def test_a_ladder_songs_still_need_is_not_taken_away(stage: Stage) -> None:
    sent = await stage.alice.command(
        "submit link",
        stage.submissions,
        url="https://youtu.be/dQw4w9WgXcQ",
        artist="Alice",
        title="Night Bus",
        tier="5 Skip",
    )
    assert sent.ok
    assert (await stage.host.command("review approve", stage.review, song="#1", tier="5 Skip")).ok
    reply = await stage.owner.command(
        "setup",
        stage.review,
        ladder="lines",
        submissions=stage.submissions,
        queue=stage.queue,
        review=stage.review,
    )
    await reply.settled()
    assert "Songs still wait in a tier that the new ladder lacks: #1" in reply.text
    assert await stage.app.stores.configuration.ladder(stage.id) == SKIPS


async def test_a_server_never_set_up_works(stage: Stage) -> None:
    guild, general = fresh(stage)
    artist = guild.join("Alice")
    sent = await artist.command(
        "submit link", general, url="https://youtu.be/dQw4w9WgXcQ", artist="Alice", title="Night Bus"
    )
    assert "place **1** of 1, Free" in sent.text
    assert ("5 Skip", "5 Skip") in await artist.autocomplete("submit link", "tier", "", general)
    assert "reviewer" in (await artist.command("review next", general)).text
    assert "Night Bus" in (await guild.owner.command("review next", general)).text


pytestmark = pytest.mark.usefixtures("stage")
