"""What all of `/review` shares: the group, its routes, who may use it, and what autocomplete offers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Final

import alluka
import hikari
import tanjun

from bot.router import Router
from components.outcomes import removed_text
from components.refusals import worded
from components.song_option import demand_song, matches, parse, tier_choices
from components.texts import describe
from components.who import Caller, admit
from state.configure import Configuration
from state.ladder import Ladder
from state.moved import Moved
from state.queue import Queue
from state.scripts import Actor
from state.song import Song, SongState

REASON: Final = 200
"""Characters of a reason."""

GUARD_MS: Final = 3000
"""A command cannot know what its caller saw: so soon after somebody else's move it asks or refuses."""

_SEARCHED: Final = 500
_OFFERED: Final = 25
_WAITING: Final = frozenset((SongState.WAITING, SongState.BUMPED, SongState.HELD))
_ENDED: Final = frozenset((SongState.PLAYED, SongState.REMOVED, SongState.REJECTED))

routes = Router()
review = tanjun.slash_command_group(
    "review", describe("review.description"), default_to_ephemeral=True, dm_enabled=False
)


async def answer(
    ctx: tanjun.abc.Context,
    text: str,
    rows: Sequence[hikari.api.ComponentBuilder] | hikari.UndefinedType = hikari.UNDEFINED,
) -> None:
    """Answers a command; nobody is pinged."""
    await ctx.respond(
        text, components=rows, user_mentions=False, role_mentions=False, mentions_everyone=False
    )


async def move_song(
    ctx: tanjun.abc.SlashContext,
    configuration: Configuration,
    song: str,
    make: Callable[[int, str, Actor, int], Awaitable[Moved]],
    told: Callable[[Moved, Ladder, str], str],
) -> None:
    """Makes a reviewer's move of the song they named, and tells what came of it. Raises `UserError`.

    `make` takes guild, request, actor and the song's number; `told` the outcome, the ladder and a language.
    """
    caller, ladder = await admit(ctx.interaction, configuration)
    number = demand_song(song, caller.locale)
    with worded(ladder, caller.locale, reader=caller.actor.id):
        moved = await make(caller.guild, caller.request, caller.actor, number)
    await answer(ctx, told(moved, ladder, caller.locale))


async def take_out(
    ctx: tanjun.abc.SlashContext,
    configuration: Configuration,
    song: str,
    reason: str | None,
    make: Callable[..., Awaitable[Moved]],
) -> None:
    """As `move_song`, for a move that takes a song or its skip out; `make` gets the reason by its name."""

    def told(moved: Moved, ladder: Ladder, locale: str) -> str:
        return removed_text(moved, ladder, reason, locale)

    await move_song(ctx, configuration, song, partial(make, reason=reason), told)


async def _offer(ctx: tanjun.abc.AutocompleteContext, typed: str, states: frozenset[SongState]) -> None:
    """Offers songs in the given states to reviewers; others are offered nothing."""
    queue = ctx.get_type_dependency(Queue)
    configuration = ctx.get_type_dependency(Configuration)
    caller = Caller.of(ctx.interaction)
    if not caller.reviews(await configuration.settings(caller.guild)):
        await ctx.set_choices()
        return
    count = _SEARCHED if typed.strip() else _OFFERED
    board = await queue.board(caller.guild, count=count, pending=count, held=count)
    songs: list[Song] = [board.playing] if board.playing else []
    if states & _ENDED:
        songs += await queue.songs(caller.guild, board.now.played)
    songs += [*board.songs, *board.held_songs, *board.pending_songs]
    number = parse(typed)
    if number is not None and all(song.number != number for song in songs):
        far = await queue.song(caller.guild, number)
        songs += [far] if far else []
    await ctx.set_choices(matches((song for song in songs if song.state in states), typed))


async def offer_waiting(ctx: tanjun.abc.AutocompleteContext, typed: str) -> None:
    """Songs that can change their tier."""
    await _offer(ctx, typed, _WAITING)


async def offer_holdable(ctx: tanjun.abc.AutocompleteContext, typed: str) -> None:
    """Songs that can be set aside or moved down: those that wait, and the one that plays."""
    await _offer(ctx, typed, frozenset((SongState.PLAYING, SongState.WAITING, SongState.BUMPED)))


async def offer_held(ctx: tanjun.abc.AutocompleteContext, typed: str) -> None:
    """Songs on hold."""
    await _offer(ctx, typed, frozenset((SongState.HELD,)))


async def offer_active(ctx: tanjun.abc.AutocompleteContext, typed: str) -> None:
    """Songs that can be removed."""
    await _offer(ctx, typed, _WAITING | {SongState.PLAYING, SongState.PENDING})


async def offer_pending(ctx: tanjun.abc.AutocompleteContext, typed: str) -> None:
    """Songs that wait for approval."""
    await _offer(ctx, typed, frozenset((SongState.PENDING,)))


async def offer_played(ctx: tanjun.abc.AutocompleteContext, typed: str) -> None:
    """The song that plays and those that played, the newest first."""
    await _offer(ctx, typed, frozenset((SongState.PLAYING, SongState.PLAYED)))


async def offer_all(ctx: tanjun.abc.AutocompleteContext, typed: str) -> None:
    """Every song that plays, played of late or waits."""
    await _offer(ctx, typed, frozenset(SongState))


async def offer_tiers(
    ctx: tanjun.abc.AutocompleteContext, typed: str, configuration: alluka.Injected[Configuration]
) -> None:
    """The guild's tiers."""
    caller = Caller.of(ctx.interaction)
    await ctx.set_choices(tier_choices(await configuration.ladder(caller.guild), typed))
