"""The reviewer panel: its rows of buttons, the facts a press is judged by, and the view that routes presses.

The posted message is drawn from the board. The one started view is drawn nowhere: it tells every panel of
every guild, old or new, whose press goes where, which is why its ids are fixed and carry no data.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Final, Protocol

import hikari
import miru

from bot.router import encode
from components.fairness import fairness_label
from components.markdown import plain
from components.song_lines import tier_name
from components.song_option import CHOICES, label
from components.texts import FALLBACK, say
from components.tier_menus import tier_menus
from state.board import Board
from state.ladder import Tier
from state.song import Song

NEXT: Final = "panel:next"
UNDO: Final = "panel:undo"
HOLD: Final = "panel:hold"
PAUSE: Final = "panel:pause"
OPEN: Final = "panel:open"
PROMOTE: Final = "panel:promote"
REMOVE: Final = "panel:remove"
BACK: Final = "panel:back"
BUMP: Final = "panel:bump"
SCORE: Final = "panel:score"
BOOKMARK: Final = "panel:bookmark"
UNBOOKMARK: Final = "panel:unbookmark"
FAIRNESS: Final = "panel:fairness"

_COUNTED: Final = 12
_FACTS: Final = re.compile(r"(?:#(\d{1,12})|nothing) playing · turn (\d+) · (?:move (\d+)|no move)")


@dataclass(frozen=True, slots=True)
class Facts:
    """What a panel showed when it was pressed: the playing song, the turn, the move Undo takes back.

    They stand in the panel's footer, so a press carries what its presser saw, whatever has changed since.
    The guild's revision is not among them: each flush of points raises it, and would repaint every panel.
    """

    song: int | None
    turn: int
    move: int | None

    @classmethod
    def of(cls, board: Board) -> Facts:
        """The facts of a board."""
        last = board.last_move
        return cls(board.now.song, board.now.turn, last.revision if last else None)

    @classmethod
    def parse(cls, text: str) -> Facts | None:
        """The facts of a footer, None for any other text."""
        found = _FACTS.fullmatch(text)
        if found is None:
            return None
        song, turn, move = found.groups()
        return cls(int(song) if song else None, int(turn), int(move) if move else None)

    @classmethod
    def read(cls, message: hikari.Message) -> Facts | None:
        """The facts of a panel message, None when it has none."""
        for embed in message.embeds:
            facts = cls.parse(embed.footer.text) if embed.footer and embed.footer.text else None
            if facts is not None:
                return facts
        return None

    def text(self) -> str:
        """The footer. It is read back, so it is the same in every language."""
        song = "nothing" if self.song is None else f"#{self.song}"
        move = "no move" if self.move is None else f"move {self.move}"
        return f"{song} playing · turn {self.turn} · {move}"


def panel_rows(board: Board, locale: str = FALLBACK) -> list[hikari.impl.MessageActionRowBuilder]:
    """The panel's buttons and selects for a board with up to 25 songs and the first held ones."""
    buttons = hikari.impl.MessageActionRowBuilder()
    styles = hikari.ButtonStyle
    buttons.add_interactive_button(styles.PRIMARY, NEXT, label=say("panel.next", locale))
    buttons.add_interactive_button(
        styles.SECONDARY, UNDO, label=say("panel.undo", locale), is_disabled=board.last_move is None
    )
    buttons.add_interactive_button(
        styles.SECONDARY, HOLD, label=say("panel.hold", locale), is_disabled=board.playing is None
    )
    buttons.add_interactive_button(
        styles.SECONDARY, BUMP, label=say("panel.bump", locale), is_disabled=board.playing is None
    )
    if board.settings.paused:
        buttons.add_interactive_button(styles.SUCCESS, OPEN, label=say("panel.open", locale))
    else:
        buttons.add_interactive_button(styles.SECONDARY, PAUSE, label=say("panel.pause", locale))
    keeping = hikari.impl.MessageActionRowBuilder()
    song = board.playing
    keeping.add_interactive_button(
        styles.SECONDARY, SCORE, label=say("panel.score", locale), is_disabled=song is None
    )
    # What a press does stands on the button: two who press Bookmark at once do not undo each other.
    marked = song is not None and song.bookmarked_at is not None
    keeping.add_interactive_button(
        styles.SECONDARY,
        UNBOOKMARK if marked else BOOKMARK,
        label=say("panel.unbookmark" if marked else "panel.bookmark", locale),
        is_disabled=song is None,
    )
    keeping.add_interactive_button(styles.SECONDARY, FAIRNESS, label=fairness_label(board.settings, locale))
    rows = [buttons, keeping]
    removable = [*([board.playing] if board.playing else []), *board.songs]
    for custom_id, name, songs in (
        (PROMOTE, "promote", board.songs),
        (REMOVE, "remove", removable),
        (BACK, "back", board.held_songs),
    ):
        if songs:
            rows.append(_select(custom_id, say(f"panel.{name}", locale), songs, board, locale))
    return rows


def _select(
    custom_id: str, placeholder: str, songs: Sequence[Song], board: Board, locale: str
) -> hikari.impl.MessageActionRowBuilder:
    options: list[hikari.impl.SelectOptionBuilder] = []
    for song in songs[:CHOICES]:
        playing = board.playing is not None and song.number == board.playing.number
        tier = say("panel.playing", locale) if playing else board.ladder.name(song.tier)
        options.append(_option(label(song), song.number, tier))
    menu = hikari.impl.TextSelectMenuBuilder(
        custom_id=custom_id, placeholder=placeholder, min_values=1, options=options
    )
    return hikari.impl.MessageActionRowBuilder(components=[menu])


# The same songs are offered again and again: twice on a panel, and anew after each move.
@lru_cache(maxsize=4096)
def _option(name: str, number: int, tier: str) -> hikari.impl.SelectOptionBuilder:
    return hikari.impl.SelectOptionBuilder(label=name, value=str(number), description=tier)


def tier_rows(
    board: Board, song: Song, handler: str, locale: str = FALLBACK
) -> list[hikari.impl.MessageActionRowBuilder]:
    """Selects of the tiers a song can go to, all but its own."""

    def waiting(tier: Tier) -> str:
        return say("panel.tier_waiting", locale, count=board.counts.get(tier.label, 0))

    others = [tier for tier in board.ladder.tiers if tier.label != song.tier]
    ask = say("panel.choose_tier", locale)
    return tier_menus(others, partial(encode, handler, song.number), ask, locale, describe=waiting)


def last_move_line(board: Board, locale: str = FALLBACK) -> str:
    """Who made the move that Undo would take back, and when; empty when there is none."""
    last = board.last_move
    if last is None:
        return ""
    return say(
        "panel.last_move",
        locale,
        move=say(f"refusal.move_{last.kind}", locale),
        song=f" (#{last.song})" if last.song else "",
        name=plain(last.by_name, 40),
        moment=f"<t:{last.at // 1000}:R>",
    )


def counts_line(board: Board) -> str:
    """Waiting songs by tier, first to play first; empty tiers are left out, as is what is too long."""
    counted = [(tier, board.counts.get(tier.label, 0)) for tier in board.ladder.tiers]
    named = [f"{tier_name(tier.label, board.ladder)} **{count}**" for tier, count in counted if count]
    short = named[:_COUNTED]
    return " · ".join(short) + (" · …" if len(named) > len(short) else "")


class PanelHandler(Protocol):
    """What the plugin does for each press; every method answers the press or raises."""

    async def next(self, ctx: miru.ViewContext) -> None:
        """Plays the next song."""

    async def undo(self, ctx: miru.ViewContext) -> None:
        """Takes the last move back."""

    async def hold(self, ctx: miru.ViewContext) -> None:
        """Sets the playing song aside."""

    async def pause(self, ctx: miru.ViewContext) -> None:
        """Stops taking submissions."""

    async def open(self, ctx: miru.ViewContext) -> None:
        """Takes submissions again."""

    async def promote(self, ctx: miru.ViewContext) -> None:
        """Asks which tier the chosen song goes to."""

    async def remove(self, ctx: miru.ViewContext) -> None:
        """Asks why the chosen song goes."""

    async def back(self, ctx: miru.ViewContext) -> None:
        """Brings the chosen held song back."""

    async def bump(self, ctx: miru.ViewContext) -> None:
        """Asks how many songs go before the playing one."""

    async def score(self, ctx: miru.ViewContext) -> None:
        """Asks for score and note of the playing song."""

    async def bookmark(self, ctx: miru.ViewContext) -> None:
        """Marks the playing song."""

    async def unbookmark(self, ctx: miru.ViewContext) -> None:
        """Takes the mark off the playing song."""

    async def fairness(self, ctx: miru.ViewContext) -> None:
        """Offers the choices of fairness."""


Act = Callable[[miru.ViewContext], Awaitable[None]]
Answering = Callable[[], AbstractContextManager[None]]
"""Counts an answer in the making: miru runs callbacks in tasks that nobody else knows of."""


class PanelView(miru.View):
    """Routes the presses of all panels. Start it once with `start_view(view, bind_to=None)`."""

    def __init__(self, handler: PanelHandler, answering: Answering) -> None:
        super().__init__(timeout=None)
        for custom_id, act in (
            (NEXT, handler.next),
            (UNDO, handler.undo),
            (HOLD, handler.hold),
            (PAUSE, handler.pause),
            (OPEN, handler.open),
            (BUMP, handler.bump),
            (SCORE, handler.score),
            (BOOKMARK, handler.bookmark),
            (UNBOOKMARK, handler.unbookmark),
            (FAIRNESS, handler.fairness),
        ):
            self.add_item(_Button(custom_id, act, answering))
        for custom_id, act in ((PROMOTE, handler.promote), (REMOVE, handler.remove), (BACK, handler.back)):
            self.add_item(_Select(custom_id, act, answering))

    def __bool__(self) -> bool:
        # miru asks at each press whether there is a view, and would draw this one to see how long it is.
        return True


class _Button(miru.Button):
    def __init__(self, custom_id: str, act: Act, answering: Answering) -> None:
        super().__init__(label=custom_id, custom_id=custom_id)
        self._act = act
        self._answering = answering

    async def callback(self, context: miru.ViewContext) -> None:
        with self._answering():
            await self._act(context)


class _Select(miru.TextSelect):
    def __init__(self, custom_id: str, act: Act, answering: Answering) -> None:
        super().__init__(options=[miru.SelectOption(custom_id)], custom_id=custom_id)
        self._act = act
        self._answering = answering

    async def callback(self, context: miru.ViewContext) -> None:
        # Read the choice from `context.interaction`: `self.values` is shared by all who choose at once.
        with self._answering():
            await self._act(context)
