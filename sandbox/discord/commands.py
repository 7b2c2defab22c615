"""The application's commands as declared by the bot, and what a Discord client does with them.

Source: Discord's developer documentation, topic Application Commands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sandbox.discord.refusals import Json
    from sandbox.discord.snowflakes import Snowflakes

CHAT_INPUT: Final = 1
USER: Final = 2
MESSAGE: Final = 3

SUB_COMMAND: Final = 1
SUB_COMMAND_GROUP: Final = 2

_FALLBACKS: Final = {"en-US": "en-GB", "en-GB": "en-US", "es-419": "es-ES"}
"""Where a client looks before it takes the default (Application Commands, Locale fallbacks)."""

Key = tuple[int, str]


class Commands:
    """The commands of every scope; None is the global one, else a guild id."""

    def __init__(self, application_id: int, snowflakes: Snowflakes) -> None:
        self._application_id = application_id
        self._snowflakes = snowflakes
        self._scopes: dict[int | None, dict[Key, Json]] = {None: {}}

    def all(self, guild_id: int | None = None) -> list[Json]:
        """Give the commands of a scope in the order they were made."""
        return list(self._scopes.get(guild_id, {}).values())

    def get(self, guild_id: int | None, command_id: int) -> Json | None:
        """Find a command by id."""
        for command in self._scopes.get(guild_id, {}).values():
            if command["id"] == str(command_id):
                return command
        return None

    def put(self, guild_id: int | None, bodies: Iterable[Json]) -> list[Json]:
        """Replace a scope; what has the same type and name keeps its id."""
        before = self._scopes.get(guild_id, {})
        self._scopes[guild_id] = {}
        for body in bodies:
            self.save(guild_id, body, before)
        return self.all(guild_id)

    def save(self, guild_id: int | None, body: Json, before: dict[Key, Json] | None = None) -> Json:
        """Create a command, or overwrite the one of the same type and name."""
        scope = self._scopes.setdefault(guild_id, {})
        key = (int(body.get("type") or CHAT_INPUT), str(body["name"]))
        old = (scope if before is None else before).get(key)
        command = self._shape(guild_id, body, old)
        if old is not None and _same(old, command):
            command = old
        scope[key] = command
        return command

    def edit(self, guild_id: int | None, command: Json, body: Json) -> Json:
        """Change a command."""
        scope = self._scopes[guild_id]
        del scope[command["type"], command["name"]]
        changed = self._shape(guild_id, command | body, command)
        scope[changed["type"], changed["name"]] = changed
        return changed

    def delete(self, guild_id: int | None, command: Json) -> None:
        """Delete a command."""
        del self._scopes[guild_id][command["type"], command["name"]]

    def find(
        self, name: str, guild_id: int | None, command_type: int = CHAT_INPUT, locale: str = "en-US"
    ) -> Json | None:
        """Find what a person in a guild, or in a direct channel where None, gets under a name they read."""
        for scope in (guild_id, None):
            for command in self._scopes.get(scope, {}).values():
                if command["type"] == command_type and localized(command, locale) == name:
                    return command
        return None

    def _shape(self, guild_id: int | None, body: Json, old: Json | None) -> Json:
        permissions = body.get("default_member_permissions")
        command: Json = {
            "id": old["id"] if old is not None else str(self._snowflakes.next()),
            "application_id": str(self._application_id),
            "version": str(self._snowflakes.next()),
            "type": int(body.get("type") or CHAT_INPUT),
            "name": body["name"],
            "name_localizations": body.get("name_localizations") or None,
            "description": body.get("description") or "",
            "description_localizations": body.get("description_localizations") or None,
            "default_member_permissions": None if permissions is None else str(permissions),
            "nsfw": bool(body.get("nsfw")),
            "integration_types": body.get("integration_types") or [0],
        }
        contexts = body.get("contexts")
        if guild_id is None:
            command["contexts"] = contexts
            command["dm_permission"] = contexts is None or 1 in contexts
        else:
            command["guild_id"] = str(guild_id)
            command["contexts"] = None
        if body.get("options"):
            command["options"] = [_option(option) for option in body["options"]]
        return command


def _option(body: Json) -> Json:
    option = {key: value for key, value in body.items() if value is not None}
    if option.get("options"):
        option["options"] = [_option(each) for each in option["options"]]
    # Discord leaves out what has the default.
    for key in ("required", "autocomplete"):
        if option.get(key) is False:
            del option[key]
    for key in ("name_localizations", "description_localizations"):
        if not option.get(key):
            option.pop(key, None)
    return option


def _same(old: Json, new: Json) -> bool:
    return {**old, "version": None} == {**new, "version": None}


def localized(body: Json, locale: str, key: str = "name") -> str:
    """What a client of that language shows of a command, an option or a choice: `name` or `description`."""
    words = cast("dict[str, str]", body.get(f"{key}_localizations") or {})
    for each in (locale, _FALLBACKS.get(locale)):
        if each is not None and each in words:
            return words[each]
    return str(body[key])


def descend(command: Json, path: list[str]) -> tuple[list[Json], list[Json]]:
    """Go down a command's groups along `path`.

    Returns the options on the way and the options of what is to be run. Raises LookupError.
    """
    options = cast("list[Json]", command.get("options") or [])
    way: list[Json] = []
    for name in path:
        found = next(
            (
                each
                for each in options
                if each["name"] == name and each["type"] in {SUB_COMMAND, SUB_COMMAND_GROUP}
            ),
            None,
        )
        if found is None:
            raise LookupError(name)
        way.append(found)
        options = cast("list[Json]", found.get("options") or [])
    if any(each["type"] in {SUB_COMMAND, SUB_COMMAND_GROUP} for each in options):
        raise LookupError("a subcommand has to be named")
    return way, options


def nest(way: list[Json], values: list[Json]) -> list[Json]:
    """Wrap option values in the groups they stand in."""
    nested: list[Any] = values
    for option in reversed(way):
        nested = [{"name": option["name"], "type": option["type"], "options": nested}]
    return nested
