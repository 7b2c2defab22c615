"""What a person gets back from the bot."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from sandbox.discord.commands import localized
from sandbox.discord.interactions import (
    COMMAND,
    COMPONENT,
    DEFERRED_MESSAGE,
    DEFERRED_UPDATE,
)
from sandbox.discord.messages import walk

if TYPE_CHECKING:
    from sandbox.discord.interactions import Interaction
    from sandbox.discord.messages import Message
    from sandbox.discord.refusals import Json

_NO_ANSWER = {COMMAND: "The application did not respond", COMPONENT: "This interaction failed"}


class Modal:
    """A modal on one person's screen. `Person.submit` sends it."""

    def __init__(self, interaction: Interaction) -> None:
        assert interaction.modal is not None
        self.interaction = interaction
        self.closed = False
        self._body = interaction.modal

    @property
    def custom_id(self) -> str:
        """The modal's custom_id."""
        return str(self._body["custom_id"])

    @property
    def title(self) -> str:
        """The modal's title."""
        return str(self._body["title"])

    @property
    def components(self) -> list[Json]:
        """The modal's rows and labels as the bot sent them, with ids."""
        return self._body["components"]

    @property
    def fields(self) -> dict[str, Json]:
        """What can be filled in, by custom_id."""
        return {str(item["custom_id"]): item for item in walk(self.components) if "custom_id" in item}


class Reply:
    """The bot's answer to one act, as it is now: a message that is edited later shows the edit.

    `ok` False means nothing came in time; `refusal` is then what the client shows. `kind` is the first
    answer: `message`, `update`, `deferred`, `deferred_update`, `modal` or `choices`.
    """

    def __init__(self, interaction: Interaction) -> None:
        self.interaction = interaction
        self.modal = Modal(interaction) if interaction.modal is not None else None

    @property
    def ok(self) -> bool:
        """Whether the bot answered in time."""
        return self.interaction.answered is not None

    @property
    def refusal(self) -> str | None:
        """What the client says when no answer came, else None."""
        if self.ok:
            return None
        return _NO_ANSWER.get(self.interaction.type, "Something went wrong. Try again.")

    @property
    def kind(self) -> str | None:
        """The kind of the first answer."""
        return self.interaction.kind

    @property
    def latency(self) -> float:
        """Seconds from the dispatch to the first answer; infinite without one."""
        return float("inf") if self.interaction.latency is None else self.interaction.latency

    @property
    def message(self) -> Message | None:
        """The message the answer made or changed."""
        return self.interaction.original

    @property
    def followups(self) -> list[Message]:
        """Further messages, oldest first, without deleted ones."""
        return [message for message in self.interaction.followups if not message.deleted]

    @property
    def ephemeral(self) -> bool:
        """Whether only the one who acted sees the message."""
        return self.message is not None and self.message.ephemeral

    @property
    def content(self) -> str:
        """The message's content, empty where there is none."""
        return "" if self.message is None else self.message.content

    @property
    def embeds(self) -> list[Json]:
        """The message's embeds."""
        return [] if self.message is None else self.message.embeds

    @property
    def components(self) -> list[Json]:
        """The message's components."""
        return [] if self.message is None else self.message.components

    @property
    def text(self) -> str:
        """Everything there is to read: of the message, or of what the client says instead."""
        if not self.ok:
            return self.refusal or ""
        return "" if self.message is None else self.message.text

    async def settled(self, timeout: float = 15.0) -> Message:
        """Wait for what a deferred answer becomes, by an edit, a follow-up or a deletion.

        Returns the message; at once where the answer was not deferred. Raises TimeoutError, and LookupError
        where there is no message (nothing came in time, or a modal).
        """
        interaction = self.interaction
        if interaction.answered in {DEFERRED_MESSAGE, DEFERRED_UPDATE}:
            async with asyncio.timeout(timeout):
                await interaction.settled.wait()
        if interaction.original is None:
            raise LookupError(f"no message came of it: {self.refusal or self.kind}")
        return interaction.original

    async def followup(self, count: int = 1, timeout: float = 15.0) -> Message:
        """Wait for the first, or the `count`-th, further message. Raises TimeoutError."""
        await self.interaction.channel.wait_until(lambda: len(self.followups) >= count, timeout)
        return self.followups[count - 1]

    def __repr__(self) -> str:
        return f"<Reply {self.kind or self.refusal}: {self.text[:80]!r}>"


def choices(interaction: Interaction) -> list[tuple[str, Any]]:
    """Give the suggestions of an autocomplete as (name in the person's language, value)."""
    return [(localized(each, interaction.user.locale), each["value"]) for each in interaction.choices]
