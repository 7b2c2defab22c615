"""What `make bench` stands on: one list of bars, a failure that counts, pictures, and the page they go into.

The benchmarks here are small programs in processes of their own, as the real ones are.
"""

from __future__ import annotations

import importlib.util
import json
import math
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image
from rich.console import Console

from benchmarks import __main__ as bench
from benchmarks import document, programme
from benchmarks.charts import Chart
from benchmarks.machine import Machine
from benchmarks.programme import PROGRAMME, Benchmark, chosen, read, run
from benchmarks.rig import Bar, arguments, conclude
from benchmarks.tables import figure, limit

ROOT = Path(__file__).parents[2]
HELD, BROKEN = Bar.at_most("ms to an answer", 2.0, 3.0), Bar.at_least("answers a second", 1.0, 5.0)
CHART = Chart(
    "fast-answers", "Answers", "ms", ["one | two", "three"], {"ours": [1.5, math.inf], "theirs": [3, 4]}
)


@dataclass(frozen=True)
class Program(Benchmark):
    """One that writes a file and ends as it is told."""

    text: str = ""
    then: str = ""

    def command(self, folder: Path, *, full: bool) -> list[str]:
        writes = f"open({str(folder / 'bars.json')!r}, 'w').write({self.text!r})" if self.text else ""
        return [sys.executable, "-S", "-c", f"{writes}\n{self.then}"]


def told(*bars: Bar, tmp_path: Path) -> str:
    """What a benchmark with these bars writes."""
    path = tmp_path / "told.json"
    conclude(Console(quiet=True), list(bars), str(path))
    return path.read_text("utf-8")


@pytest.fixture
def tried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Path:
    """A run of four: one that holds, one that crashes, one that is stuck, and one whose bar does not hold."""
    monkeypatch.setattr(
        programme,
        "PROGRAMME",
        (
            Program("fast", 10, told(HELD, tmp_path=tmp_path)),
            Program("crash", 10, "", "raise SystemExit('on purpose')"),
            Program("stuck", 0.06, told(HELD, tmp_path=tmp_path), "import signal; signal.pause()"),
            Program("slow", 10, told(BROKEN, tmp_path=tmp_path), "raise SystemExit(1)"),
            Program("long", 0),
        ),
    )
    path = tmp_path / "bench" / "bars.json"
    assert bench.main(["--json", str(path)]) == 1
    assert "on purpose" in capfd.readouterr().err
    return path


def test_all_run_and_each_failure_is_a_bar_that_does_not_hold(tried: Path) -> None:
    found = json.loads(tried.read_text("utf-8"))
    assert all(each.keys() == {"bar", "value", "limit", "holds"} for each in found)
    assert [(each["bar"], each["holds"]) for each in found] == [
        ("fast: ms to an answer", True),
        ("crash: ended with exit code 1 and measured nothing", False),
        ("stuck: ms to an answer", True),
        ("stuck: was stuck for 0.3 s and was ended", False),
        ("slow: answers a second", False),
        ("bench: s that all of them took", True),
    ]


def test_the_page_gets_the_figures_and_the_pictures(tried: Path, tmp_path: Path) -> None:
    conclude(Console(quiet=True), [HELD], None, [CHART], str(tried.parent / "fast"))
    docs = tmp_path / "docs"
    (docs / "images").mkdir(parents=True)
    (docs / "images" / "bench-gone.png").touch()
    page = docs / "performance.md"
    page.write_text(
        "# Speed\n<!-- measured: all -->\n<!-- end -->\n<!-- measured: fast -->\nold\n<!-- end -->\n"
        "<!-- measured: another -->\nkept\n<!-- end -->\n",
        "utf-8",
    )
    assert document.main(["--from", str(tried.parent), "--docs", str(docs)]) == 0
    text = page.read_text("utf-8")
    assert "| ms to an answer | 2 | ≤ 3 | yes |" in text and "\nold\n" not in text and "kept" in text
    assert "![Answers](images/bench-fast-answers.png)" in text
    assert "| one \\| two | 1.5 | 3 |" in text and "| three | - | 4 |" in text
    assert "2 of 5 bars held" in text and f"Measured on {os.cpu_count()} cores of" in text
    (picture,) = (docs / "images").iterdir()
    with Image.open(picture) as drawn:
        assert drawn.size[0] == 1200
    assert document.main(["--from", str(tried.parent), "--docs", str(docs)]) == 0
    assert page.read_text("utf-8") == text


def test_nothing_is_documented_that_was_not_measured(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert document.main(["--from", str(tmp_path)]) == 2
    assert "make bench" in capsys.readouterr().err


def test_what_never_came_is_null_and_does_not_hold(tmp_path: Path) -> None:
    path = tmp_path / "bars.json"
    lost = [Bar.at_most("ms", math.inf, 3), Bar.at_least("ms", math.nan, 3)]
    assert conclude(Console(quiet=True), lost, str(path)) == 1
    assert [each["value"] for each in json.loads(path.read_text("utf-8"))] == [None, None]
    assert not any(math.isfinite(bar.value) or bar.holds for bar in read(path))


def test_a_crash_after_the_bars_counts(tmp_path: Path) -> None:
    program = Program("late", 10, told(HELD, tmp_path=tmp_path), "raise SystemExit(3)")
    assert run(program, tmp_path / "late") == [HELD, Bar("ended with exit code 3", 3, 0, holds=False)]


def test_the_short_form_sets_lengths_and_what_follows_it_counts() -> None:
    parser = arguments("Doc.", chunks=2)
    parser.add_argument("--chunks", type=int, default=9)
    assert (parser.parse_args([]).chunks, parser.parse_args([]).short) == (9, False)
    assert (parser.parse_args(["--short"]).chunks, parser.parse_args(["--short"]).short) == (2, True)
    assert parser.parse_args(["--short", "--chunks", "3"]).chunks == 3


def test_whoever_ends_a_benchmark_has_its_servers_ended_too() -> None:
    program = (
        "import asyncio\n"
        "from benchmarks.rig import arguments\n"
        "async def measure():\n"
        "    try:\n"
        "        print('begun', flush=True)\n"
        "        await asyncio.Event().wait()\n"
        "    finally:\n"
        "        await asyncio.sleep(0)\n"
        "        print('servers ended')\n"
        "arguments('Doc.').parse_args([])\n"
        "asyncio.run(measure())\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"begun\n"
        child.send_signal(signal.SIGTERM)
        assert child.stdout.read() == b"servers ended\n"
    assert child.returncode


def test_some_or_all_can_be_chosen() -> None:
    assert {each.name for each in chosen([], full=False)} < {each.name for each in chosen([], full=True)}
    assert [each.name for each in chosen(["live", "proc"], full=False)] == ["live_load", "processes"]
    with pytest.raises(ValueError, match=r"no benchmark 'nonsense'.*queue"):
        chosen(["nonsense"], full=False)
    assert sum(each.seconds for each in PROGRAMME) <= programme.MOST_SECONDS


def test_a_limit_says_on_which_side_it_holds() -> None:
    assert (limit(HELD), limit(BROKEN)) == ("≤ 3", "≥ 5")
    assert limit(Bar.at_most("calls", 0, 0)) == "= 0"
    assert (figure(12_345.6), figure(0.12345), figure(math.nan)) == ("12,346", "0.123", "-")


def test_a_machine_says_what_it_is() -> None:
    assert all(each in str(Machine.here(0.25)) for each in ("cores of", "Python", "load average 0.2"))


def test_every_benchmark_is_in_the_programme_and_on_the_page() -> None:
    places = [*(ROOT / "benchmarks").glob("*.py"), *(ROOT / "benchmarks").glob("*/__main__.py")]
    names = {
        path.stem if path.parent.name == "benchmarks" else path.parent.name
        for path in places
        if "arguments(__doc__" in path.read_text("utf-8")
    }
    assert names == {each.name for each in PROGRAMME}
    assert all(importlib.util.find_spec(f"benchmarks.{name}") for name in names)
    page = (ROOT / "docs" / "performance.md").read_text("utf-8")
    assert all(f"<!-- measured: {name} -->" in page and f"benchmarks.{name}" in page for name in names)
