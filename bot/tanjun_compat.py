"""Lets tanjun 2.17.7 declare commands on hikari 2.2 and later.

hikari 2.2.0 removed `is_dm_enabled` from application commands in favour of context types; tanjun still
reads it from the builders it declares and, on every later start, from the commands Discord already has.
Importing this module adds it to both. Its comparison of the two also takes an option without options of its
own for a changed one when Discord leaves the empty list out, and does not see when only a translation of an
option or of a choice has changed: it is replaced by one that mends both. And what tanjun calls in alluka for
each command is called without the warning around it. It must be imported before the first `tanjun.Client` is
built.

`tests/bot/test_tanjun_compat.py` fails as soon as either library makes this module unnecessary.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import attrs
import hikari
from hikari.impl import special_endpoints
from tanjun import _internal
from tanjun.context import base

__all__ = ["mute_deprecations"]


def _builder_is_dm_enabled(builder: hikari.api.CommandBuilder) -> hikari.UndefinedOr[bool]:
    contexts = builder.context_types
    if contexts is hikari.UNDEFINED:
        return hikari.UNDEFINED
    return hikari.ApplicationContextType.BOT_DM in contexts


def _set_is_dm_enabled(
    builder: hikari.api.CommandBuilder, state: hikari.UndefinedOr[bool], /
) -> hikari.api.CommandBuilder:
    # Nothing sent means "everywhere" to Discord, so only a refusal needs saying.
    contexts = [hikari.ApplicationContextType.GUILD] if state is False else hikari.UNDEFINED
    return builder.set_context_types(contexts)


def _command_is_dm_enabled(command: hikari.PartialCommand) -> bool:
    # Discord keeps no contexts for the commands of one guild and answers null; a DM never shows them.
    if command.guild_id is not None:
        return False
    return not command.context_types or hikari.ApplicationContextType.BOT_DM in command.context_types


def _same_options(
    some: Sequence[hikari.CommandOption] | None, others: Sequence[hikari.CommandOption] | None
) -> bool:
    some, others = some or (), others or ()
    return len(some) == len(others) and all(map(_same_option, some, others))


def _same_option(one: hikari.CommandOption, other: hikari.CommandOption) -> bool:
    def bare(option: hikari.CommandOption) -> hikari.CommandOption:
        choices, channels = option.choices or None, option.channel_types or None
        return attrs.evolve(option, options=None, choices=choices, channel_types=channels)

    return (
        bare(one) == bare(other)
        and _words(one) == _words(other)
        and _same_options(one.options, other.options)
    )


def _words(option: hikari.CommandOption) -> tuple[dict[str, str], ...]:
    """What an option and its choices are called in each language: hikari leaves that out of its `==`."""
    said = [option.name_localizations, option.description_localizations]
    said += [choice.name_localizations for choice in option.choices or ()]
    return tuple({str(locale): word for locale, word in words.items()} for words in said)


def _same_command(
    one: hikari.PartialCommand | hikari.api.CommandBuilder,
    other: hikari.PartialCommand | hikari.api.CommandBuilder | None,
    /,
) -> bool:
    """Say whether a command is declared as it stands; in place of `tanjun._internal.cmp_command`."""
    if other is None or one.type != other.type:
        return False
    sides: list[tuple[object, ...]] = []
    options: list[Sequence[hikari.CommandOption] | None] = []
    for side in (one, other):
        # Any, because the member is precisely what the type checker knows not to exist.
        compatible: Any = side
        facts: tuple[object, ...] = (
            compatible.is_dm_enabled in (True, hikari.UNDEFINED),
            side.default_member_permissions or hikari.Permissions.NONE,
            dict(side.name_localizations),
        )
        if isinstance(side, hikari.SlashCommand | hikari.api.SlashCommandBuilder):
            facts += (side.description, dict(side.description_localizations))
            options.append(side.options)
        sides.append(facts)
    return sides[0] == sides[1] and (not options or _same_options(*options))


def _install() -> None:
    # Any, because the members are precisely what the type checker knows not to exist.
    builder: Any = special_endpoints.CommandBuilder
    command: Any = hikari.PartialCommand
    if not hasattr(builder, "is_dm_enabled"):
        builder.is_dm_enabled = property(_builder_is_dm_enabled)
        builder.set_is_dm_enabled = _set_is_dm_enabled
    if not hasattr(command, "is_dm_enabled"):
        command.is_dm_enabled = property(_command_is_dm_enabled)
    _internal.cmp_command = _same_command
    # Each call would look its warning up among the filters, two dozen times for a command.
    context: Any = base.BaseContext
    for name in ("_set_type_special_case", "_remove_type_special_case"):
        method = getattr(context, name)
        setattr(context, name, getattr(method, "__wrapped__", method))


def mute_deprecations() -> None:
    """Silence the deprecation warnings tanjun causes in alluka, some fifteen for each command that runs.

    hikari turns all warnings on when a `GatewayBot` is built: call this after that, before has no effect.
    """
    warnings.filterwarnings("ignore", category=DeprecationWarning, module=r"(tanjun|alluka)(\.|$)")


_install()
