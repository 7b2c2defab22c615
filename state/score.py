"""How a place in the order of play is packed into one exact double.

`score = -(label * 10^14 + K)`: ascending order is order of play. Paid tiers: K = 10^14 - 1 - seq, so the
first to enter plays first. Free: K = points. Locked songs use the band of label 89. |score| stays below
2^53, so every score is exact. Only tests and inspection need this side; the scripts pack for themselves.
"""

from __future__ import annotations

from typing import Final

SPAN: Final = 10**14
LOCK: Final = 89


def paid(label: int, seq: int) -> int:
    """Score of a song that entered a paid tier (or, with `LOCK`, was locked) as number `seq`."""
    return -(label * SPAN + SPAN - 1 - seq)


def free(points: int) -> int:
    """Score of a Free song: minus its points, held within 0 to 10^14 - 1."""
    return -min(max(points, 0), SPAN - 1)
