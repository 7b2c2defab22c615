from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot import cli


async def run(*arguments: str, cwd: Path, **environment: str) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot.cli", *arguments,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=cwd,
        env={"PYTHONPATH": str(Path(__file__).parents[2]), "PATH": "/usr/bin:/bin", **environment},
    )  # fmt: skip
    out, err = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


async def test_version(tmp_path: Path) -> None:
    code, out, err = await run("--version", cwd=tmp_path)
    assert (code, err) == (0, "")
    assert out.startswith("skipline 0.")


async def test_a_missing_token_is_one_sentence_and_code_2(tmp_path: Path) -> None:
    code, out, err = await run("run", cwd=tmp_path)
    assert (code, out) == (2, "")
    assert err.startswith("skipline: DISCORD_BOT_TOKEN is not set; ")
    assert err.count("\n") == 1


async def test_a_malformed_argument_is_one_sentence_and_code_2(tmp_path: Path) -> None:
    code, _, err = await run("run", "--shards", "9/8", cwd=tmp_path, DISCORD_BOT_TOKEN="MTIz.a.b")
    assert code == 2
    assert err.startswith("skipline: SKIPLINE_SHARDS must be")
    assert err.count("\n") == 1
    assert "MTIz" not in err


async def test_a_data_directory_that_cannot_be_used_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    code, _, err = await run("run", cwd=tmp_path, DISCORD_BOT_TOKEN="MTIz.a.b")
    assert code == 2
    assert err.startswith("skipline: SKIPLINE_DATA_DIR must be a directory")


async def test_an_address_that_is_not_discord_is_one_sentence() -> None:
    with tempfile.TemporaryDirectory(prefix="skipline-test-") as directory:
        async with TestServer(web.Application()) as nothing:
            url = str(nothing.make_url("/api/v10"))
            code, _, err = await run(
                "run", cwd=Path(directory), DISCORD_BOT_TOKEN="MTIz.a.b", DISCORD_REST_URL=url
            )
    assert code == 1
    assert err.splitlines()[-1].startswith(f"skipline: Discord cannot be used at {url}; check the network")
    assert "Traceback" not in err


def test_help_names_every_action(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        cli.main(["--help"])
    assert left.value.code == 0
    said = capsys.readouterr().out
    assert all(action in said for action in ("run", "doctor", "demo", "--version", ".env.example"))


def test_an_unknown_role_is_code_2(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        cli.main(["run", "--role", "boss"])
    assert left.value.code == 2
    assert "'all', 'gateway', 'worker'" in capsys.readouterr().err.replace(
        "all, gateway, worker", "'all', 'gateway', 'worker'"
    )
