"""Answering an interaction exactly once, in whatever state it is, and putting a fault into words."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Sequence
from enum import Enum
from typing import TypeAlias

import hikari

from bot.errors import Reporter, UserError, apology, unavailable
from components.texts import FALLBACK

__all__ = ["Responder", "already_answered", "expired", "explain", "tell"]

_ALREADY_ACKNOWLEDGED = 40060
_UNKNOWN_INTERACTION = 10062

Answerable: TypeAlias = hikari.ComponentInteraction | hikari.ModalInteraction
Embeds: TypeAlias = hikari.UndefinedOr[Sequence[hikari.Embed]]
Components: TypeAlias = hikari.UndefinedOr[Sequence[hikari.api.ComponentBuilder]]
Attachments: TypeAlias = hikari.UndefinedOr[Sequence[hikari.Resourceish]]

_LOG = logging.getLogger("skipline.answers")


def already_answered(error: BaseException) -> bool:
    """Tell whether Discord refused an answer because it has one.

    hikari sends a callback again when the reply to it was lost; the first one was then taken, so the person
    has their answer and this is a success.
    """
    return isinstance(error, hikari.BadRequestError) and error.code == _ALREADY_ACKNOWLEDGED


def expired(error: BaseException) -> bool:
    """Tell whether the interaction can no longer be answered: more than 3 s unanswered, or 15 minutes old."""
    return isinstance(error, hikari.NotFoundError) and error.code == _UNKNOWN_INTERACTION


def explain(error: Exception, where: str, reporter: Reporter, locale: str = FALLBACK) -> str | None:
    """Return what the person is told about `error` in their language, and report it when it is our fault.

    None when there is nothing to tell: the answer has arrived after all, or none can arrive any more.
    """
    if isinstance(error, UserError):
        return error.text
    if already_answered(error):
        _LOG.warning("Answered twice in %s", where)
        return None
    code = reporter.report(error, where)
    if expired(error):
        return None
    plain = unavailable(error, locale)
    return plain.text if plain else apology(code, locale)


class _State(Enum):
    UNANSWERED = "unanswered"
    THINKING = "thinking"  # a new message is promised
    DEFERRED = "deferred"  # the message the component is on stays, and may be changed
    ANSWERED = "answered"


class Responder:
    """Answers one press of a component or one submitted modal; its methods may be called in any order.

    Answer through it alone, else it cannot know what Discord has seen. An answer Discord already has counts
    as given. Nobody is pinged, whatever the text contains.
    """

    def __init__(self, interaction: Answerable) -> None:
        self.interaction = interaction
        self._state = _State.UNANSWERED
        self._own_message = False
        self._turn = asyncio.Lock()

    @property
    def answered(self) -> bool:
        """Whether Discord has had any answer, a deferral included."""
        return self._state is not _State.UNANSWERED

    async def respond(
        self,
        content: hikari.UndefinedOr[str] = hikari.UNDEFINED,
        *,
        embeds: Embeds = hikari.UNDEFINED,
        components: Components = hikari.UNDEFINED,
        attachments: Attachments = hikari.UNDEFINED,
        ephemeral: bool = True,
    ) -> None:
        """Send a message of its own, by default for this person's eyes only."""
        flags = hikari.MessageFlag.EPHEMERAL if ephemeral else hikari.MessageFlag.NONE
        async with self._turn:
            if self._state is _State.UNANSWERED:
                sent = self.interaction.create_initial_response(
                    hikari.ResponseType.MESSAGE_CREATE,
                    content,
                    embeds=embeds,
                    components=components,
                    attachments=attachments,
                    flags=flags,
                    mentions_everyone=False,
                    user_mentions=False,
                    role_mentions=False,
                )
                await self._first(sent, _State.ANSWERED, own_message=True)
            elif self._state is _State.THINKING:
                await self._edit(content, embeds, components, attachments)
                self._state = _State.ANSWERED
            else:
                await self.interaction.execute(
                    content,
                    embeds=embeds,
                    components=components,
                    attachments=attachments,
                    flags=flags,
                    mentions_everyone=False,
                    user_mentions=False,
                    role_mentions=False,
                )

    async def update(
        self,
        content: hikari.UndefinedOr[str] = hikari.UNDEFINED,
        *,
        embeds: Embeds = hikari.UNDEFINED,
        components: Components = hikari.UNDEFINED,
        attachments: Attachments = hikari.UNDEFINED,
    ) -> None:
        """Change the message the component is on; a modal that came from a command is answered instead."""
        if (message := self.interaction.message) is None:
            await self.respond(content, embeds=embeds, components=components, attachments=attachments)
            return
        async with self._turn:
            if self._state is _State.UNANSWERED:
                sent = self.interaction.create_initial_response(
                    hikari.ResponseType.MESSAGE_UPDATE,
                    content,
                    embeds=embeds,
                    components=components,
                    attachments=attachments,
                    mentions_everyone=False,
                    user_mentions=False,
                    role_mentions=False,
                )
                await self._first(sent, _State.ANSWERED)
            elif self._own_message:
                await self.interaction.app.rest.edit_message(
                    message.channel_id,
                    message.id,
                    content,
                    embeds=embeds,
                    components=components,
                    attachments=attachments,
                )
            else:
                await self._edit(content, embeds, components, attachments)
                self._state = _State.ANSWERED

    async def defer(self) -> None:
        """Promise an answer within 15 minutes. Does nothing when one was given."""
        async with self._turn:
            if self._state is not _State.UNANSWERED:
                return
            if self.interaction.message is None:
                sent = self.interaction.create_initial_response(
                    hikari.ResponseType.DEFERRED_MESSAGE_CREATE, flags=hikari.MessageFlag.EPHEMERAL
                )
                await self._first(sent, _State.THINKING, own_message=True)
            else:
                sent = self.interaction.create_initial_response(hikari.ResponseType.DEFERRED_MESSAGE_UPDATE)
                await self._first(sent, _State.DEFERRED)

    async def ask(
        self, title: str, custom_id: str, components: Sequence[hikari.api.ComponentBuilder]
    ) -> None:
        """Open a modal; only a component may, and only as its first answer (ValueError otherwise)."""
        if not isinstance(self.interaction, hikari.ComponentInteraction):
            raise ValueError("a modal cannot follow a modal")
        async with self._turn:
            if self._state is not _State.UNANSWERED:
                raise ValueError("a modal must be the first answer")
            opened = self.interaction.create_modal_response(title, custom_id, components=components)
            await self._first(opened, _State.ANSWERED, own_message=True)

    async def _first(self, sent: Awaitable[object], then: _State, *, own_message: bool = False) -> None:
        try:
            await sent
        except hikari.BadRequestError as error:
            if not already_answered(error):
                raise
        self._state = then
        self._own_message = own_message

    async def _edit(
        self,
        content: hikari.UndefinedOr[str],
        embeds: Embeds,
        components: Components,
        attachments: Attachments,
    ) -> None:
        await self.interaction.edit_initial_response(
            content,
            embeds=embeds,
            components=components,
            attachments=attachments,
            mentions_everyone=False,
            user_mentions=False,
            role_mentions=False,
        )


async def tell(interaction: hikari.PartialInteraction, text: str) -> None:
    """Show `text` to the person alone, knowing nothing of what was answered before. Never raises.

    For faults that nobody closer handled; an autocomplete cannot show text and gets an empty list.
    """
    try:
        if isinstance(interaction, hikari.AutocompleteInteraction):
            await interaction.create_response([])
        elif isinstance(
            interaction, hikari.CommandInteraction | hikari.ComponentInteraction | hikari.ModalInteraction
        ):
            try:
                await interaction.create_initial_response(
                    hikari.ResponseType.MESSAGE_CREATE, text, flags=hikari.MessageFlag.EPHEMERAL
                )
            except hikari.BadRequestError as error:
                if not already_answered(error):
                    raise
                # A follow-up also completes a deferred answer.
                await interaction.execute(text, flags=hikari.MessageFlag.EPHEMERAL)
    except Exception as error:
        _LOG.warning("A person could not be told that something went wrong: %s", error)
