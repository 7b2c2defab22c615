"""Without a Chromium a run says so in one line, and a run of CI fails."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
IN_A_BROWSER = """
import asyncio
from tests.browser_plugin import needs_chromium
from tests.sandbox.page.browser import tab

@needs_chromium
def test_page(tmp_path):
    async def look():
        async with tab(tmp_path, "about:blank"):
            pass
    asyncio.run(look())
"""


def run(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    (folder / "test_page.py").write_text(IN_A_BROWSER)
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("CI", "PYTEST"))}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-c", os.devnull, "-p", "tests.browser_plugin", str(folder)],
        cwd=folder,
        env={**plain, "PYTHONPATH": str(ROOT), "PATH": str(folder), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_without_a_browser_its_tests_are_skipped_in_one_line(tmp_path: Path) -> None:
    ran = run(tmp_path)
    assert ran.returncode == 0, ran.stdout
    assert [line for line in ran.stdout.splitlines() if "Chromium" in line] == [
        "No Chromium here (Debian: apt-get install chromium): tests in a browser skipped: 1"
    ]


def test_without_a_browser_a_run_of_ci_fails(tmp_path: Path) -> None:
    ran = run(tmp_path, CI="true")
    assert ran.returncode == pytest.ExitCode.TESTS_FAILED and "1 failed" in ran.stdout
