"""What was found broken, and figures by the way."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class Findings:
    """What was found broken, each once; and figures by the way."""

    broken: list[str] = field(default_factory=list[str])
    figures: Counter[str] = field(default_factory=Counter[str])

    def hold(self, true: bool, text: str) -> None:
        """Note what does not hold."""
        if not true and text not in self.broken:
            self.broken.append(text)
