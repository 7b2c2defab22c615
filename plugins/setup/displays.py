"""The last step of `/setup`: the displays, put up where the bot may show them, and pinned."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping

import hikari

from bot.pins import pin
from components.permissions import WANTED, each, missing_in, off_without, permission_name
from components.setup import DISPLAYS, Settled
from components.texts import say
from plugins.setup.run import Run
from state.refusal import Reason, Refused


async def put_up(run: Run, places: Mapping[str, Settled | None], *, heal: bool) -> None:
    """Registers the displays where the bot may show them; whoever paints them posts the messages.

    With `heal` also those whose message is gone, and one that is not pinned is pinned.
    """
    locale = run.caller.locale
    registered = await run.configuration.displays(run.caller.guild)
    lacking: dict[hikari.Permissions, list[int]] = {}
    for kind, displays in DISPLAYS.items():
        place = places[kind]
        channel = run.channels.get(place.id) if place else None
        if place is None or channel is None:
            continue
        held = run.held(channel)
        if missing := missing_in(kind, held, locale):
            run.problems.append(say("setup.display_off", locale, id=place.id, permissions=missing))
            continue
        for permission in each(WANTED & ~held):
            lacking.setdefault(permission, []).append(place.id)
        for display in displays:
            old = registered.get(display)
            if old is None or old[0] != place.id or (heal and not await _stands(run, *old)):
                await _register(run, display, place.id)
                if old is not None and old[0] != place.id:
                    await _take_down(run, *old)
    run.problems.extend(
        say(
            "setup.lacking",
            locale,
            channels=", ".join(f"<#{id_}>" for id_ in dict.fromkeys(ids)),
            permission=permission_name(permission, locale),
            off=off_without(permission, locale),
        )
        for permission, ids in lacking.items()
    )


async def _stands(run: Run, channel: int, message: int) -> bool:
    """Whether the message of a display is still there, or is about to be posted; pins it where it is not."""
    if not message:
        return True
    try:
        found = await run.rest.fetch_message(channel, message)
        if not found.is_pinned:
            await pin(run.rest, channel, found)
    except hikari.NotFoundError:
        return False
    except hikari.HTTPError:
        return True
    return True


async def _register(run: Run, display: str, channel: int) -> None:
    caller = run.caller
    try:
        await run.configuration.set_display(
            caller.guild, f"{caller.request}:{display}", caller.actor, display, (channel, 0)
        )
    except Refused as refused:
        if refused.reason is not Reason.UNCHANGED:
            raise


async def _take_down(run: Run, channel: int, message: int) -> None:
    """Removes the message a display leaves behind when it moves: nobody would keep it true."""
    if message:
        with contextlib.suppress(hikari.HTTPError):
            await run.rest.delete_message(channel, message)
