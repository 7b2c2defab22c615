"""How the story looks in a terminal: who in a narrow column, what beside it, wrapped under itself."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from rich.cells import cell_len
from rich.console import Console
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

WIDEST: Final = 110
"""Longer lines are tiresome to read, however wide the terminal is."""

_MARGIN: Final = 3
_WHO: Final = 13
_SENTENCE: Final = re.compile(r"(?<=[.!?”])\s+(?=[A-ZÁÉÍÓÚ¿¡/#“])")


class StepFailed(Exception):
    """A step had another effect than the one it shows; the text says which."""


def excerpt(text: str, *, lines: int = 3, longest: int = 230) -> str:
    """The first lines of a text, and of a long line the sentences that fit, then …; without small print."""
    given = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("-# ")]
    return "\n".join(_sentences(line, longest) for line in given[:lines])


def _sentences(line: str, longest: int) -> str:
    if len(line) <= longest:
        return line
    kept = ""
    for sentence in _SENTENCE.split(line):
        if kept and len(kept) + len(sentence) > longest:
            break
        kept = f"{kept} {sentence}" if kept else sentence
    if len(kept) > longest:
        kept = kept[:longest].rpartition(" ")[0]
    return kept if kept == line else f"{kept} …"


class Transcript:
    """Writes what happens, line by line."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._steps = 0

    def chapter(self, title: str) -> None:
        """The heading of a chapter."""
        self.console.print()
        heading = Rule(Text(title, style="bold cyan"), align="left", style="cyan", characters="─")
        self.console.print(heading, width=self._width)

    def step(self, title: str) -> None:
        """The heading of a step, which is numbered through the story."""
        self._steps += 1
        heading = Text.assemble((f"{self._steps:>2}. ", "cyan"), (title, "bold"))
        self.console.print()
        self.console.print(heading, width=self._width, highlight=False)

    def line(self, who: str, what: str, style: str = "", who_style: str = "bold") -> None:
        """Who did, said or shows what."""
        grid = Table.grid(padding=(0, 1))
        grid.add_column(width=_MARGIN)
        grid.add_column(width=_WHO, no_wrap=True)
        grid.add_column(ratio=1, overflow="fold")
        grid.add_row("", Text(who, style=who_style), Text(what, style=style))
        self.console.print(grid, width=self._width, highlight=False)

    def row(self, who: str, items: Sequence[str], style: str = "", who_style: str = "bold") -> None:
        """Several things beside each other; none is broken where the line is full."""
        lines = [""]
        for item in items:
            longer = f"{lines[-1]}   {item}" if lines[-1] else item
            if cell_len(longer) <= self._width - _WHO - _MARGIN - 2:
                lines[-1] = longer
            else:
                lines.append(item)
        self.line(who, "\n".join(lines), style, who_style)

    def failed(self, why: str) -> None:
        """The end of a story that went wrong."""
        self.line("FAILED", why, who_style="bold red")

    def done(self, seconds: float) -> None:
        """The end of a story that went well."""
        text = f"All {self._steps} steps had their effect, in {seconds:.0f} s."
        self.console.print(f"\n[bold green]{text}[/bold green]", highlight=False)

    @property
    def _width(self) -> int:
        return min(self.console.width, WIDEST)
