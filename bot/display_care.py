"""What is told when a display or an announcement cannot stand: a word to somebody who can mend it."""

from __future__ import annotations

import logging

import hikari

from components.markdown import plain

_log = logging.getLogger("skipline.displays")


async def tell_owner(
    rest: hikari.api.RESTClient, guild: int, text: str, channel: int | None, nonce: str
) -> None:
    """Says it in a channel, or where that is not possible to the owner of the guild alone, with its name.

    What is said again under the same nonce, within minutes, stands there once.
    """
    if channel is not None and await _said(rest, channel, text, nonce):
        return
    try:
        about = await rest.fetch_guild(guild)
        direct = await rest.create_dm_channel(about.owner_id)
    except hikari.HTTPError as refused:
        _log.warning("The owner of guild %d could not be told: %s", guild, refused)
        return
    # Who owns several servers is to know which.
    if not await _said(rest, int(direct.id), f"**{plain(about.name)}**\n{text}", nonce):
        _log.warning("The owner of guild %d takes no direct messages.", guild)


async def _said(rest: hikari.api.RESTClient, channel: int, text: str, nonce: str) -> bool:
    try:
        await rest.create_message(
            channel,
            text,
            nonce=nonce,
            user_mentions=False,
            role_mentions=False,
            mentions_everyone=False,
        )
    except hikari.HTTPError:
        return False
    return True
