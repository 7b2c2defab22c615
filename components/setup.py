"""What `/setup` has to tell: what there is now, where it came from, and what is missing for the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import hikari

from bot.router import encode
from components.ladder_lines import ladder_select
from components.markdown import clean, plain
from components.permissions import NEEDED, WANTED
from components.texts import FALLBACK, say
from state.ladder import Ladder

PLACES: Final = ("submissions", "queue", "review")
"""Kinds of channels, as in the `channel:` settings and in the options of the command."""

MORE: Final = ("now_playing", "bookmarks", "alerts", "metrics")
"""Channels that a server may do without: none is made, and the wizard asks on a page of their own."""

_P: Final = hikari.Permissions
REVIEWS: Final = _P.VIEW_CHANNEL | _P.READ_MESSAGE_HISTORY | _P.SEND_MESSAGES
"""What reviewers may do in their channel."""
_SHOWS: Final = NEEDED["submissions"] | NEEDED["queue"] | NEEDED["review"] | WANTED
DISPLAYS: Final = {"submissions": ("portal",), "queue": ("public",), "review": ("pending", "reviewer")}
"""Displays that stand in each of them, topmost first."""

ROLE_CHOICE: Final = "setup.role"
CHANNEL_CHOICE: Final = "setup.channel"
LADDER_CHOICE: Final = "setup.ladder"
MORE_CHOICE: Final = "setup.more"
FIRST_PAGE: Final = "setup.first"
"""Handlers of the wizard's menus, and of the button that leaves the second page."""
MORE_PAGE: Final = "more"
"""Value of the last menu, beside the ladders, that turns to the second page."""


class How(StrEnum):
    """Where a role or a channel came from."""

    CHOSEN = "chosen"
    KEPT = "kept"
    FOUND = "found"
    CREATED = "created"


@dataclass(frozen=True, slots=True)
class Settled:
    """A role or a channel that is in use now."""

    id: int
    name: str
    how: How


@dataclass(frozen=True, slots=True)
class Outcome:
    """Everything there is after a run; `problems` are finished sentences."""

    role: Settled | None
    places: dict[str, Settled | None]
    ladder: Ladder
    problems: Sequence[str]


def outcome_text(outcome: Outcome, locale: str = FALLBACK) -> str:
    """The answer to `/setup`."""
    lines = [say("setup.done_in_part" if outcome.problems else "setup.done", locale)]
    if outcome.role is None:
        lines.append(say("setup.no_role", locale))
    else:
        lines.append(_settled("setup.role", outcome.role, locale))
    for kind in PLACES:
        place = outcome.places.get(kind)
        lines.append(
            say(f"setup.no_{kind}", locale) if place is None else _settled(f"setup.{kind}", place, locale)
        )
    more = ((kind, outcome.places.get(kind)) for kind in MORE)
    lines.extend(_settled(f"setup.{kind}", place, locale) for kind, place in more if place is not None)
    tiers = " > ".join(plain(tier.name) for tier in outcome.ladder.tiers)
    lines.append(say("setup.ladder", locale, tiers=tiers))
    lines.extend(f"- {problem}" for problem in outcome.problems)
    return "\n".join(lines)


def wizard_rows(outcome: Outcome, locale: str = FALLBACK) -> list[hikari.impl.MessageActionRowBuilder]:
    """Menus to choose the role, each channel and the ladder anew; each names what is in use."""
    role = hikari.impl.MessageActionRowBuilder()
    named = say("setup.nothing", locale) if outcome.role is None else outcome.role.name
    role.add_select_menu(
        hikari.ComponentType.ROLE_SELECT_MENU,
        encode(ROLE_CHOICE),
        placeholder=clean(say("setup.choose_role", locale, name=named), 150),
    )
    channels = [_channel_menu(CHANNEL_CHOICE, kind, outcome, locale) for kind in PLACES]
    # The five rows of a message are taken: the way to the second page is in the last of them.
    more = {MORE_PAGE: say("setup.more", locale)}
    return [role, *channels, ladder_select(outcome.ladder, encode(LADDER_CHOICE), locale, more=more)]


def more_rows(outcome: Outcome, locale: str = FALLBACK) -> list[hikari.impl.MessageActionRowBuilder]:
    """The second page: menus for the channels a server may do without; one left empty is none."""
    back = hikari.impl.MessageActionRowBuilder()
    back.add_interactive_button(
        hikari.ButtonStyle.SECONDARY, encode(FIRST_PAGE), label=say("setup.more_back", locale)
    )
    return [*(_channel_menu(MORE_CHOICE, kind, outcome, locale) for kind in MORE), back]


def _channel_menu(
    handler: str, kind: str, outcome: Outcome, locale: str
) -> hikari.impl.MessageActionRowBuilder:
    place, row = outcome.places.get(kind), hikari.impl.MessageActionRowBuilder()
    named = say("setup.nothing", locale) if place is None else f"#{place.name}"
    row.add_channel_menu(
        encode(handler, kind),
        channel_types=[hikari.ChannelType.GUILD_TEXT],
        placeholder=clean(say(f"setup.choose_{kind}", locale, name=named), 150),
        min_values=0 if kind in MORE else 1,
    )
    return row


def _settled(key: str, settled: Settled, locale: str) -> str:
    how = say(f"setup.how_{settled.how.value}", locale)
    return say(key, locale, name=plain(settled.name, 100), id=settled.id, how=how)


def overwrites(
    kind: str, *, everyone: int, me: int, role: Settled | None, held: hikari.Permissions
) -> list[hikari.PermissionOverwrite]:
    """The queue is read by all and written by the bot; the review channel is the reviewers' alone.

    The bot itself comes first and everybody last, so that it never shuts itself out on the way. `held` is
    what the bot has in the server: Discord lets it give and take nothing else.
    """
    roles, members = hikari.PermissionOverwriteType.ROLE, hikari.PermissionOverwriteType.MEMBER
    rows = [(me, members, _SHOWS, _P.NONE)]
    match kind:
        case "queue":
            rows.append((everyone, roles, _P.NONE, _P.SEND_MESSAGES))
        case "review":
            if role is not None:
                rows.append((role.id, roles, REVIEWS, _P.NONE))
            rows.append((everyone, roles, _P.NONE, _P.VIEW_CHANNEL))
        case _:
            return []
    return [
        hikari.PermissionOverwrite(id=hikari.Snowflake(id_), type=type_, allow=allow & held, deny=deny & held)
        for id_, type_, allow, deny in rows
    ]


def lets_in(channel: hikari.PermissibleGuildChannel, role: int) -> bool:
    """Whether a private channel says itself that the role sees it."""
    overwrite = channel.permission_overwrites.get(hikari.Snowflake(role))
    return overwrite is not None and bool(overwrite.allow & _P.VIEW_CHANNEL)
