"""The steps of `/setup`: roles and channels chosen or made, and the displays put up.

Every step is recorded as soon as it is done, and looks first whether it was done before: a run that failed
half-way is completed by the next.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import hikari
import tanjun
from tanjun.permissions import calculate_everyone_permissions, calculate_permissions

from bot.errors import UserError
from components.dropped import reads_messages
from components.refusals import refusal_text
from components.setup import (
    DISPLAYS,
    PLACES,
    REVIEWS,
    How,
    Outcome,
    Settled,
    lets_in,
    missing_in,
    overwrites,
    permission_names,
)
from components.texts import FALLBACK, language_of, say
from components.who import Caller
from state.configure import Configuration
from state.ladder import PRESETS
from state.refusal import Reason, Refused

_P: Final = hikari.Permissions


@dataclass(frozen=True)
class Choice:
    """What somebody chose: ids by kind of channel, a preset of the ladder; the rest is kept or made."""

    role: int | None = None
    channels: Mapping[str, int] = field(default_factory=dict[str, int])
    ladder: str | None = None


@dataclass
class Run:
    """One run: what the server has, what was found missing so far."""

    caller: Caller
    rest: hikari.api.RESTClient
    configuration: Configuration
    guild: hikari.RESTGuild
    me: hikari.Member
    channels: dict[int, hikari.GuildTextChannel]
    problems: list[str] = field(default_factory=list[str])

    @property
    def reason(self) -> str:
        """What the server's audit log says of it."""
        return self.say("reason", name=self.caller.actor.name)

    def say(self, name: str, /, **values: object) -> str:
        """A sentence of this feature, in the caller's language."""
        return say(f"setup.{name}", self.caller.locale, **values)

    def held(self, channel: hikari.GuildTextChannel | None = None) -> hikari.Permissions:
        """What the bot is allowed, in a channel or in the whole server."""
        return calculate_permissions(self.me, self.guild, self.guild.roles, channel=channel)

    async def record(self, values: Mapping[str, str | None]) -> None:
        """Keeps settings, under a request id that a repetition of this very step has again."""
        request = f"{self.caller.request}:{','.join(values)}"
        try:
            await self.configuration.change(self.caller.guild, request, self.caller.actor, values)
        except Refused as refused:
            if refused.reason is not Reason.UNCHANGED:
                raise


async def _look(caller: Caller, client: tanjun.abc.Client, configuration: Configuration) -> Run:
    rest = client.rest
    me = (client.cache and client.cache.get_me()) or await rest.fetch_my_user()
    guild, member, channels = await asyncio.gather(
        rest.fetch_guild(caller.guild),
        rest.fetch_member(caller.guild, me),
        rest.fetch_guild_channels(caller.guild),
    )
    texts = {int(each.id): each for each in channels if isinstance(each, hikari.GuildTextChannel)}
    return Run(caller, rest, configuration, guild, member, texts)


async def run_through(
    caller: Caller, client: tanjun.abc.Client, configuration: Configuration, choice: Choice
) -> Outcome:
    """Makes or keeps everything, with what was chosen. Raises `UserError` for a choice the server has not."""
    run = await _look(caller, client, configuration)
    role = _chosen_role(run, choice.role)
    channels = {kind: _chosen_channel(run, choice.channels.get(kind)) for kind in PLACES}
    await _settle_language(run)
    reviewers = await _settle_role(run, role)
    if choice.ladder is not None:
        await _settle_ladder(run, choice.ladder)
    places: dict[str, Settled | None] = {}
    for kind in PLACES:
        places[kind] = await _settle_channel(run, kind, channels[kind], reviewers)
    review_place = places["review"]
    if review_place is not None:
        await _check_review(run, review_place, reviewers)
    await _put_up(run, places)
    if not reads_messages(client.shards):
        run.problems.append(run.say("pastes_off"))
    return Outcome(reviewers, places, await configuration.ladder(caller.guild), run.problems)


def _chosen_role(run: Run, id_: int | None) -> hikari.Role | None:
    if id_ is None:
        return None
    if id_ == run.caller.guild:
        raise UserError(run.say("everyone_role"))
    role = run.guild.roles.get(hikari.Snowflake(id_))
    if role is None:
        raise UserError(say("common.outdated", run.caller.locale))
    return role


def _chosen_channel(run: Run, id_: int | None) -> hikari.GuildTextChannel | None:
    if id_ is None:
        return None
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
    name = run.say("role_name")
    if chosen is not None:
        settled = Settled(int(chosen.id), chosen.name, How.CHOSEN)
    elif kept is not None:
        settled = Settled(int(kept.id), kept.name, How.KEPT)
    elif found := next((role for role in roles.values() if role.name == name and not role.bot_id), None):
        settled = Settled(int(found.id), found.name, How.FOUND)
    elif not run.held() & _P.MANAGE_ROLES:
        run.problems.append(run.say("may_not_roles"))
        return None
    else:
        try:
            made = await run.rest.create_role(run.guild, name=name, permissions=_P.NONE, reason=run.reason)
        except hikari.HTTPError:
            run.problems.append(run.say("discord_refused", name=name))
            return None
        settled = Settled(int(made.id), made.name, How.CREATED)
    await run.record({"role:reviewer": str(settled.id)})
    return settled


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
    name = run.say(f"channel_{kind}")
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


async def _make_channel(
    run: Run, kind: str, name: str, role: Settled | None
) -> hikari.GuildTextChannel | None:
    needed = _P.MANAGE_CHANNELS if kind == "submissions" else _P.MANAGE_CHANNELS | _P.MANAGE_ROLES
    if lacking := permission_names(needed & ~run.held(), run.caller.locale):
        run.problems.append(run.say("may_not_channels", permissions=lacking, name=name, option=kind))
        return None
    try:
        made = await run.rest.create_guild_text_channel(
            run.guild, name, topic=run.say(f"topic_{kind}"), reason=run.reason
        )
    except hikari.HTTPError:
        run.problems.append(run.say("discord_refused", name=f"#{name}"))
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
        run.problems.append(run.say("not_shut", id=channel.id))
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
        run.problems.append(run.say("not_private", id=place.id))
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
    run.problems.append(run.say("not_seen", role=role.id, id=place.id))


async def _put_up(run: Run, places: Mapping[str, Settled | None]) -> None:
    """Registers the displays where the bot may show them; whoever paints them posts the messages."""
    registered = await run.configuration.displays(run.caller.guild)
    for kind, displays in DISPLAYS.items():
        place = places[kind]
        channel = run.channels.get(place.id) if place else None
        if place is None or channel is None:
            continue
        if missing := missing_in(kind, run.held(channel), run.caller.locale):
            run.problems.append(run.say("display_off", id=place.id, permissions=missing))
            continue
        for display in displays:
            old = registered.get(display)
            if old is None or old[0] != place.id or not await _stands(run, *old):
                await _register(run, display, place.id)
                if old is not None and old[0] != place.id:
                    await _take_down(run, *old)


async def _stands(run: Run, channel: int, message: int) -> bool:
    """Whether the message of a display is still there, or is about to be posted."""
    if not message:
        return True
    try:
        await run.rest.fetch_message(channel, message)
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
