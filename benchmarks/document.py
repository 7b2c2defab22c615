"""Writes what `make bench` measured last into docs/performance.md, with its pictures: `make bench-page`.

    python -m benchmarks.document [--from FOLDER]

The page holds `<!-- measured: NAME -->` and `<!-- end -->`; what stands between them are the bars of that
benchmark, its pictures and their figures, and where it was measured. `all` is how many bars hold. The part of
a benchmark that was not run stays, so each can be measured again by itself.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path
from typing import Any

from PIL import Image

from benchmarks.charts import Chart
from benchmarks.machine import Machine
from benchmarks.programme import FOLDER, read
from benchmarks.rig import Bar
from benchmarks.tables import page_of_bars, page_of_chart

DOCS = Path(__file__).parents[1] / "docs"
COLOURS = 48
"""Enough for a picture of columns and letters; a third of the size."""

_PART = re.compile(r"(<!-- measured: (?P<name>\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def render(text: str, parts: dict[str, str]) -> str:
    """A page with the parts that were measured."""

    def part(found: re.Match[str]) -> str:
        made = parts.get(found["name"])
        return found[0] if made is None else f"{found[1]}\n{made.strip()}\n\n{found[3]}"

    return _PART.sub(part, text)


def parts(folder: Path) -> dict[str, str]:
    """What to write, by name: of each benchmark that was run. Raises `FileNotFoundError` if none was."""
    made: dict[str, str] = {}
    bars: list[Bar] = []
    for path in sorted(folder.glob("*/bars.json")):
        name, found = path.parent.name, read(path)
        told: dict[str, Any] = json.loads((path.parent / "machine.json").read_text(encoding="utf-8"))
        charts = [
            f"![{chart.title}](images/{picture(name, chart)}.png)\n\n"
            f"<details><summary>{chart.title}: the figures</summary>\n\n{page_of_chart(chart)}\n\n</details>"
            for chart in drawn(path.parent)
        ]
        made[name] = "\n\n".join([page_of_bars(found), *charts, f"Measured on {Machine(**told)}."])
        bars += found
    if not made:
        raise FileNotFoundError(folder)
    return made | {
        "all": f"{sum(bar.holds for bar in bars)} of {len(bars)} bars held when they were measured last."
    }


def drawn(folder: Path) -> list[Chart]:
    """The charts that a benchmark left, in the order in which it drew them."""
    left = sorted(folder.glob("*.chart.json"), key=lambda path: path.stat().st_mtime_ns)
    return [Chart.of_json(path.read_text(encoding="utf-8")) for path in left]


def picture(benchmark: str, chart: Chart) -> str:
    """What the picture is called in docs/images."""
    name = chart.name.replace("_", "-")
    own = benchmark.replace("_", "-")
    return f"bench-{name}" if name.startswith(own) else f"bench-{own}-{name}"


def copy(folder: Path, benchmark: str, images: Path) -> None:
    """Puts the pictures of a benchmark into docs/images, small."""
    for chart in drawn(folder / benchmark):
        with Image.open(folder / benchmark / f"{chart.name}.png") as full:
            small = full.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
        small.save(images / f"{picture(benchmark, chart)}.png", optimize=True)


def main(arguments: list[str] | None = None) -> int:
    """Writes the page and its pictures, and says what it did."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--from", dest="folder", type=Path, default=FOLDER, metavar="FOLDER")
    parser.add_argument("--docs", type=Path, default=DOCS, metavar="FOLDER")
    options = parser.parse_args(arguments)
    page, images = options.docs / "performance.md", options.docs / "images"
    try:
        made = parts(options.folder)
    except FileNotFoundError as error:
        print(f"{error.filename or error} is not there: measure first, with `make bench`.", file=sys.stderr)
        return 2
    text = render(page.read_text(encoding="utf-8"), made)
    page.write_text(text, encoding="utf-8")
    for name in made:
        copy(options.folder, name, images)
    for left in images.glob("bench-*.png"):
        if left.name not in text:
            left.unlink()
    print(f"{page} has what was measured of {', '.join(name for name in made if f': {name} -->' in text)}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
