"""Pinning a message of the bot's own, quietly."""

from __future__ import annotations

import logging
from typing import Final

import hikari

_log = logging.getLogger("skipline.displays")

_READ: Final = 5
"""Newest messages of a channel among which the line that tells of a pin is looked for."""


async def pin(rest: hikari.api.RESTClient, channel: int, message: hikari.Message) -> None:
    """Pins a message where that is allowed, and takes away the line by which Discord tells of it."""
    try:
        await rest.pin_message(channel, message)
        async for each in rest.fetch_messages(channel).limit(_READ):
            told = each.type == hikari.MessageType.CHANNEL_PINNED_MESSAGE and each.message_reference
            if told and told.id == message.id and each.author.id == message.author.id:
                await rest.delete_message(channel, each)
    except hikari.HTTPError as refused:
        _log.debug("Message %d stands without a pin: %s", message.id, refused)
