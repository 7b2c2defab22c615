"""The steps of `/setup`: the language, the ladder, and roles and channels chosen or made.

Every step is recorded as soon as it is done, and looks first whether it was done before: a run that failed
half-way is completed by the next.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import hikari
import tanjun
from tanjun.permissions import calculate_everyone_permissions

from bot.errors import UserError
from components.dropped import reads_messages
from components.permissions import missing_in, permission_names
from components.refusals import refusal_text
from components.setup import (
    MORE,
    PLACES,
    REVIEWS,
    How,
    Outcome,
    Settled,
    lets_in,
    overwrites,
)
from components.texts import FALLBACK, language_of, say
from components.who import Caller
from plugins.setup.displays import put_up
from plugins.setup.run import Run, look
from state.configure import Configuration
from state.ladder import PRESETS
from state.refusal import Reason, Refused

_P: Final = hikari.Permissions


NONE: Final = 0
"""Chosen in place of a channel that the server may do without."""


@dataclass(frozen=True)
class Choice:
    """What somebody chose: ids by kind of channel, a preset of the ladder; the rest is kept or made.

    Of the channels in `MORE` nothing is made, and one may be `NONE`.
    """

    role: int | None = None
    channels: Mapping[str, int] = field(default_factory=dict[str, int])
    ladder: str | None = None


async def run_through(
    caller: Caller,
    client: tanjun.abc.Client,
    configuration: Configuration,
    choice: Choice,
    *,
    heal: bool = False,
) -> Outcome:
    """Makes or keeps everything, with what was chosen. Raises `UserError` for a choice the server has not.

    With `heal` every message of a display is looked at, too, which Discord allows five times in five seconds.
    """
    run = await look(caller, client, configuration)
    role = _chosen_role(run, choice.role)
    channels = {kind: _chosen_channel(run, id_) for kind, id_ in choice.channels.items() if id_ != NONE}
    await _settle_language(run)
    reviewers = await _settle_role(run, role)
    if choice.ladder is not None:
        await _settle_ladder(run, choice.ladder)
    places: dict[str, Settled | None] = {}
    for kind in PLACES:
        places[kind] = await _settle_channel(run, kind, channels.get(kind), reviewers)
    review_place = places["review"]
    if review_place is not None:
        await _check_review(run, review_place, reviewers)
    await put_up(run, places, heal=heal)
    if any(choice.channels.get(kind) == NONE for kind in MORE):
        await run.record({f"channel:{kind}": None for kind in MORE if choice.channels.get(kind) == NONE})
    for kind in MORE:
        places[kind] = await _settle_more(run, kind, channels.get(kind))
    await _look_elsewhere(run)
    if not reads_messages(client.shards):
        run.problems.append(run.say("setup.pastes_off"))
    return Outcome(reviewers, places, await configuration.ladder(caller.guild), run.problems)


def _chosen_role(run: Run, id_: int | None) -> hikari.Role | None:
    if id_ is None:
        return None
    if id_ == run.caller.guild:
        raise UserError(run.say("setup.everyone_role"))
    role = run.guild.roles.get(hikari.Snowflake(id_))
    if role is None:
        raise UserError(say("common.outdated", run.caller.locale))
    return role


def _chosen_channel(run: Run, id_: int) -> hikari.GuildTextChannel:
    channel = run.channels.get(id_)
    if channel is None:
        raise UserError(say("common.outdated", run.caller.locale))
    return channel


async def _settle_language(run: Run) -> None:
    """Takes over the server's own language, before anything else was settled here: later it is a choice."""
    values, _ = await run.configuration.raw_settings(run.caller.guild)
    if any(field == "language" or field.startswith(("role:", "channel:")) for field in values):
        return
    language = language_of(str(run.guild.preferred_locale))
    if language != FALLBACK:
        await run.record({"language": language})


async def _settle_role(run: Run, chosen: hikari.Role | None) -> Settled | None:
    roles = run.guild.roles
    kept = roles.get(hikari.Snowflake((await run.configuration.settings(run.caller.guild)).reviewer_role))
    name = run.say("setup.role_name")
    if chosen is not None:
        settled = Settled(int(chosen.id), chosen.name, How.CHOSEN)
    elif kept is not None:
        settled = Settled(int(kept.id), kept.name, How.KEPT)
    elif found := next((role for role in roles.values() if role.name == name and not role.bot_id), None):
        settled = Settled(int(found.id), found.name, How.FOUND)
    elif not run.held() & _P.MANAGE_ROLES:
        run.problems.append(run.say("setup.may_not_roles"))
        return None
    else:
        try:
            made = await run.rest.create_role(run.guild, name=name, permissions=_P.NONE, reason=run.reason)
        except hikari.HTTPError:
            run.problems.append(run.say("setup.discord_refused", name=name))
            return None
        settled = Settled(int(made.id), made.name, How.CREATED)
    await run.record({"role:reviewer": str(settled.id)})
    return settled


async def _look_elsewhere(run: Run) -> None:
    """Tells of settings whose channel is gone: no step here makes another for them."""
    settings = await run.configuration.settings(run.caller.guild)
    for kind, id_ in settings.channels.items():
        if id_ and kind not in PLACES and id_ not in run.known:
            run.problems.append(run.say("setup.gone", setting=f"{kind}_channel"))


async def _settle_ladder(run: Run, name: str) -> None:
    caller = run.caller
    try:
        await run.configuration.set_ladder(
            caller.guild, f"{caller.request}:ladder", caller.actor, PRESETS[name]
        )
    except Refused as refused:
        if refused.reason is not Reason.UNCHANGED:
            run.problems.append(refusal_text(refused, PRESETS[name], caller.locale))


async def _settle_channel(
    run: Run, kind: str, chosen: hikari.GuildTextChannel | None, role: Settled | None
) -> Settled | None:
    channels = run.channels
    kept = (await run.configuration.settings(run.caller.guild)).channels.get(kind, 0)
    name = run.say(f"setup.channel_{kind}")
    if chosen is not None:
        settled = Settled(int(chosen.id), chosen.name or "", How.CHOSEN)
    elif kept in channels:
        settled = Settled(kept, channels[kept].name or "", How.KEPT)
    elif found := next((channel for channel in channels.values() if channel.name == name), None):
        settled = Settled(int(found.id), name, How.FOUND)
        if not found.permission_overwrites:
            # Made by a run that ended before it was shut.
            await _shut(run, kind, found, role)
    else:
        made = await _make_channel(run, kind, name, role)
        if made is None:
            return None
        settled = Settled(int(made.id), made.name or name, How.CREATED)
    await run.record({f"channel:{kind}": str(settled.id)})
    return settled


async def _settle_more(run: Run, kind: str, chosen: hikari.GuildTextChannel | None) -> Settled | None:
    """Keeps or takes a channel the server may do without, and says what the bot lacks in it."""
    kept = (await run.configuration.settings(run.caller.guild)).channels.get(kind, 0)
    channel = chosen or run.channels.get(kept)
    if channel is None:
        return None
    if chosen is not None:
        await run.record({f"channel:{kind}": str(int(chosen.id))})
    if missing := missing_in("queue", run.held(channel), run.caller.locale):
        run.problems.append(run.say("setup.display_off", id=channel.id, permissions=missing))
    return Settled(int(channel.id), channel.name or "", How.KEPT if chosen is None else How.CHOSEN)


async def _make_channel(
    run: Run, kind: str, name: str, role: Settled | None
) -> hikari.GuildTextChannel | None:
    needed = _P.MANAGE_CHANNELS if kind == "submissions" else _P.MANAGE_CHANNELS | _P.MANAGE_ROLES
    if lacking := permission_names(needed & ~run.held(), run.caller.locale):
        run.problems.append(run.say("setup.may_not_channels", permissions=lacking, name=name, option=kind))
        return None
    try:
        made = await run.rest.create_guild_text_channel(
            run.guild, name, topic=run.say(f"setup.topic_{kind}"), reason=run.reason
        )
    except hikari.HTTPError:
        run.problems.append(run.say("setup.discord_refused", name=f"#{name}"))
        return None
    run.channels[int(made.id)] = made
    await _shut(run, kind, made, role)
    return made


async def _shut(run: Run, kind: str, channel: hikari.GuildTextChannel, role: Settled | None) -> None:
    """Gives a new channel its permissions, the bot's own first: the last step shuts everybody else out.

    One by one and not with its creation, where hikari writes them in a form that Discord's schema lacks.
    """
    rows = overwrites(kind, everyone=run.caller.guild, me=int(run.me.id), role=role, held=run.held())
    if not rows:
        return
    try:
        for row in rows:
            await run.rest.edit_permission_overwrite(
                channel, row, allow=row.allow, deny=row.deny, reason=run.reason
            )
        changed = await run.rest.fetch_channel(channel)
    except hikari.HTTPError:
        run.problems.append(run.say("setup.not_shut", id=channel.id))
        return
    if isinstance(changed, hikari.GuildTextChannel):
        run.channels[int(channel.id)] = changed


async def _check_review(run: Run, place: Settled, role: Settled | None) -> None:
    """Sees to it that the reviewers see the panel, and says so where others do too."""
    channel = run.channels.get(place.id)
    if channel is None:
        return
    everyone = run.guild.roles[run.guild.id]
    if calculate_everyone_permissions(everyone, channel=channel) & _P.VIEW_CHANNEL:
        run.problems.append(run.say("setup.not_private", id=place.id))
        return
    if role is None or lets_in(channel, role.id):
        return
    # A channel somebody chose is theirs to open; one of ours is opened to a role that came later.
    if place.how is not How.CHOSEN and run.held() & _P.MANAGE_ROLES:
        try:
            await run.rest.edit_permission_overwrite(
                channel,
                role.id,
                target_type=hikari.PermissionOverwriteType.ROLE,
                allow=REVIEWS & run.held(),
                reason=run.reason,
            )
            return
        except hikari.HTTPError:
            pass
    run.problems.append(run.say("setup.not_seen", role=role.id, id=place.id))
