"""What one person may see, as JSON, and what of it changed since it was last told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import orjson

from sandbox.discord import payloads
from sandbox.discord.channels import MESSAGE_CHANNELS, VOICE
from sandbox.discord.commands import CHAT_INPUT, MESSAGE, SUB_COMMAND, SUB_COMMAND_GROUP, USER, localized
from sandbox.discord.permissions import Permission

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sandbox.discord.channels import Channel
    from sandbox.discord.messages import Attachment
    from sandbox.discord.people import Person
    from sandbox.discord.refusals import Json

LATEST: Final = 200
"""Messages shown of a channel. Discord's client loads older ones when asked; here they are not shown."""

_TARGETS: Final = {USER: "user", MESSAGE: "message"}
_OPTION_KEYS: Final = (
    "name", "type", "required", "autocomplete", "min_value", "max_value", "min_length", "max_length",
    "channel_types",
)  # fmt: skip


class Addresses:
    """Signed addresses of files that stay the same while they are good: a new one would look like an edit."""

    def __init__(self, person: Person) -> None:
        self._sandbox = person.sandbox
        self._known: dict[int, tuple[float, str]] = {}

    def of(self, attachment: Attachment) -> str:
        """Give an address that is good for at least half the lifetime of one."""
        store, now = self._sandbox.world.attachments, self._sandbox.clock()
        signed, address = self._known.get(attachment.id, (0.0, ""))
        if not address or now - signed > store.lifetime / 2:
            address = store.sign(attachment)
            self._known[attachment.id] = now, address
        return address


class Screen:
    """Tells one person's screen in frames, each of which replaces what was told of the same thing."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self._addresses = Addresses(person)
        self._told: dict[str, bytes] = {}
        self._shown: dict[int, dict[int, bytes]] = {}

    def channels(self) -> list[Channel]:
        """List the channels with messages this person sees, in the order of the list, the direct one last."""
        person = self.person
        seen = [
            channel
            for channel in person.guild.channels
            if channel.type in MESSAGE_CHANNELS - {VOICE}
            and person.permissions(channel) & Permission.VIEW_CHANNEL
        ]
        return [*sorted(seen, key=lambda each: (each.position, each.id)), person.dm]

    def news(self, changed: Iterable[Channel]) -> Iterator[Json]:
        """Give the frames that are new; messages are compared in the `changed` channels alone."""
        channels = self.channels()
        yield from self._if_new({"type": "names", **self._names(channels)})
        listed = list(
            self._if_new({"type": "channels", "channels": [self._channel(each) for each in channels]})
        )
        yield from listed
        # Another list may come from another role, with which older channels look different.
        wanted = set(channels if listed else changed)
        for channel in (each for each in channels if each in wanted):
            yield from self._messages(channel)

    def commands(self, channel: Channel) -> list[Json]:
        """List the slash commands offered in a channel, one for each that can be run, by their full names."""
        person = self.person
        guild_id = None if channel.guild is None else channel.guild.id
        scopes = (guild_id, None) if guild_id is not None else (None,)
        found: list[Json] = []
        for command in (each for scope in scopes for each in person.sandbox.commands.all(scope)):
            name = localized(command, person.user.locale)
            if command["type"] == CHAT_INPUT and person.offers(name, channel):
                found += self._runnable(command, name, name)
        return sorted(found, key=lambda each: each["label"])

    def menus(self, channel: Channel) -> list[Json]:
        """List the context menu commands offered in a channel: `on` a message or a user."""
        person = self.person
        guild_id = None if channel.guild is None else channel.guild.id
        found: list[Json] = []
        for scope in {guild_id, None}:
            for command in person.sandbox.commands.all(scope):
                name, kind = localized(command, person.user.locale), command["type"]
                if kind in _TARGETS and person.offers(name, channel, kind):
                    found.append({"name": name, "on": _TARGETS[kind]})
        return sorted(found, key=lambda each: (each["on"], each["name"]))

    def _if_new(self, frame: Json) -> Iterator[Json]:
        written = orjson.dumps(frame)
        if self._told.get(frame["type"]) != written:
            self._told[frame["type"]] = written
            yield frame

    def _names(self, channels: list[Channel]) -> Json:
        guild = self.person.guild
        users: Json = {}
        for member in guild.members.values():
            roles = sorted(
                (guild.role_by_id[each] for each in member.role_ids),
                key=lambda role: role.position,
                reverse=True,
            )
            owner = ["Owner"] if member.user.id == guild.owner_id else []
            users[str(member.user.id)] = {
                "name": member.nick or member.user.display_name or member.user.name,
                "bot": member.user.bot,
                "roles": [*owner, *(role.name for role in roles)],
                "color": next((role.color for role in roles if role.color), 0),
            }
        return {
            "users": users,
            "roles": {str(role.id): role.name for role in guild.roles},
            "channels": {str(each.id): each.name for each in channels if each.guild is not None},
        }

    def _channel(self, channel: Channel) -> Json:
        held = self.person.permissions(channel)
        return {
            "id": str(channel.id),
            "name": self.person.sandbox.bot.name if channel.guild is None else channel.name,
            "direct": channel.guild is None,
            "topic": channel.topic,
            "write": bool(held & Permission.SEND_MESSAGES),
            "attach": bool(held & Permission.ATTACH_FILES),
        }

    def _messages(self, channel: Channel) -> Iterator[Json]:
        before = self._shown.get(channel.id, {})
        # Writing the answer a bot is still thinking about, Discord keeps its place: ids are in order of time.
        seen = sorted(self.person.sees(channel), key=lambda each: each.id)[-LATEST:]
        bodies = {each.id: payloads.message(each, self._addresses.of) for each in seen}
        now = {number: orjson.dumps(body) for number, body in bodies.items()}
        self._shown[channel.id] = now
        put = [bodies[number] for number, written in now.items() if before.get(number) != written]
        gone = [str(number) for number in before if number not in now]
        if put or gone:
            yield {"type": "messages", "channel": str(channel.id), "put": put, "gone": gone}

    def _runnable(self, body: Json, name: str, label: str) -> Iterator[Json]:
        locale = self.person.user.locale
        options: list[Json] = body.get("options") or []
        below = [each for each in options if each["type"] in {SUB_COMMAND, SUB_COMMAND_GROUP}]
        for each in below:
            yield from self._runnable(each, f"{name} {each['name']}", f"{label} {localized(each, locale)}")
        if not below:
            yield {
                "name": name,
                "label": label,
                "description": localized(body, locale, "description"),
                "options": [self._option(each) for each in options],
            }

    def _option(self, option: Json) -> Json:
        locale = self.person.user.locale
        choices: list[Any] = option.get("choices") or []
        return {
            **{key: option[key] for key in _OPTION_KEYS if option.get(key) is not None},
            "label": localized(option, locale),
            "description": localized(option, locale, "description"),
            "choices": [{"name": localized(each, locale), "value": each["value"]} for each in choices],
        }
