"""A guild's settings as people read and write them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

import hikari

from bot.errors import UserError
from components.ladder_lines import tiers_text
from components.markdown import plain
from components.pages import page_count, page_row, within
from components.texts import FALLBACK, language_named, number, say
from state.configure import Configured
from state.guild_settings import Kind, Setting, setting_of, settings_for
from state.ladder import Ladder

PAGE: Final = 9
SHOW_HANDLER: Final = "settings.page"
HISTORY_HANDLER: Final = "settings.history"
HISTORY_PAGE: Final = 10
_CHOICES: Final = 25
_COLOR: Final = 0x5C8374
_ON: Final = ("on", "yes", "true", "1")
_OFF: Final = ("off", "no", "false", "0")
_BACK: Final = ("default", "none")
_SECONDS: Final[Mapping[str, int]] = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_DURATION: Final = re.compile(r"([0-9]{1,9})\s*(s|sec|secs|m|min|mins|h|hours?|d|days?)\b\s*")


def find(name: str, ladder: Ladder) -> Setting | None:
    """The setting of that name."""
    wanted = name.strip().casefold()
    return next((setting for setting in settings_for(ladder) if setting.name == wanted), None)


def demand(name: str, ladder: Ladder, locale: str = FALLBACK) -> Setting:
    """The setting of that name. Raises `UserError` that tells how to find one."""
    setting = find(name, ladder)
    if setting is None:
        raise UserError(say("settings.unknown", locale, name=plain(name, 60)))
    return setting


def offered(typed: str, ladder: Ladder, locale: str = FALLBACK) -> list[tuple[str, str]]:
    """Choices (label, value) of the settings whose name or description has what was typed."""
    wanted = typed.strip().casefold()
    found: list[tuple[str, str]] = []
    for setting in settings_for(ladder):
        label = f"{setting.name}: {description(setting, ladder, locale)}"
        if wanted in label.casefold():
            found.append((label if len(label) <= 100 else label[:99] + "…", setting.name))
    return found[:_CHOICES]


def description(setting: Setting, ladder: Ladder, locale: str = FALLBACK) -> str:
    """What the setting does, in one line."""
    if setting.tier is not None:
        name = setting.name.partition("_")[0]
        return say(f"settings.of_{name}", locale, tier=ladder.name(setting.tier))
    return say(f"settings.of_{setting.name}", locale)


def read_value(setting: Setting, text: str, locale: str = FALLBACK) -> str | None:
    """The value as it is kept, None for the default. Raises `UserError` that says what is possible.

    Roles and channels are read as their id from `<@&1>`, `<#1>` or `1`; whether they exist the caller sees.
    """
    wanted = text.strip().casefold()
    if wanted in _BACK:
        return None
    value: str | None = None
    match setting.kind:
        case Kind.SWITCH:
            value = "1" if wanted in _ON else "0" if wanted in _OFF else None
        case Kind.NUMBER:
            value = str(int(wanted)) if wanted.isascii() and wanted.isdecimal() and len(wanted) < 12 else None
        case Kind.DURATION:
            seconds = _seconds(wanted)
            value = None if seconds is None else str(seconds)
        case Kind.ROLE | Kind.CHANNEL:
            mark = "@&" if setting.kind is Kind.ROLE else "#"
            found = re.fullmatch(rf"<{mark}([0-9]{{1,20}})>|([0-9]{{1,20}})", wanted)
            value = (found.group(1) or found.group(2)) if found else None
        case Kind.CHOICE:
            value = wanted
        case Kind.LANGUAGE:
            value = language_named(wanted)
    if value is None or not setting.can_hold(value):
        raise UserError(wrong(setting, locale))
    return None if value == setting.default and not setting.floats else value


def wrong(setting: Setting, locale: str = FALLBACK) -> str:
    """What the setting takes, for somebody who gave something else."""
    low, high = str(setting.low), str(setting.high)
    if setting.kind is Kind.DURATION:
        low, high = duration(setting.low, locale), duration(setting.high, locale)
    named = ", ".join(f"`{choice}`" for choice in setting.choices)
    return say(
        f"settings.wrong_{setting.kind.value}", locale, name=setting.name, low=low, high=high, choices=named
    )


def _seconds(text: str) -> int | None:
    if text == "0":
        return 0
    total, at = 0, 0
    while at < len(text):
        found = _DURATION.match(text, at)
        if found is None:
            return None
        total += int(found.group(1)) * _SECONDS[found.group(2)[0]]
        at = found.end()
    return total if text else None


def duration(seconds: int, locale: str = FALLBACK) -> str:
    """A stretch of time, exactly: "1 h 30 min"."""
    parts: list[str] = []
    for unit in ("d", "h", "m", "s"):
        count, seconds = divmod(seconds, _SECONDS[unit])
        if count:
            parts.append(say(f"settings.unit_{unit}", locale, count=count))
    return " ".join(parts) or say("settings.unit_s", locale, count=0)


def value_text(setting: Setting, value: str | None, locale: str = FALLBACK) -> str:
    """A kept value as people read it; None is the default. A value spoilt by hand shows as it is."""
    kept = setting.default if value is None else value
    if kept and not setting.can_hold(kept):
        return plain(kept, 40)
    match setting.kind:
        case Kind.SWITCH:
            return say("settings.on" if kept == "1" else "settings.off", locale)
        case Kind.DURATION:
            return duration(int(kept), locale)
        case Kind.NUMBER:
            free = kept == "0" and (setting.name == "cap" or setting.name.endswith("_limit"))
            return say("settings.no_limit", locale) if free else number(int(kept), locale)
        case Kind.ROLE:
            return f"<@&{kept}>" if kept else say("settings.nothing", locale)
        case Kind.CHANNEL:
            return f"<#{kept}>" if kept else say("settings.nothing", locale)
        case Kind.CHOICE:
            return kept
        case Kind.LANGUAGE:
            return say("language.name", kept)


def show_embed(
    values: Mapping[str, str], ladder: Ladder, page: int, locale: str = FALLBACK
) -> tuple[hikari.Embed, Sequence[hikari.impl.MessageActionRowBuilder]]:
    """A page of all settings with their defaults, and the buttons below it."""
    everything = list(settings_for(ladder, values))
    pages = page_count(len(everything), PAGE)
    page = within(page, pages)
    lines = [
        _setting_line(setting, values.get(setting.field), ladder, locale)
        for setting in everything[(page - 1) * PAGE : page * PAGE]
    ]
    if page == 1:
        lines.insert(0, say("settings.ladder_is", locale, tiers=tiers_text(ladder)))
    embed = hikari.Embed(
        title=say("settings.title", locale), description="\n".join(lines)[:4096], color=_COLOR
    )
    embed.set_footer(say("settings.page", locale, page=page, pages=pages))
    return embed, page_row(SHOW_HANDLER, page, pages, locale)


def _setting_line(setting: Setting, value: str | None, ladder: Ladder, locale: str) -> str:
    told = {
        "name": setting.name,
        "value": value_text(setting, value, locale),
        "default": value_text(setting, None, locale),
        "description": plain(description(setting, ladder, locale), 200),
    }
    standing = value is None or value == setting.default
    return say("settings.line_default" if standing else "settings.line", locale, **told)


def difference_lines(
    settings: Mapping[str, tuple[str | None, str | None]],
    tiers: Mapping[str, tuple[str | None, str | None]],
    ladder: Ladder,
    locale: str = FALLBACK,
) -> list[str]:
    """One line a change: what it was, what it is. Kept fields of the hashes to (before, after).

    `ladder` as it is now tells what stands for a setting that is not kept.
    """
    lines: list[str] = []
    for field, (before, after) in settings.items():
        setting = setting_of(field, ladder)
        told = (
            (value_text(setting, before, locale), value_text(setting, after, locale))
            if setting
            else (plain(before or "-", 40), plain(after or "-", 40))
        )
        name = setting.name if setting else plain(field, 40)
        lines.append(say("settings.change", locale, name=name, before=told[0], after=told[1]))
    for label, (before, after) in sorted(tiers.items(), key=lambda rung: -int(rung[0])):
        names = (plain(name, 40) if name else say("settings.nothing", locale) for name in (before, after))
        was, is_ = names
        lines.append(say("settings.change_tier", locale, label=label, before=was, after=is_))
    return lines


def history_embed(
    changes: Sequence[Configured], page: int, ladder: Ladder, locale: str = FALLBACK
) -> tuple[hikari.Embed, Sequence[hikari.impl.MessageActionRowBuilder]]:
    """A page of changes, newest first, and the buttons below it."""
    pages = page_count(len(changes), HISTORY_PAGE)
    page = within(page, pages)
    lines: list[str] = []
    for change in changes[(page - 1) * HISTORY_PAGE : page * HISTORY_PAGE]:
        key = "settings.history_undo" if change.takes_back is not None else "settings.history_entry"
        told = "; ".join(difference_lines(change.settings, change.ladder, ladder, locale))
        name = plain(change.by_name, 40)
        line = say(key, locale, moment=f"<t:{change.at // 1000}:R>", name=name, changes=told)
        lines.append(line if len(line) <= 390 else line[:389] + "…")
    embed = hikari.Embed(
        title=say("settings.history_title", locale),
        description="\n".join(lines) or say("settings.history_none", locale),
        color=_COLOR,
    )
    embed.set_footer(say("settings.page", locale, page=page, pages=pages))
    return embed, page_row(HISTORY_HANDLER, page, pages, locale)
