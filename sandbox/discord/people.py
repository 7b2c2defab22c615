"""People: members of a guild who act through Discord's client, and see what it would show them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sandbox.discord import forms, menus
from sandbox.discord.commands import MESSAGE, USER, descend, localized, nest
from sandbox.discord.interactions import AUTOCOMPLETE, COMMAND, COMPONENT, MODAL_SUBMIT
from sandbox.discord.messages import BUTTON, LINK_STYLE, STRING_SELECT
from sandbox.discord.options import ClientRefused, Resolved, fill
from sandbox.discord.permissions import ALL, Permission
from sandbox.discord.replies import Reply, choices

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sandbox.discord.channels import Channel
    from sandbox.discord.guilds import Guild
    from sandbox.discord.interactions import Interaction
    from sandbox.discord.members import Member, Role, User
    from sandbox.discord.messages import Message, Upload
    from sandbox.discord.refusals import Json
    from sandbox.discord.replies import Modal
    from sandbox.discord.server import Sandbox


class Person:
    """One user in one guild. Where `forge` is True, nothing is checked that a modified client could send."""

    def __init__(self, sandbox: Sandbox, user: User, guild: Guild) -> None:
        self.sandbox = sandbox
        self.user = user
        self.guild = guild

    @property
    def id(self) -> int:
        """The user's id."""
        return self.user.id

    @property
    def name(self) -> str:
        """The user's name."""
        return self.user.name

    @property
    def mention(self) -> str:
        """How text mentions this person."""
        return self.user.mention

    @property
    def member(self) -> Member:
        """The membership. Raises KeyError for one who left."""
        return self.guild.members[self.id]

    @property
    def roles(self) -> list[Role]:
        """The roles given to this person."""
        return [self.guild.role_by_id[role_id] for role_id in self.member.role_ids]

    @property
    def dm(self) -> Channel:
        """The direct channel with the bot."""
        return self.sandbox.world.direct_channel(self.user)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Person) and other.user is self.user and other.guild is self.guild

    def __hash__(self) -> int:
        return hash((self.user.id, self.guild.id))

    def __repr__(self) -> str:
        return f"<Person {self.name} {self.id}>"

    def permissions(self, channel: Channel | None = None) -> int:
        """Give this person's permissions in the guild or a channel."""
        if channel is not None and channel.guild is None:
            return ALL if channel.recipient is self.user else 0
        return self.guild.permissions(self.id, channel)

    def can_see(self, message: Message) -> bool:
        """Whether this message is on this person's screen."""
        channel = message.channel
        if message.deleted or channel.deleted or message.visible_to not in {None, self.id}:
            return False
        return bool(self.permissions(channel) & Permission.VIEW_CHANNEL)

    def sees(self, channel: Channel) -> list[Message]:
        """List the messages of a channel on this person's screen, oldest first."""
        return [message for message in channel.log.values() if self.can_see(message)]

    async def wait_until_sees(
        self, channel: Channel, predicate: Callable[[list[Message]], Any], timeout: float = 15.0
    ) -> Any:
        """Wait until `predicate` says something true of what this person sees, and return that."""
        return await channel.wait_until(lambda: predicate(self.sees(channel)), timeout)

    async def command(
        self,
        name: str,
        /,
        channel: Channel | None = None,
        *,
        options: Mapping[str, Any] | None = None,
        forge: bool = False,
        **values: Any,
    ) -> Reply:
        """Run a slash command, by its full name such as `queue show`.

        Options are given by name; `options` takes those whose names are no Python names or are taken. Raises
        ClientRefused for what the client would not offer or send.
        """
        where = self._where(channel)
        command, way, declared = self._declared(name, where, forge=forge)
        resolved = Resolved(self, where)
        filled = fill(declared, {**(options or {}), **values}, resolved, forge=forge)
        data = self._command_data(command, nest(way, filled), resolved)
        return await self._act(COMMAND, where, data)

    def choices(self, name: str, option: str, /, channel: Channel | None = None) -> list[tuple[str, Any]]:
        """The fixed choices of an option as (name in this person's language, value). Raises ClientRefused."""
        _, _, declared = self._declared(name, self._where(channel), forge=False)
        found = next((each.get("choices") or () for each in declared if each["name"] == option), ())
        return [(localized(each, self.user.locale), each["value"]) for each in found]

    async def autocomplete(
        self,
        name: str,
        option: str,
        text: str,
        /,
        channel: Channel | None = None,
        *,
        options: Mapping[str, Any] | None = None,
        **values: Any,
    ) -> list[tuple[str, Any]]:
        """Type into an option and get its suggestions as (name, value).

        Raises TimeoutError where none come in time, ClientRefused as `command` does.
        """
        where = self._where(channel)
        command, way, declared = self._declared(name, where, forge=False)
        resolved = Resolved(self, where)
        filled = fill(declared, {**(options or {}), **values}, resolved, focused=(option, text))
        data = self._command_data(command, nest(way, filled), resolved)
        reply = await self._act(AUTOCOMPLETE, where, data)
        if not reply.ok:
            raise TimeoutError("Loading options failed")
        return choices(reply.interaction)

    async def use_on(
        self, name: str, target: Message | Person, channel: Channel | None = None, *, forge: bool = False
    ) -> Reply:
        """Run a context menu command on a message or a person."""
        kind = USER if isinstance(target, Person) else MESSAGE
        where = self._where(channel or (None if isinstance(target, Person) else target.channel))
        command = self._offered(name, where, kind, forge=forge)
        resolved = Resolved(self, where)
        if isinstance(target, Person):
            resolved.user(target.user)
        elif forge or self.can_see(target):
            resolved.message(target)
        else:
            raise ClientRefused("the message is not on this person's screen")
        data = self._command_data(command, None, resolved) | {"target_id": str(target.id)}
        return await self._act(COMMAND, where, data, command_type=kind)

    async def press(
        self, message: Message, custom_id: str | None = None, *, label: str | None = None, forge: bool = False
    ) -> Reply:
        """Press a button, by its custom_id or its label. Raises ClientRefused."""
        found = message.component(custom_id, label=label)
        if not forge:
            self._check_component(message, found, custom_id or label)
            assert found is not None
            if found["type"] != BUTTON or found.get("style") == LINK_STYLE:
                raise ClientRefused(f"{custom_id or label!r} is no button to press")
        data: Json = {
            "custom_id": custom_id if found is None else found["custom_id"],
            "component_type": BUTTON,
            "id": 1 if found is None else found["id"],
        }
        return await self._act(COMPONENT, message.channel, data, message=message)

    async def choose(
        self, message: Message, custom_id: str, values: Sequence[Any], *, forge: bool = False
    ) -> Reply:
        """Choose from a select menu: values or labels of its options, or people, roles, channels."""
        found = message.component(custom_id)
        resolved = Resolved(self, message.channel)
        if forge:
            kind = STRING_SELECT if found is None else found["type"]
            sent = [str(value) for value in values]
        else:
            self._check_component(message, found, custom_id)
            assert found is not None
            kind, sent = found["type"], menus.select(found, values, resolved)
        data: Json = {
            "custom_id": custom_id,
            "component_type": kind,
            "id": 1 if found is None else found["id"],
            "values": sent,
        } | resolved.body
        return await self._act(COMPONENT, message.channel, data, message=message)

    async def submit(
        self,
        modal: Modal | None,
        fields: Mapping[str, Any] | None = None,
        /,
        *,
        forge: bool = False,
        **values: Any,
    ) -> Reply:
        """Fill in a modal shown to this person and send it; what is not given keeps its preset value.

        Fields are named by custom_id. Raises ClientRefused.
        """
        if modal is None:
            raise ClientRefused("no modal was shown")
        shown = modal.interaction
        if not forge and (shown.user is not self.user or modal.closed):
            raise ClientRefused("the modal is not on this person's screen")
        resolved = Resolved(self, shown.channel)
        components = forms.fill(modal, {**(fields or {}), **values}, resolved, forge=forge)
        data: Json = {"custom_id": modal.custom_id, "components": components} | resolved.body
        reply = await self._act(
            MODAL_SUBMIT, shown.channel, data, message=shown.message, trigger=shown.metadata
        )
        # After a failure the client leaves the modal open, to send it again.
        modal.closed = reply.ok
        return reply

    async def say(
        self,
        channel: Channel,
        text: str = "",
        files: Sequence[Upload] = (),
        *,
        reply_to: Message | None = None,
    ) -> Message:
        """Write a message. Raises ClientRefused without the permission, or for a file that is too large."""
        held = self.permissions(channel)
        if channel.deleted or not held & Permission.VIEW_CHANNEL or not held & Permission.SEND_MESSAGES:
            raise ClientRefused("this person cannot write there")
        if files and not held & Permission.ATTACH_FILES:
            raise ClientRefused("this person cannot attach files there")
        limit = max(self.user.upload_limit, self.guild.upload_limit if channel.guild is not None else 0)
        if any(len(upload.content) > limit for upload in files):
            raise ClientRefused(f"the file is larger than {limit} bytes")
        if len(text) > 4000 or not (text.strip() or files):
            raise ClientRefused("a message has 1 to 4000 characters, or a file")
        body: Json = {"content": text}
        if reply_to is not None:
            body["message_reference"] = {"message_id": str(reply_to.id)}
        return self.sandbox.world.postbox.post(channel, self.user, body, dict(enumerate(files)))

    async def edit(self, message: Message, text: str) -> None:
        """Change one's own message. Raises ClientRefused for another's."""
        if message.author is not self.user or message.deleted:
            raise ClientRefused("not this person's message")
        self.sandbox.world.postbox.edit(message, {"content": text})

    async def delete(self, message: Message) -> None:
        """Delete a message: one's own, or any with the permission. Raises ClientRefused."""
        held = self.permissions(message.channel)
        if message.author is not self.user and not held & Permission.MANAGE_MESSAGES:
            raise ClientRefused("this person cannot delete that message")
        self.sandbox.world.delete_message(message)

    def pin(self, message: Message, pinned: bool = True) -> None:
        """Pin or unpin a message by hand. Raises ClientRefused without the permission."""
        held = self.permissions(message.channel)
        if not self.can_see(message) or not held & Permission.PIN_MESSAGES or message.visible_to is not None:
            raise ClientRefused("this person cannot pin that message")
        if message.pinned != pinned:
            self.sandbox.world.pin(message, pinned, self.user)

    def dismiss(self, message: Message) -> None:
        """Dismiss an ephemeral message; the bot is not told. Raises ClientRefused for any other."""
        if message.visible_to != self.id:
            raise ClientRefused("only one's own ephemeral messages can be dismissed")
        message.channel.log.pop(message.id, None)
        message.deleted = True
        message.channel.changed()

    def offers(self, name: str, channel: Channel | None = None, kind: int = 1) -> bool:
        """Whether the client offers this person a command by its first name."""
        try:
            self._offered(name.split()[0] if kind == 1 else name, self._where(channel), kind, forge=False)
        except ClientRefused:
            return False
        return True

    def _where(self, channel: Channel | None) -> Channel:
        if channel is not None:
            return channel
        for found in self.guild.channels:
            if found.type == 0 and self.permissions(found) & Permission.VIEW_CHANNEL:
                return found
        raise ClientRefused("this person sees no channel")

    def _offered(self, name: str, channel: Channel, kind: int, *, forge: bool) -> Json:
        guild_id = None if channel.guild is None else channel.guild.id
        command = self.sandbox.commands.find(name, guild_id, kind, self.user.locale)
        if command is None:
            raise ClientRefused(f"there is no command {name!r}")
        if forge:
            return command
        held = self.permissions(channel)
        if channel.deleted or not held & Permission.VIEW_CHANNEL:
            raise ClientRefused("this person does not see the channel")
        contexts = command.get("contexts")
        if contexts is not None and (1 if channel.guild is None else 0) not in contexts:
            raise ClientRefused(f"{name!r} is not offered here")
        needed = command["default_member_permissions"]
        if channel.guild is not None:
            if not held & Permission.USE_APPLICATION_COMMANDS:
                raise ClientRefused("this person may not use commands here")
            if needed is not None and held & Permission.ADMINISTRATOR == 0:
                wanted = int(needed)
                if wanted == 0 or held & wanted != wanted:
                    raise ClientRefused(f"{name!r} is not offered to this person")
        return command

    def _declared(self, name: str, channel: Channel, *, forge: bool) -> tuple[Json, list[Json], list[Json]]:
        first, *path = name.split()
        command = self._offered(first, channel, 1, forge=forge)
        try:
            way, declared = descend(command, path)
        except LookupError:
            raise ClientRefused(f"there is no command {name!r}") from None
        return command, way, declared

    def _command_data(self, command: Json, filled: list[Json] | None, resolved: Resolved) -> Json:
        data: Json = {"id": command["id"], "name": command["name"], "type": command["type"]}
        if filled is not None and (filled or command["type"] == 1):
            data["options"] = filled
        if "guild_id" in command:
            data["guild_id"] = command["guild_id"]
        return data | resolved.body

    def _check_component(self, message: Message, found: Json | None, wanted: str | None) -> None:
        if not self.can_see(message):
            raise ClientRefused("the message is not on this person's screen")
        if found is None:
            raise ClientRefused(f"{wanted!r} is not on the message, which has {message.custom_ids}")
        if found.get("disabled"):
            raise ClientRefused(f"{wanted!r} is disabled")

    async def _act(
        self,
        kind: int,
        channel: Channel,
        data: Json,
        *,
        message: Message | None = None,
        command_type: int = 1,
        trigger: Json | None = None,
    ) -> Reply:
        interactions = self.sandbox.interactions
        interaction, reached = interactions.dispatch(
            kind, self.user, channel, data, message=message, command_type=command_type, trigger=trigger
        )
        if reached:
            await _first_answer(interaction, interactions.deadline)
        # Without a session nobody can ever answer, so the wait is spared.
        interaction.abandoned = interaction.answered is None
        return Reply(interaction)


async def _first_answer(interaction: Interaction, deadline: float) -> None:
    await asyncio.wait((interaction.first,), timeout=deadline)
