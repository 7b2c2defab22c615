"""Filling in a command's options the way Discord's client does, and refusing what it would refuse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from sandbox.discord import payloads
from sandbox.discord.channels import Channel
from sandbox.discord.commands import localized
from sandbox.discord.members import Role, User
from sandbox.discord.messages import Upload

if TYPE_CHECKING:
    from sandbox.discord.people import Person
    from sandbox.discord.refusals import Json

STRING: Final = 3
INTEGER: Final = 4
BOOLEAN: Final = 5
USER: Final = 6
CHANNEL: Final = 7
ROLE: Final = 8
MENTIONABLE: Final = 9
NUMBER: Final = 10
ATTACHMENT: Final = 11

_LONGEST: Final = 6000


class ClientRefused(Exception):
    """Discord's own client would not let a person do this, so the bot never hears of it."""


class Resolved:
    """Collects the objects that ids in an interaction's data stand for."""

    def __init__(self, person: Person, channel: Channel) -> None:
        self._person = person
        self._channel = channel
        self._found: Json = {}

    @property
    def body(self) -> Json:
        """What goes into the data: empty, or `resolved`."""
        return {"resolved": self._found} if self._found else {}

    @property
    def locale(self) -> str:
        """The language of whoever fills in."""
        return self._person.user.locale

    def user(self, user: User) -> str:
        """Add a user, and their membership."""
        self._put("users", user.id, payloads.user(user))
        guild = self._channel.guild
        member = None if guild is None else guild.members.get(user.id)
        if guild is not None and member is not None:
            body = payloads.member(member, with_user=False)
            del body["deaf"], body["mute"]
            body["permissions"] = str(guild.permissions(user.id, self._channel))
            self._put("members", user.id, body)
        return str(user.id)

    def role(self, role: Role) -> str:
        """Add a role."""
        self._put("roles", role.id, payloads.role(role))
        return str(role.id)

    def channel(self, channel: Channel) -> str:
        """Add a channel."""
        body = payloads.channel(channel)
        body.pop("permission_overwrites", None)
        if channel.guild is not None:
            body["permissions"] = str(channel.guild.permissions(self._person.id, channel))
        self._put("channels", channel.id, body)
        return str(channel.id)

    def message(self, message: Any) -> str:
        """Add a message."""
        sign = self._person.sandbox.world.attachments.sign
        self._put("messages", message.id, payloads.message(message, sign))
        return str(message.id)

    def upload(self, upload: Upload) -> str:
        """Upload a file for this interaction. Raises ClientRefused for one that is too large."""
        guild = self._channel.guild
        limit = max(self._person.user.upload_limit, 0 if guild is None else guild.upload_limit)
        if len(upload.content) > limit:
            raise ClientRefused(f"the file is larger than {limit} bytes")
        store = self._person.sandbox.world.attachments
        kept = store.store(upload, self._channel.id, ephemeral=True)
        self._put("attachments", kept.id, payloads.attachment(kept, store.sign(kept)))
        return str(kept.id)

    def any(self, value: Any, kind: int) -> str:
        """Add whatever a select or option of this kind takes; ids stand for what they name."""
        guild = self._channel.guild
        world = self._person.sandbox.world
        user = getattr(value, "user", value)
        if isinstance(user, User) and kind in {USER, MENTIONABLE}:
            return self.user(user)
        if isinstance(value, Role) and kind in {ROLE, MENTIONABLE}:
            return self.role(value)
        if isinstance(value, Channel) and kind == CHANNEL:
            return self.channel(value)
        if isinstance(value, int) or (isinstance(value, str) and value.isdecimal()):
            number = int(value)
            if kind in {USER, MENTIONABLE} and number in world.users:
                return self.user(world.users[number])
            if guild is not None and kind in {ROLE, MENTIONABLE} and number in guild.role_by_id:
                return self.role(guild.role_by_id[number])
            if guild is not None and kind == CHANNEL and number in guild.channel_by_id:
                return self.channel(guild.channel_by_id[number])
        raise ClientRefused(f"{value!r} is not what this option takes")

    def _put(self, group: str, key: int, body: Json) -> None:
        self._found.setdefault(group, {})[str(key)] = body


def fill(
    declared: Sequence[Json],
    values: Mapping[str, Any],
    resolved: Resolved,
    *,
    focused: tuple[str, str] | None = None,
    forge: bool = False,
) -> list[Json]:
    """Turn values by name into the options of an interaction.

    `focused` is (name, text) for an autocomplete, where required options may still be missing. `forge` sends
    strings, numbers and booleans unchecked. Raises ClientRefused.
    """
    names = {option["name"] for option in declared}
    unknown = [name for name in values if name not in names]
    if unknown or (focused is not None and focused[0] not in names):
        raise ClientRefused(f"the command has no option {', '.join(unknown) or focused!r}")
    filled: list[Json] = []
    for option in declared:
        name, kind = option["name"], option["type"]
        if focused is not None and name == focused[0]:
            if not option.get("autocomplete"):
                raise ClientRefused(f"option {name!r} has no autocomplete")
            filled.append({"name": name, "type": kind, "value": focused[1], "focused": True})
        elif values.get(name) is None:
            if option.get("required") and focused is None and not forge:
                raise ClientRefused(f"option {name!r} is required")
        else:
            value = _value(option, values[name], resolved, forge)
            filled.append({"name": name, "type": kind, "value": value})
    return filled


def _value(option: Json, value: Any, resolved: Resolved, forge: bool) -> Any:
    kind = option["type"]
    if kind == ATTACHMENT:
        if not isinstance(value, Upload):
            raise ClientRefused(f"option {option['name']!r} takes a file")
        return resolved.upload(value)
    if kind in {USER, CHANNEL, ROLE, MENTIONABLE}:
        sent = resolved.any(value, kind)
        check_channel_type(option, value)
        return sent
    if forge:
        return value
    if option.get("choices"):
        for choice in option["choices"]:
            if value in (choice["value"], localized(choice, resolved.locale)):
                return choice["value"]
        raise ClientRefused(f"{value!r} is none of the choices of {option['name']!r}")
    if kind == BOOLEAN:
        if not isinstance(value, bool):
            raise ClientRefused(f"option {option['name']!r} takes true or false")
        return value
    if kind == STRING:
        return _text(option, str(value))
    return _number(option, value)


def _text(option: Json, text: str) -> str:
    low, high = option.get("min_length", 0), option.get("max_length", _LONGEST)
    if not low <= len(text) <= high:
        raise ClientRefused(f"option {option['name']!r} takes {low} to {high} characters")
    return text


def _number(option: Json, value: Any) -> int | float:
    whole = option["type"] == INTEGER
    if isinstance(value, bool) or not isinstance(value, (int, float)) or (whole and value != int(value)):
        raise ClientRefused(f"option {option['name']!r} takes a {'whole ' if whole else ''}number")
    low, high = option.get("min_value"), option.get("max_value")
    if (low is not None and value < low) or (high is not None and value > high) or abs(value) > 2**53:
        raise ClientRefused(f"option {option['name']!r} takes {low} to {high}")
    return int(value) if whole else value


def check_channel_type(option: Json, value: Any) -> None:
    """Refuse a channel of a type that an option or a select menu does not take. Raises ClientRefused."""
    types = option.get("channel_types")
    kind = getattr(value, "type", None)
    if types and kind is not None and kind not in types:
        name = option.get("name") or option.get("custom_id")
        raise ClientRefused(f"{name!r} does not take this type of channel")
