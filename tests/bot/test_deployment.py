"""The files people deploy with agree with the settings and with what the doctor demands."""

from __future__ import annotations

import asyncio
import hashlib
import re
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiohttp import web
from dotenv import dotenv_values

from bot import settings
from bot.embedded.durability import DURABLE
from state import address

ROOT = Path(__file__).parents[2]
OURS = ("gateway", "worker")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text())


def test_compose_sets_only_what_exists(compose: dict[str, Any]) -> None:
    for name in OURS:
        assert set(compose["services"][name]["environment"]) <= settings.setting_names()


@pytest.mark.parametrize("name", OURS)
def test_compose_values_are_accepted(
    compose: dict[str, Any], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = {"DISCORD_BOT_TOKEN": "MTIzNDU2Nzg5MDEyMzQ1Njc4.GaBcDe.not-a-real-one", "POSTGRES_PASSWORD": "a1"}
    for variable in settings.setting_names():
        monkeypatch.delenv(variable, raising=False)
    for variable, value in compose["services"][name]["environment"].items():
        monkeypatch.setenv(variable, interpolated(str(value), given))
    command = compose["services"][name]["command"]
    loaded = settings.load(Path("/nonexistent"), role=command[command.index("--role") + 1])
    assert loaded.role == name
    assert loaded.redis_url and loaded.redis_url.get_secret_value() == "redis://redis:6379/0"
    assert loaded.database_url and "@postgres:5432/" in loaded.database_url.get_secret_value()


def interpolated(value: str, given: dict[str, str]) -> str:
    """As compose does it: ${NAME:-default} and ${NAME:?message}."""
    return re.sub(
        r"\$\{(\w+):([-?])([^}]*)\}",
        lambda found: given.get(found[1]) or (found[3] if found[2] == "-" else pytest.fail(found[3])),
        value,
    )


def test_compose_redis_is_as_durable_as_the_embedded_one(compose: dict[str, Any]) -> None:
    words = shlex.split(compose["services"]["redis"]["command"])[1:]
    flags = {name.removeprefix("--"): value for name, value in zip(words[::2], words[1::2], strict=True)}
    assert flags == DURABLE


def test_compose_waits_for_healthy_servers_and_publishes_nothing(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        assert "ports" not in service, name
        assert "network_mode" not in service, name
    for name in OURS:
        waits = compose["services"][name]["depends_on"]
        assert {server: wait["condition"] for server, wait in waits.items()} == {
            "redis": "service_healthy",
            "postgres": "service_healthy",
        }
    for name in ("redis", "postgres"):
        assert compose["services"][name]["healthcheck"]["test"]


@pytest.mark.parametrize("name", OURS)
@pytest.mark.parametrize(("status", "code"), [(200, 0), (503, 1), (None, 1)])
async def test_compose_asks_the_process_itself_how_it_is(
    compose: dict[str, Any], name: str, status: int | None, code: int
) -> None:
    asked: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response(status=status or 500)

    app = web.Application()
    app.router.add_get("/healthz", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    if status is None:
        await site.stop()
    service = compose["services"][name]
    kind, program, flag, text = service["healthcheck"]["test"]
    published = service["environment"]["SKIPLINE_HEALTH_PORT"]
    assert (kind, program, flag, text.count(published)) == ("CMD", "python", "-c", 1)
    check = await asyncio.create_subprocess_exec(
        sys.executable, flag, text.replace(published, str(port)), stderr=asyncio.subprocess.DEVNULL
    )
    assert await check.wait() == code
    assert asked == ([] if status is None else ["/healthz"])
    await runner.cleanup()


def test_compose_volumes_are_declared(compose: dict[str, Any]) -> None:
    used = {
        volume.split(":")[0]
        for service in compose["services"].values()
        for volume in service.get("volumes", ())
    }
    assert used == set(compose["volumes"])


def test_every_address_of_a_redis_in_the_docs_is_one() -> None:
    text = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
    found = re.findall(r"`((?:rediss?|unix)(?:\+\w+)?://\S+)`", text) + re.findall(r"REDIS_URL=(\S+)", text)
    assert {address.parse(url.partition("?ssl_ca_certs")[0]).form for url in found} == set(address.Form)


def test_env_example_lists_exactly_the_settings() -> None:
    text = (ROOT / ".env.example").read_text()
    assert dotenv_values(ROOT / ".env.example") == {"DISCORD_BOT_TOKEN": ""}
    assert set(re.findall(r"^#?([A-Z_]+)=", text, re.MULTILINE)) == settings.setting_names()


def test_env_example_values_are_accepted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in settings.setting_names():
        monkeypatch.delenv(variable, raising=False)
    lines = [
        line.removeprefix("#")
        for line in (ROOT / ".env.example").read_text().splitlines()
        if re.match(r"#?[A-Z_]+=", line) and "_FILE=" not in line
    ]
    (tmp_path / ".env").write_text(
        "\n".join(lines).replace("DISCORD_BOT_TOKEN=", "DISCORD_BOT_TOKEN=MTIz.a.b")
    )
    loaded = settings.load(tmp_path / ".env")
    assert loaded.role == "all"
    assert loaded.shards is None


def test_the_image_holds_every_package() -> None:
    text = (ROOT / "Dockerfile").read_text()
    project = (ROOT / "pyproject.toml").read_text()
    listed = re.search(r"^packages = \[(.*)\]$", project, re.MULTILINE)
    assert listed
    for package in re.findall(r'"(\w+)"', listed[1]):
        assert f"\nCOPY {package} {package}\n" in text


def test_the_licence_is_the_unmodified_agpl_3() -> None:
    # The digest of the text as the Free Software Foundation publishes it.
    expected = "0d96a4ff68ad6d4b6f1f30f713b18d5184912ba8dd389f86aa7710db079abcb0"
    assert hashlib.sha256((ROOT / "LICENSE").read_bytes()).hexdigest() == expected


@pytest.mark.parametrize("name", ["run.txt", "dev.txt", "build.txt"])
def test_requirements_are_hashed_and_name_no_host(name: str) -> None:
    text = (ROOT / "requirements" / name).read_text()
    assert "://" not in text
    assert "--index" not in text
    pinned = re.findall(r"^[A-Za-z0-9._-]+==[^\n]*\n(    --hash=sha256:[0-9a-f]{64})?", text, re.MULTILINE)
    assert pinned
    assert all(pinned)


def test_run_and_dev_pin_the_same_versions() -> None:
    run, dev = (
        dict(
            re.findall(r"^([A-Za-z0-9._-]+)==(\S+)", (ROOT / "requirements" / name).read_text(), re.MULTILINE)
        )
        for name in ("run.txt", "dev.txt")
    )
    assert run.items() <= dev.items()
