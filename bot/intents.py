"""What the bot asks Discord to be sent, and whether it may read what people write."""

from __future__ import annotations

import logging
from typing import Final

import hikari

_log = logging.getLogger("skipline.intents")

_READING: Final = hikari.Intents.GUILD_MESSAGES | hikari.Intents.MESSAGE_CONTENT
WANTED: Final = hikari.Intents.GUILDS | _READING
"""Message content is privileged: who asks for it without its owner's grant is disconnected (4014)."""

GRANTED: Final = (
    hikari.ApplicationFlags.MESSAGE_CONTENT_INTENT | hikari.ApplicationFlags.MESSAGE_CONTENT_INTENT_LIMITED
)
"""Flags of an application whose owner switched message content on."""


async def granted(rest: hikari.api.RESTClient) -> hikari.Intents:
    """What may be asked for: everything, or all but messages; the difference is told in the log.

    Raises what the call to Discord raises.
    """
    if (await rest.fetch_application()).flags & GRANTED:
        return WANTED
    _log.warning(
        "The bot may not read messages, so songs dropped in the submission channel are not taken. To have "
        "them, switch on Message Content Intent in Discord's developer portal, under Bot, and restart."
    )
    return WANTED & ~_READING
