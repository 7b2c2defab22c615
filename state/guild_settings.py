"""Settings of one guild, as its `settings` hash holds them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from state.ladder import COINS_A_LUXURY_COIN, Ladder
from state.scripts import CONSTANTS, DEFAULTS


class Kind(StrEnum):
    """What a setting's value is, as people give it: a duration is kept in seconds, a switch as 0 or 1."""

    NUMBER = "number"
    SWITCH = "switch"
    DURATION = "duration"
    ROLE = "role"
    CHANNEL = "channel"
    LANGUAGE = "language"
    CHOICE = "choice"


_LOCALE: Final = re.compile(r"[a-z]{2}(?:-[A-Z]{2}|-[0-9]{3})?")
"""A locale as Discord writes it (Reference, Locales); which of them there are texts in is not known here."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: `name` is what people type, `field` where the `settings` hash keeps it.

    `default` is as it is kept, empty for no role or channel; `low` and `high` bound numbers and durations,
    `choices` are the words there are to choose from.
    `floats`: its default follows another setting, and only no value at all is the default.
    Its description is the text `settings.of_<name>`, with `tier` filled in for one that each tier has.
    """

    name: str
    field: str
    kind: Kind
    default: str
    low: int = 0
    high: int = 0
    tier: int | None = None
    floats: bool = False
    choices: tuple[str, ...] = ()

    def can_hold(self, value: str) -> bool:
        """Whether the hash may keep that value."""
        if self.kind is Kind.LANGUAGE:
            return _LOCALE.fullmatch(value) is not None
        if self.kind is Kind.CHOICE:
            return value in self.choices
        if not value.isascii() or not value.isdecimal():
            return False
        match self.kind:
            case Kind.SWITCH:
                return value in ("0", "1")
            case Kind.NUMBER | Kind.DURATION:
                return len(value) < 12 and self.low <= int(value) <= self.high
            case _:
                return len(value) <= 20


def _number(name: str, field: str, high: int) -> Setting:
    return Setting(name, field, Kind.NUMBER, DEFAULTS[field], high=high)


POINTED: Final = (
    *("like", "comment", "share", "follow", "subscribe", "submission"),
    *("gift_small", "gift_large"),
)
"""What earns points; of a gift each coin does."""
MOST_COINS: Final = 10**9

REGISTRY: Final = (
    Setting("paused", "paused", Kind.SWITCH, "0"),
    _number("lock", "lock", int(CONSTANTS["MOST_LOCKED"])),
    _number("cap", "cap", 10**6),
    _number("free_limit", "limit:0", 10**6),
    _number("pending_limit", "limit:pending", 10**6),
    Setting("cooldown", "cooldown", Kind.DURATION, DEFAULTS["cooldown"], high=365 * 24 * 3600),
    _number("double_press_ms", "double_press_ms", 10_000),
    _number("fair_paid", "fair:paid", 100),
    Setting("fair_round_robin", "fair:round_robin", Kind.SWITCH, "0"),
    _number("keep_days", "keep_days", 3650),
    Setting("reviewer_role", "role:reviewer", Kind.ROLE, ""),
    Setting("submissions_channel", "channel:submissions", Kind.CHANNEL, ""),
    Setting("queue_channel", "channel:queue", Kind.CHANNEL, ""),
    Setting("review_channel", "channel:review", Kind.CHANNEL, ""),
    Setting("now_playing_channel", "channel:now_playing", Kind.CHANNEL, ""),
    Setting("bookmarks_channel", "channel:bookmarks", Kind.CHANNEL, ""),
    Setting("notices", "notices", Kind.CHOICE, "dm", choices=("dm", "channel", "off")),
    Setting("notices_channel", "channel:notices", Kind.CHANNEL, ""),
    Setting("language", "language", Kind.LANGUAGE, "en"),
    *(_number(f"points_{what}", f"points:{what}", 10**6) for what in POINTED),
    _number("points_gift_limit", "points:gift_limit", MOST_COINS),
    Setting("live_grace", "live_grace", Kind.DURATION, DEFAULTS["live_grace"], high=12 * 3600),
    Setting("alerts_channel", "channel:alerts", Kind.CHANNEL, ""),
    Setting("metrics_channel", "channel:metrics", Kind.CHANNEL, ""),
    Setting("chat_commands", "chat_commands", Kind.SWITCH, "0"),
    Setting("public_page", "public_page", Kind.SWITCH, "0"),
)
"""Every setting of a guild but those that each of its tiers has, in the order in which they are shown."""

_FIELDS: Final[Mapping[str, Setting]] = {setting.field: setting for setting in REGISTRY}
_SWITCHES: Final = ("closed:",)
_COINS: Final = ("gift:", "price:")
_IDS: Final = ("role:", "channel:")


def settings_for(ladder: Ladder, values: Mapping[str, str] | None = None) -> Iterator[Setting]:
    """Every setting of a guild with that ladder: those of the registry, then those of each tier.

    `values`, the fields that are set, tell the defaults that follow other settings.
    """
    yield from REGISTRY
    for tier in ladder.paid:
        yield _of_tier("gift", tier.label, str(ladder.gift_of(tier.label)))
        gift = _whole((values or {}).get(f"gift:{tier.label}"), ladder.gift_of(tier.label))
        yield _of_tier("price", tier.label, str(gift // COINS_A_LUXURY_COIN))
    for tier in ladder.tiers:
        yield _of_tier("closed", tier.label, "0")


def _of_tier(name: str, label: int, default: str) -> Setting:
    kind, floats = Kind.SWITCH if name == "closed" else Kind.NUMBER, name == "price"
    return Setting(
        f"{name}_{label}", f"{name}:{label}", kind, default, high=MOST_COINS, tier=label, floats=floats
    )


def setting_of(field: str, ladder: Ladder) -> Setting | None:
    """The setting kept in a field, also one of a tier that the ladder has no more."""
    name, _, label = field.partition(":")
    if name in ("closed", "gift", "price") and label.isdecimal():
        gift = ladder.gift_of(int(label))
        defaults = {"closed": "0", "gift": str(gift), "price": str(gift // COINS_A_LUXURY_COIN)}
        return _of_tier(name, int(label), defaults[name])
    return _FIELDS.get(field)


def _whole(text: str | None, default: int) -> int:
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) <= 20 else default


def check_setting(name: str, value: str | None) -> None:
    """Raises `ValueError` when a field of the `settings` hash cannot hold the value; None clears it.

    Fields of other features are theirs to check.
    """
    if value is None:
        return
    if known := _FIELDS.get(name):
        good = known.can_hold(value)
    elif name.startswith(_SWITCHES):
        good = value in ("0", "1")
    elif name.startswith(_COINS):
        good = value.isascii() and value.isdecimal() and len(value) < 12 and int(value) <= MOST_COINS
    elif name.startswith(_IDS):
        good = value.isascii() and value.isdecimal() and len(value) <= 20
    else:
        good = True
    if not good:
        raise ValueError(f"{name} cannot be {value!r}")


@dataclass(frozen=True, slots=True)
class GuildSettings:
    """What a guild has chosen; everything has a default, so an untouched guild works.

    `closed`: labels of the tiers that take no songs. `lock`: how many announced songs keep their place
    (0-3). `cap`: songs the queue holds, 0 for no limit. `cooldown`: seconds before a played track may
    come again. `double_press_ms`: a second Next on the panel this soon counts as a double click. `fair_paid`:
    so many paid songs, then one Free, 0 for no such pattern; `fair_round_robin`: the artists of a tier take
    turns. `keep_days`: how long Redis keeps an ended song, 0 for ever. Role and channel ids are 0 when none
    is chosen. `language`: the locale of whatever everybody sees.
    """

    paused: bool = False
    closed: frozenset[int] = frozenset()
    lock: int = int(DEFAULTS["lock"])
    cap: int = int(DEFAULTS["cap"])
    free_limit: int = int(DEFAULTS["limit:0"])
    pending_limit: int = int(DEFAULTS["limit:pending"])
    cooldown: int = int(DEFAULTS["cooldown"])
    double_press_ms: int = int(DEFAULTS["double_press_ms"])
    fair_paid: int = int(DEFAULTS["fair:paid"])
    fair_round_robin: bool = False
    keep_days: int = int(DEFAULTS["keep_days"])
    chat_commands: bool = False
    public_page: bool = False
    live_grace: int = int(DEFAULTS["live_grace"])
    reviewer_role: int = 0
    channels: Mapping[str, int] = field(default_factory=dict[str, int])
    language: str = "en"

    @classmethod
    def from_hash(cls, fields: Mapping[str, str]) -> GuildSettings:
        """The settings from the fields of the hash; unknown fields are left to the features they serve.

        A field spoilt by hand counts as not set, as it does in the scripts.
        """

        def number(name: str) -> int:
            return _whole(fields.get(name), int(DEFAULTS.get(name, "0")))

        shut = (name[7:] for name, value in fields.items() if name[:7] == "closed:" and value == "1")
        language = fields.get("language", "")
        channels = {name[8:]: number(name) for name in fields if name[:8] == "channel:"}
        return cls(
            paused=fields.get("paused") == "1",
            closed=frozenset(_whole(label, -1) for label in shut),
            lock=min(number("lock"), _FIELDS["lock"].high),
            cap=number("cap"),
            free_limit=number("limit:0"),
            pending_limit=number("limit:pending"),
            cooldown=number("cooldown"),
            double_press_ms=number("double_press_ms"),
            fair_paid=number("fair:paid"),
            fair_round_robin=fields.get("fair:round_robin") == "1",
            keep_days=number("keep_days"),
            chat_commands=fields.get("chat_commands") == "1",
            public_page=fields.get("public_page") == "1",
            live_grace=number("live_grace"),
            reviewer_role=number("role:reviewer"),
            channels=channels,
            language=language if _FIELDS["language"].can_hold(language) else _FIELDS["language"].default,
        )

    def takes(self, label: int) -> bool:
        """Whether songs may be submitted to that tier now."""
        return not self.paused and label not in self.closed
