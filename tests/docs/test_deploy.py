"""What docs/deploy.md gives to copy is what systemd and the settings take."""

from __future__ import annotations

import asyncio
import re
import shutil
import sys
import textwrap
from pathlib import Path

import pytest

from bot import settings

PAGE = (Path(__file__).parents[2] / "docs" / "deploy.md").read_text()
COPIED = re.findall(r"(?:^ {4}.*\n+)+", PAGE, re.MULTILINE)
ANALYZE = shutil.which("systemd-analyze")


@pytest.mark.skipif(ANALYZE is None, reason="no systemd here")
async def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    [unit] = [textwrap.dedent(block) for block in COPIED if "[Service]" in block]
    program, options = re.search(r"^ExecStart=(\S+) (.*)$", unit, re.MULTILINE).groups()  # type: ignore[union-attr]
    assert program.endswith("/skipline") and options == "run --role gateway"
    (tmp_path / "skipline-gateway@.service").write_text(unit.replace(program, sys.executable))
    process = await asyncio.create_subprocess_exec(
        *(ANALYZE, "verify", "--man=no", str(tmp_path / "skipline-gateway@0a.service")),  # type: ignore[arg-type]
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    # It also reads the units of this machine that ours waits for.
    assert process.returncode == 0 and b"skipline" not in said, said.decode()


def test_only_settings_that_exist_are_named() -> None:
    named = set(re.findall(r"\b((?:SKIPLINE|DISCORD|REDIS|DATABASE|TIKTOK)_[A-Z_]+)\b", PAGE))
    assert "SKIPLINE_SHARDS" in named
    assert {name.removesuffix("_FILE") for name in named} <= settings.setting_names()
