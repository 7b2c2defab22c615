"""Pending skips: how they are listed and what a reviewer can press.

Discord allows five rows: the first four entries get a row each, the others share a select in the fifth.
"""

from __future__ import annotations

from typing import Final

import hikari

from bot.router import encode
from components.song_lines import file_line, link_line, moment, note_line, tier_name, title_line
from components.song_option import CHOICES, label
from components.texts import FALLBACK, say
from state.board import Board
from state.song import Song

APPROVE: Final = "pending.approve"
OTHER: Final = "pending.other"
TIER: Final = "pending.tier"
REJECT: Final = "pending.reject"
REJECTED: Final = "pending.rejected"
PAID: Final = "pending.paid"
APPROVED: Final = "pending.approved"
PICK: Final = "pending.pick"

ROWS: Final = 4
"""Entries with buttons of their own and all details; the rest is listed in one line each."""
_NOTE: Final = 200
_LABEL: Final = 80


def pending_texts(board: Board, locale: str = FALLBACK) -> list[str]:
    """The list, oldest first: a text for each of the first four, one for all others, a line each."""
    texts = [entry_text(song, board, locale) for song in board.pending_songs[:ROWS]]
    lines = [
        say(
            "display.pending_line",
            locale,
            number=song.number,
            title=title_line(song, 40, 20),
            tier=claimed_tier(song, board),
            since=moment(song.submitted_at),
        )
        for song in board.pending_songs[ROWS:]
    ]
    more = board.pending - len(board.pending_songs)
    if more > 0:
        lines.append(say("display.pending_more", locale, count=more))
    if lines:
        texts.append("\n".join(lines))
    return texts or [say("display.pending_none", locale)]


def entry_text(song: Song, board: Board, locale: str = FALLBACK) -> str:
    """One pending skip with all a reviewer needs to judge it; at most some 1,000 characters."""
    lines = [
        f"**#{song.number}** {title_line(song)}",
        say(
            "display.pending_entry",
            locale,
            tier=claimed_tier(song, board),
            user=song.user,
            since=moment(song.submitted_at),
        ),
    ]
    if song.link:
        lines.append(link_line(song.link))
    if song.file:
        lines.append(file_line(song, locale))
    if song.note:
        lines.append(note_line(song.note, _NOTE))
    return "\n".join(lines)


def claimed_tier(song: Song, board: Board) -> str:
    """The displayed name of the tier an artist claims, escaped."""
    return tier_name(song.tier if song.claimed is None else song.claimed, board.ladder)


def pending_rows(board: Board, locale: str = FALLBACK) -> list[hikari.impl.MessageActionRowBuilder]:
    """Buttons for the first four, a select for the others."""
    rows = [entry_row(song, board, locale, numbered=True) for song in board.pending_songs[:ROWS]]
    others = board.pending_songs[ROWS : ROWS + CHOICES]
    if others:
        row = hikari.impl.MessageActionRowBuilder()
        menu = row.add_text_menu(encode(PICK), placeholder=say("display.pending_pick", locale), min_values=1)
        for song in others:
            menu.add_option(label(song), str(song.number), description=board.ladder.name(_claimed(song)))
        rows.append(row)
    return rows


def entry_row(
    song: Song, board: Board, locale: str = FALLBACK, *, numbered: bool = False
) -> hikari.impl.MessageActionRowBuilder:
    """Approve with the claimed tier, with how it was paid, another tier, reject."""
    tier = board.ladder.name(_claimed(song))
    approve = say(
        "display.approve_numbered" if numbered else "display.approve", locale, number=song.number, tier=tier
    )
    row = hikari.impl.MessageActionRowBuilder()
    row.add_interactive_button(
        hikari.ButtonStyle.SUCCESS, encode(APPROVE, song.number, _claimed(song)), label=approve[:_LABEL]
    )
    row.add_interactive_button(
        hikari.ButtonStyle.SUCCESS, encode(PAID, song.number), label=say("display.paid", locale)
    )
    row.add_interactive_button(
        hikari.ButtonStyle.SECONDARY, encode(OTHER, song.number), label=say("display.other_tier", locale)
    )
    row.add_interactive_button(
        hikari.ButtonStyle.DANGER, encode(REJECT, song.number), label=say("display.reject", locale)
    )
    return row


def _claimed(song: Song) -> int:
    return song.tier if song.claimed is None else song.claimed
