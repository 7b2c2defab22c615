"""Context menus through Tanjun, select menus and modals through miru, as a bot of today is built."""

from __future__ import annotations

from typing import Any

import hikari
import miru
import pytest
import tanjun

from bot import tanjun_compat
from sandbox.discord import Channel, ClientRefused, Guild, Permission, Person, Sandbox, Upload
from tests.sandbox.connections import Bot, running

EPHEMERAL = hikari.MessageFlag.EPHEMERAL


class Menus(miru.View):
    """One select of every kind that names something of the guild; each says what was chosen."""

    def __init__(self) -> None:
        super().__init__(timeout=None)

    @miru.user_select(custom_id="menu:user", min_values=1, max_values=2)
    async def user(self, context: miru.ViewContext, select: miru.UserSelect) -> None:
        await context.respond("users " + " ".join(str(each.id) for each in select.values), flags=EPHEMERAL)

    @miru.role_select(custom_id="menu:role")
    async def role(self, context: miru.ViewContext, select: miru.RoleSelect) -> None:
        await context.respond("roles " + " ".join(each.name for each in select.values), flags=EPHEMERAL)

    @miru.channel_select(custom_id="menu:channel", channel_types=[hikari.ChannelType.GUILD_TEXT])
    async def channel(self, context: miru.ViewContext, select: miru.ChannelSelect) -> None:
        await context.respond("channels " + " ".join(str(each.id) for each in select.values), flags=EPHEMERAL)

    @miru.mentionable_select(custom_id="menu:both", max_values=2)
    async def both(self, context: miru.ViewContext, select: miru.MentionableSelect) -> None:
        users, roles = select.values.users, select.values.roles
        names = [*(each.username for each in users.values()), *(each.name for each in roles.values())]
        await context.respond("both " + " ".join(names), flags=EPHEMERAL)

    @miru.button(label="Rename", custom_id="menu:rename")
    async def rename(self, context: miru.ViewContext, button: miru.Button) -> None:
        await context.respond_with_modal(Rename())


class Rename(miru.Modal, title="Rename"):
    """A modal of one field."""

    name = miru.TextInput(label="Name", custom_id="name", required=True, max_length=20)

    async def callback(self, context: miru.ModalContext) -> None:
        await context.respond(f"called {self.name.value}", flags=EPHEMERAL)


@pytest.fixture
async def shown(bot: Bot, channel: Channel) -> Any:
    """The view on a message, and the client that hears it."""
    client = miru.Client(bot)
    view = Menus()
    sent = await bot.rest.create_message(channel.id, "Settings", components=view)
    client.start_view(view, bind_to=None)
    yield channel.log[sent.id]
    client.clear()


async def test_people_roles_and_channels_are_chosen(
    guild: Guild, channel: Channel, mia: Person, shown: Any
) -> None:
    role = guild.create_role("Reviewer")
    other = guild.create_channel("queue")
    said = await mia.choose(shown, "menu:user", [mia, guild.owner])
    assert (said.content, said.ephemeral) == (f"users {mia.id} {guild.owner.id}", True)
    assert (await mia.choose(shown, "menu:role", [role])).content == "roles Reviewer"
    assert (await mia.choose(shown, "menu:channel", [other])).content == f"channels {other.id}"
    assert (await mia.choose(shown, "menu:both", [guild.owner, role])).content == "both olga Reviewer"


async def test_a_select_takes_only_what_it_is_for(
    guild: Guild, channel: Channel, mia: Person, shown: Any
) -> None:
    role = guild.create_role("Reviewer")
    stranger = guild.sandbox.create_guild("Elsewhere").create_role("Reviewer")
    for custom_id, values in (
        ("menu:user", [role]),
        ("menu:user", [channel]),
        ("menu:user", []),
        ("menu:role", [mia]),
        ("menu:role", [role, role]),
        ("menu:role", [stranger.id]),
        ("menu:channel", [mia]),
        ("menu:channel", [guild.create_channel("Stage", type=2)]),
        ("menu:user", [mia, mia]),
        ("menu:both", [channel]),
    ):
        with pytest.raises(ClientRefused):
            await mia.choose(shown, custom_id, values)


async def test_a_modal_of_miru(guild: Guild, mia: Person, shown: Any) -> None:
    reply = await mia.press(shown, label="Rename")
    assert reply.modal is not None and reply.modal.title == "Rename"
    said = await mia.submit(reply.modal, name="Night Drive")
    assert (said.content, said.ephemeral) == ("called Night Drive", True)


@tanjun.as_message_menu("Submit this")
async def submit_this(context: tanjun.abc.MenuContext, message: hikari.Message) -> None:
    files = " ".join(each.filename for each in message.attachments)
    await context.respond(f"{message.author.username}: {message.content} {files}".strip())


@tanjun.as_user_menu("Points of")
async def points_of(context: tanjun.abc.MenuContext, user: hikari.InteractionMember | hikari.User) -> None:
    kind = "member" if isinstance(user, hikari.InteractionMember) else "user"
    await context.respond(f"{kind} {user.username}")


@tanjun.with_own_permission_check(hikari.Permissions.SEND_MESSAGES)
@tanjun.as_message_menu("Remove this", default_member_permissions=hikari.Permissions.MANAGE_MESSAGES)
async def remove_this(context: tanjun.abc.MenuContext, message: hikari.Message) -> None:
    await message.delete()
    await context.respond("Gone")


@pytest.fixture(scope="module")
async def menus(sandbox: Sandbox) -> Any:
    """A guild whose commands are three context menus of Tanjun."""
    guild = sandbox.create_guild("Late Night Reviews")
    bot = Bot(sandbox)
    tanjun_compat.mute_deprecations()
    client = tanjun.Client.from_gateway_bot(bot, declare_global_commands=guild.id)
    component = tanjun.Component(name="menus")
    for command in (submit_this, points_of, remove_this):
        component.add_menu_command(command.copy())
    client.add_component(component)
    async with running(bot):
        yield guild


async def test_a_message_is_submitted_from_its_menu(menus: Guild) -> None:
    channel, mia = menus.create_channel("submissions"), menus.join("Mia")
    said = await mia.say(channel, "my song", files=[Upload("song.mp3", b"audio")])
    reply = await menus.owner.use_on("Submit this", said)
    assert reply.content == "mia: my song song.mp3"
    assert reply.interaction.metadata["target_message_id"] == str(said.id)


async def test_the_content_of_a_message_is_given_without_the_intent(
    menus: Guild, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(menus.sandbox.gateway, "privileged", 0)
    channel = menus.create_channel("submissions")
    said = await menus.owner.say(channel, "https://example.com/song")
    assert (await menus.owner.use_on("Submit this", said)).content.endswith("https://example.com/song")


async def test_a_person_is_asked_about_from_their_menu(menus: Guild) -> None:
    channel, mia = menus.create_channel("submissions"), menus.join("Mia")
    reply = await menus.owner.use_on("Points of", mia, channel)
    assert reply.content == "member mia"
    menus.kick(mia)
    assert (await menus.owner.use_on("Points of", mia, channel)).content == "user mia"


async def test_who_is_offered_a_menu_and_on_what(menus: Guild) -> None:
    channel, mia = menus.create_channel("submissions"), menus.join("Mia")
    mod = menus.join("Mod", permissions=Permission.MANAGE_MESSAGES)
    said = await mia.say(channel, "spam")
    assert [person.offers("Remove this", channel, kind=3) for person in (mia, mod)] == [False, True]
    with pytest.raises(ClientRefused, match="not offered"):
        await mia.use_on("Remove this", said)
    with pytest.raises(ClientRefused, match="no command"):
        await mia.use_on("Points of", said)
    hidden = menus.create_channel("reviewers", private_to=[mod])
    secret = await mod.say(hidden, "between us")
    with pytest.raises(ClientRefused):
        await mia.use_on("Submit this", secret)
    assert (await mod.use_on("Remove this", said)).content == "Gone"
    with pytest.raises(ClientRefused, match="screen"):
        await mod.use_on("Submit this", said)
