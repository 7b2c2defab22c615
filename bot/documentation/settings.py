"""The tables of settings: of the environment, and of one server."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from pydantic_core import PydanticUndefined

from bot.documentation.tables import code, table
from bot.settings import SECRETS, Settings
from components.texts import say
from state.guild_settings import MOST_COINS, REGISTRY, Kind, Setting
from state.ladder import COINS_A_LUXURY_COIN, GIFTS

EXAMPLE: Final = Path(__file__).parents[2] / ".env.example"

_LINE: Final = re.compile(r"#?([A-Z_]+)=")
_HOUR: Final = 3600


def settings() -> str:
    """The table of environment variables: names and defaults of `bot.settings`, words of `.env.example`."""
    meanings = _meanings(EXAMPLE.read_text(encoding="utf-8"))
    rows: list[list[str]] = []
    for field in Settings.model_fields.values():
        name = str(field.validation_alias)
        if field.is_required():
            default = "required"
        elif field.default in (None, PydanticUndefined):
            default = ""
        else:
            default = code(str(field.default))
        names = [name, f"{name}_FILE"] if name in SECRETS else [name]
        rows.append([", ".join(map(code, names)), default, meanings[name]])
    return "\n".join(table(("variable", "default", "what it is"), rows))


def guild_settings() -> str:
    """The table of what a server chooses with `/settings`."""
    rows = [[code(each.name), _values(each), _default(each), _meaning(each)] for each in REGISTRY]
    ranks = ", ".join(f"{coins:,}" for coins in GIFTS)
    for name, takes, default in (
        ("closed", "on or off", "off"),
        ("gift", f"0 to {MOST_COINS:,}", f"by rank: {ranks}"),
        ("price", f"0 to {MOST_COINS:,}", f"a {COINS_A_LUXURY_COIN}th of the gift"),
    ):
        rows.append([code(f"{name}_<tier>"), takes, default, say(f"settings.of_{name}", tier="that tier")])
    return "\n".join(table(("setting", "takes", "default", "what it does"), rows))


def _meanings(text: str) -> dict[str, str]:
    """The comment above each variable; variables that share one block share it."""
    found: dict[str, str] = {}
    for block in text.split("\n\n"):
        lines = block.splitlines()
        words = [line.removeprefix("# ") for line in lines if line.startswith("# ")]
        for line in lines:
            if named := _LINE.match(line):
                found[named[1]] = " ".join(words)
    return found


def _meaning(setting: Setting) -> str:
    return say(f"settings.of_{setting.name}")


def _values(setting: Setting) -> str:
    match setting.kind:
        case Kind.SWITCH:
            return "on or off"
        case Kind.NUMBER:
            return f"{setting.low} to {setting.high:,}"
        case Kind.DURATION:
            hours = setting.high // _HOUR
            return f"a time, at most {hours // 24} days" if hours >= 48 else f"a time, at most {hours} h"
        case Kind.ROLE | Kind.CHANNEL:
            return f"a {setting.kind}"
        case _:
            return str(setting.kind)


def _default(setting: Setting) -> str:
    if setting.kind is Kind.SWITCH:
        return "on" if setting.default == "1" else "off"
    if setting.kind is Kind.DURATION and setting.default.isdecimal():
        seconds = int(setting.default)
        return f"{seconds // _HOUR} h" if seconds and seconds % _HOUR == 0 else f"{seconds} s"
    return setting.default or "none"
