"""What is told when a display or an announcement cannot stand: a word to somebody who can mend it."""

from __future__ import annotations

import logging

import hikari

_log = logging.getLogger("skipline.displays")


async def tell_owner(rest: hikari.api.RESTClient, guild: int, text: str, channel: int | None) -> None:
    """Says it in a channel, or where that is not possible to the owner of the guild alone."""
    if channel is not None and await _said(rest, channel, text):
        return
    try:
        owner = (await rest.fetch_guild(guild)).owner_id
        direct = await rest.create_dm_channel(owner)
    except hikari.HTTPError as refused:
        _log.warning("The owner of guild %d could not be told: %s", guild, refused)
        return
    if not await _said(rest, int(direct.id), text):
        _log.warning("The owner of guild %d takes no direct messages.", guild)


async def _said(rest: hikari.api.RESTClient, channel: int, text: str) -> bool:
    try:
        await rest.create_message(
            channel, text, user_mentions=False, role_mentions=False, mentions_everyone=False
        )
    except hikari.HTTPError:
        return False
    return True
