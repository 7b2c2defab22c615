"""Interactions: from what a person does to the callback and the follow-ups of the bot.

Source: Discord's developer documentation, topic Receiving and Responding to Interactions.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, cast

from sandbox.discord import limits, payloads
from sandbox.discord.attachments import clean
from sandbox.discord.messages import (
    CHAT_INPUT_COMMAND,
    CONTEXT_MENU_COMMAND,
    DEFAULT,
    EPHEMERAL,
    LOADING,
    REPLY,
    Message,
    number,
)
from sandbox.discord.postbox import check_edit
from sandbox.discord.refusals import Refusal, invalid

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.discord.channels import Channel
    from sandbox.discord.guilds import Guild
    from sandbox.discord.members import User
    from sandbox.discord.messages import Upload
    from sandbox.discord.refusals import Json
    from sandbox.discord.rest import Moment
    from sandbox.discord.server import Sandbox

COMMAND: Final = 2
COMPONENT: Final = 3
AUTOCOMPLETE: Final = 4
MODAL_SUBMIT: Final = 5

MESSAGE: Final = 4
DEFERRED_MESSAGE: Final = 5
DEFERRED_UPDATE: Final = 6
UPDATE: Final = 7
CHOICES: Final = 8
MODAL: Final = 9

_NAMES: Final = {
    MESSAGE: "message",
    DEFERRED_MESSAGE: "deferred",
    DEFERRED_UPDATE: "deferred_update",
    UPDATE: "update",
    CHOICES: "choices",
    MODAL: "modal",
}
_ALLOWED: Final = {
    COMMAND: (MESSAGE, DEFERRED_MESSAGE, MODAL, 10, 12),
    COMPONENT: (MESSAGE, DEFERRED_MESSAGE, DEFERRED_UPDATE, UPDATE, MODAL, 10, 12),
    AUTOCOMPLETE: (CHOICES,),
    MODAL_SUBMIT: (MESSAGE, DEFERRED_MESSAGE, DEFERRED_UPDATE, UPDATE, 10, 12),
}
TOKEN_SECONDS: Final = 900.0


@dataclass(slots=True, eq=False)
class Interaction:
    """One act of a person, until its token expires."""

    id: int
    type: int
    user: User
    guild: Guild | None
    channel: Channel
    data: Json
    message: Message | None
    created_at: float
    metadata: Json
    command_type: int = 1
    token: str = field(default_factory=lambda: secrets.token_urlsafe(48))
    started: float = field(default_factory=time.perf_counter)
    answered: int | None = None
    abandoned: bool = False
    latency: float | None = None
    original: Message | None = None
    modal: Json | None = None
    choices: list[Json] = field(default_factory=list[Any])
    followups: list[Message] = field(default_factory=list[Message])
    first: asyncio.Future[None] = field(default_factory=asyncio.Future[None])
    settled: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def kind(self) -> str | None:
        """The name of the first answer's kind, None before it."""
        return None if self.answered is None else _NAMES[self.answered]


class Interactions:
    """All interactions of a sandbox. `deadline` in seconds is what the bot has for its first answer."""

    def __init__(self, sandbox: Sandbox, deadline: float) -> None:
        self.deadline = deadline
        self._sandbox = sandbox
        self._by_token: dict[str, Interaction] = {}

    def dispatch(
        self,
        type: int,
        user: User,
        channel: Channel,
        data: Json,
        *,
        message: Message | None = None,
        command_type: int = 1,
        trigger: Json | None = None,
    ) -> tuple[Interaction, bool]:
        """Send an interaction to the bot. The second value is False where no session is there to get it."""
        sandbox = self._sandbox
        guild = channel.guild
        interaction_id = sandbox.world.snowflakes.next()
        owners = {"0": str(guild.id) if guild is not None else "0"}
        metadata: Json = {
            "id": str(interaction_id),
            "type": type,
            "user": payloads.user(user),
            "authorizing_integration_owners": owners,
        }
        if type == COMMAND:
            metadata["name"] = data["name"]
            metadata["command_type"] = command_type
            if command_type == 2:
                metadata["target_user"] = data["resolved"]["users"][data["target_id"]]
            elif command_type == 3:
                metadata["target_message_id"] = data["target_id"]
        elif type == COMPONENT and message is not None:
            metadata["interacted_message_id"] = str(message.id)
        elif type == MODAL_SUBMIT:
            metadata["triggering_interaction_metadata"] = trigger
        interaction = Interaction(
            id=interaction_id,
            type=type,
            user=user,
            guild=guild,
            channel=channel,
            data=data,
            message=message,
            created_at=sandbox.world.clock(),
            metadata=metadata,
            command_type=command_type,
        )
        self._forget_expired(interaction.created_at)
        self._by_token[interaction.token] = interaction
        reached = sandbox.gateway.dispatch("INTERACTION_CREATE", self._payload(interaction, owners), guild)
        interaction.started = time.perf_counter()
        return interaction, reached > 0

    def find(self, token: str, interaction_id: int | None = None) -> Interaction | None:
        """Find an interaction by its token, and its id where given."""
        found = self._by_token.get(token)
        return found if found is not None and interaction_id in {None, found.id} else None

    def by_token(self, application_id: int, token: str) -> Interaction:
        """Find an answered interaction for a webhook route.

        Raises Refusal 10015 before the first answer or for another application, 50027 for a wrong or expired
        token.
        """
        found = self._by_token.get(token)
        if found is None or self._sandbox.clock() - found.created_at > TOKEN_SECONDS:
            raise Refusal(50027)
        if application_id != self._sandbox.application_id or found.answered in {None, CHOICES, MODAL}:
            raise Refusal(10015)
        return found

    def answer(
        self,
        interaction: Interaction | None,
        body: Json,
        files: Mapping[int, Upload],
        received: Moment,
    ) -> Message | None:
        """Take the bot's first answer, which was `received` when its last byte was read.

        Latency and deadline are both judged by that moment, so that the sandbox's own work does not count
        against the bot. Returns the message it made or changed.
        """
        if interaction is None:
            raise Refusal(10062)
        if interaction.answered is not None:
            raise Refusal(40060)
        if interaction.abandoned or received.at - interaction.created_at > self.deadline:
            raise Refusal(10062)
        kind = body.get("type")
        allowed = _ALLOWED[interaction.type]
        if kind not in allowed or (kind in {UPDATE, DEFERRED_UPDATE} and interaction.message is None):
            names = ", ".join(map(str, allowed))
            raise invalid("type", "BASE_TYPE_CHOICES", f"Value must be one of {{{names}}}.")
        data: Any = body.get("data") or {}
        if not isinstance(data, dict):
            raise invalid("data", "MODEL_TYPE_CONVERT", "Only dictionaries may be used in a ModelType")
        try:
            message = self._take(interaction, cast("int", kind), cast("Json", data), files)
        except limits.Invalid as error:
            raise Refusal(50035, errors=error.under("data").errors) from None
        interaction.answered = cast("int", kind)
        interaction.latency = received.elapsed - interaction.started
        interaction.original = message
        if kind not in {DEFERRED_MESSAGE, DEFERRED_UPDATE}:
            interaction.settled.set()
        if not interaction.first.done():
            interaction.first.set_result(None)
        return message

    def follow_up(self, interaction: Interaction, body: Json, files: Mapping[int, Upload]) -> Message:
        """Post a further message; right after a deferred answer it becomes that answer, as documented."""
        self._check_files(interaction, files)
        original = interaction.original
        if interaction.answered == DEFERRED_MESSAGE and original is not None and original.loading:
            self.edit(interaction, original, body, files)
            return original
        limits.message(body, files=_names(files))
        if limits.is_empty(body, len(files)):
            raise Refusal(50006)
        hidden = bool(int(body.get("flags") or 0) & EPHEMERAL)
        metadata = interaction.metadata
        if original is not None:
            metadata = metadata | {"original_response_message_id": str(original.id)}
        message = self._sandbox.world.postbox.post(
            interaction.channel,
            self._sandbox.bot,
            body,
            files,
            type=REPLY if original is not None and original.visible_to is None else DEFAULT,
            visible_to=interaction.user.id if hidden else None,
            interaction=metadata,
            by_application=self._sandbox.application_id,
            answers=original if original is not None and original.visible_to is None else None,
        )
        interaction.followups.append(message)
        interaction.settled.set()
        interaction.channel.changed()
        return message

    def edit(
        self, interaction: Interaction, message: Message, body: Json, files: Mapping[int, Upload]
    ) -> None:
        """Change one of the interaction's messages."""
        self._check_files(interaction, files)
        check_edit(message, body, files)
        if message.loading and limits.is_empty(body, len(files)):
            raise Refusal(50006)
        self._sandbox.world.postbox.edit(message, body, files)
        if message is interaction.original:
            interaction.settled.set()

    def message_of(self, interaction: Interaction, message_id: str) -> Message:
        """Find a message a token reaches. Raises Refusal 10008."""
        candidates = [interaction.original, *interaction.followups]
        for message in candidates:
            if message is not None and not message.deleted and message_id in {"@original", str(message.id)}:
                return message
        raise Refusal(10008)

    def callback_object(self, interaction: Interaction, message: Message | None) -> Json:
        """Write what `with_response=true` gives."""
        body: Json = {"interaction": {"id": str(interaction.id), "type": interaction.type}}
        if message is not None:
            body["interaction"] |= {
                "response_message_id": str(message.id),
                "response_message_loading": message.loading,
                "response_message_ephemeral": message.ephemeral,
            }
            if interaction.answered in {MESSAGE, UPDATE}:
                shown = payloads.message(message, self._sandbox.world.attachments.sign)
                body["resource"] = {"type": interaction.answered, "message": shown}
        return body

    def _forget_expired(self, now: float) -> None:
        oldest = next(iter(self._by_token.values()), None)
        if oldest is not None and now - oldest.created_at > TOKEN_SECONDS:
            del self._by_token[oldest.token]

    def _take(
        self, interaction: Interaction, kind: int, data: Json, files: Mapping[int, Upload]
    ) -> Message | None:
        if kind == CHOICES:
            limits.autocomplete(data)
            interaction.choices = data.get("choices") or []
            return None
        if kind == MODAL:
            limits.modal(data)
            interaction.modal = data | {"components": number(data["components"])}
            return None
        if interaction.channel.deleted:
            raise Refusal(10003)
        if kind == DEFERRED_MESSAGE:
            return self._post(interaction, {"flags": limits.deferral(data) & EPHEMERAL}, {}, LOADING)
        if kind == DEFERRED_UPDATE:
            return interaction.message
        self._check_files(interaction, files)
        if kind == UPDATE:
            message = interaction.message
            assert message is not None
            if message.deleted:
                raise Refusal(10008)
            check_edit(message, data, files)
            self._sandbox.world.postbox.edit(message, data, files)
            return message
        limits.message(data, files=_names(files))
        if limits.is_empty(data, len(files)):
            raise Refusal(50006)
        return self._post(interaction, data, files)

    def _post(
        self, interaction: Interaction, data: Json, files: Mapping[int, Upload], flags: int = 0
    ) -> Message:
        hidden = bool(int(data.get("flags") or 0) & EPHEMERAL)
        answers: Message | None = None
        if interaction.type == COMMAND:
            type_ = CHAT_INPUT_COMMAND if interaction.command_type == 1 else CONTEXT_MENU_COMMAND
        elif interaction.message is not None and interaction.message.visible_to is None:
            type_, answers = REPLY, interaction.message
        else:
            type_ = DEFAULT
        return self._sandbox.world.postbox.post(
            interaction.channel,
            self._sandbox.bot,
            data,
            files,
            type=type_,
            flags=flags,
            visible_to=interaction.user.id if hidden else None,
            interaction=interaction.metadata,
            by_application=self._sandbox.application_id,
            answers=answers,
        )

    def _check_files(self, interaction: Interaction, files: Mapping[int, Upload]) -> None:
        limit = interaction.guild.upload_limit if interaction.guild is not None else 10 * 2**20
        if any(len(upload.content) > limit for upload in files.values()):
            raise Refusal(40005)

    def _payload(self, interaction: Interaction, owners: Json) -> Json:
        sandbox, guild, channel = self._sandbox, interaction.guild, interaction.channel
        shown = payloads.channel(channel)
        body: Json = {
            "id": str(interaction.id),
            "application_id": str(sandbox.application_id),
            "type": interaction.type,
            "token": interaction.token,
            "version": 1,
            "data": interaction.data,
            "channel": shown,
            "channel_id": str(channel.id),
            "locale": interaction.user.locale,
            "entitlements": [],
            "authorizing_integration_owners": owners,
            "context": 1 if guild is None else 0,
            "attachment_size_limit": guild.upload_limit if guild is not None else 10 * 2**20,
        }
        if guild is None:
            body["user"] = payloads.user(interaction.user)
            body["app_permissions"] = str(1 << 10 | 1 << 11 | 1 << 14 | 1 << 15 | 1 << 16)
        else:
            permissions = str(guild.permissions(interaction.user.id, channel))
            shown["permissions"] = permissions
            shown.pop("permission_overwrites")
            body["guild_id"] = str(guild.id)
            body["guild_locale"] = guild.locale
            body["guild"] = {"id": str(guild.id), "locale": guild.locale, "features": []}
            body["app_permissions"] = str(guild.permissions(sandbox.bot.id, channel))
            member = guild.members[interaction.user.id]
            body["member"] = payloads.member(member) | {"permissions": permissions}
        if interaction.message is not None:
            body["message"] = payloads.message(interaction.message, sandbox.world.attachments.sign)
        return body


def _names(files: Mapping[int, Upload]) -> list[str]:
    return [clean(upload.filename) for upload in files.values()]
