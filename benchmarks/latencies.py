"""How long people and what they look at wait: the table and the picture of a bot that is idle, and busy."""

from __future__ import annotations

import os

from rich.console import Console
from rich.table import Table

from benchmarks.charts import Chart
from benchmarks.rig import percentile

SHARES = (0.5, 0.95, 0.99)


def tell(
    console: Console,
    name: str,
    title: str,
    calls: dict[str, list[float]],
    others: dict[str, list[float]],
) -> tuple[float, Chart]:
    """Prints them; all are in seconds.

    `calls` are those of one command while the bot is idle, idle again, and busy, in this order; `others` are
    whatever else was waited for meanwhile. Gives the p50 of the busy calls against that of all idle ones, and
    the picture, which is called `name`.
    """
    table = Table(title=f"{title}, ms", caption=f"Load average: {os.getloadavg()[0]:.1f}")
    for heading in ("", "count", "p50", "p95", "p99", "most", "against idle", "A/A"):
        table.add_column(heading, justify="right" if heading else "left")
    idle, again, busy = calls.values()
    ratio = percentile(busy, 0.5) / percentile([*idle, *again], 0.5)
    same = f"{percentile(again, 0.5) / percentile(idle, 0.5):.2f}"
    judged = dict(zip(calls, (("1.00", ""), ("", same), (f"{ratio:.2f}", "")), strict=True))
    rows = calls | others
    for what, taken in rows.items():
        figures = (*(percentile(taken, share) for share in SHARES), max(taken))
        against = judged.get(what, ("", ""))
        table.add_row(what, str(len(taken)), *(f"{each * 1000:.1f}" for each in figures), *against)
    console.print(table)
    series = {
        f"p{share * 100:.0f}": [percentile(taken, share) * 1000 for taken in rows.values()]
        for share in SHARES
    }
    return ratio, Chart(name, title, "ms", list(rows), series, log=True)
