"""The doctor against real servers and a sandbox: well, weak, and broken."""

from __future__ import annotations

import socket
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest

from bot import doctor, embedded, settings
from bot.doctor import Finding, Level
from bot.doctor.tiktok import check_tiktok
from bot.embedded.durability import judged
from components.permissions import ASKED
from sandbox.discord import Permission, Sandbox
from sandbox.discord.guilds import BOT
from sandbox.tiktok import TikTok


@pytest.fixture
def directory() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="skipline-test-") as path:
        yield Path(path)


class Patient:
    """Settings that can be made wrong one by one; by default everything is embedded."""

    def __init__(self, directory: Path) -> None:
        self.env_file = directory / ".env"
        self.values = {"SKIPLINE_DATA_DIR": str(directory / "data")}

    async def examine(self, **values: str) -> dict[str, Finding]:
        lines = [f"{name}={value}" for name, value in (self.values | values).items()]
        self.env_file.write_text("\n".join(lines))
        return {finding.what: finding async for finding in doctor.examine(self.env_file)}


@pytest.fixture
def patient(directory: Path, monkeypatch: pytest.MonkeyPatch) -> Patient:
    for name in settings.setting_names():
        monkeypatch.delenv(name, raising=False)
    return Patient(directory)


@pytest.fixture
async def tiktok() -> AsyncIterator[TikTok]:
    double = await TikTok.start()
    double.host("tiktok")
    yield double
    await double.close()


@pytest.fixture
def in_sandbox(patient: Patient, sandbox: Sandbox, tiktok: TikTok) -> Patient:
    patient.values |= {
        "DISCORD_BOT_TOKEN": sandbox.token,
        "DISCORD_REST_URL": sandbox.rest_url,
        "TIKTOK_URL": tiktok.app_url,
        "TIKTOK_SIGN_URL": tiktok.sign_url,
        "TIKTOK_SIGN_KEY": tiktok.sign_key,
    }
    return patient


@pytest.fixture(scope="module")
async def shared_sandbox() -> AsyncIterator[Sandbox]:
    sandbox = await Sandbox.start()
    yield sandbox
    await sandbox.close()


@pytest.fixture
def sandbox(shared_sandbox: Sandbox) -> Sandbox:
    return shared_sandbox


def levels(findings: dict[str, Finding]) -> dict[str, Level]:
    return {what: finding.level for what, finding in findings.items()}


async def test_a_healthy_bot(in_sandbox: Patient, sandbox: Sandbox) -> None:
    guild = sandbox.create_guild("Late Night Reviews", owner="Olga")
    findings = await in_sandbox.examine(GUILD_ID=str(guild.id))
    assert set(levels(findings).values()) == {Level.OK}, [str(finding) for finding in findings.values()]
    assert list(findings) == [
        "Python", "Settings", "Data directory", "Redis", "Redis durability", "PostgreSQL", "Schema",
        "Discord", "Gateway", "Intents", "Servers", "Permissions", "Signing service", "TikTok",
    ]  # fmt: skip
    assert "redis-cli -s " in findings["Redis"].found
    assert "Late Night Reviews" in findings["Servers"].found
    assert sandbox.token not in "".join(map(str, findings.values()))


async def test_a_wrong_setting_ends_it_with_its_sentence(patient: Patient) -> None:
    findings = await patient.examine()
    assert list(findings) == ["Python", "Settings"]
    assert str(findings["Settings"]).startswith("fail  Settings: DISCORD_BOT_TOKEN is not set")


async def test_servers_out_of_reach(in_sandbox: Patient, directory: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        findings = await in_sandbox.examine(
            REDIS_URL=f"redis://:hunter2@127.0.0.1:{port}",
            DATABASE_URL=f"postgresql://skipline:hunter2@127.0.0.1:{port}/skipline",
            DISCORD_REST_URL=f"http://127.0.0.1:{port}/api/v10",
        )
    assert [what for what, level in levels(findings).items() if level is Level.FAIL] == [
        "Redis", "PostgreSQL", "Discord",
    ]  # fmt: skip
    assert all(finding.mend for finding in findings.values() if finding.level is Level.FAIL)
    assert "hunter2" not in "".join(map(str, findings.values()))


async def test_a_refused_token(in_sandbox: Patient) -> None:
    findings = await in_sandbox.examine(DISCORD_BOT_TOKEN="MTIz.wrong.token")
    assert findings["Discord"].found == "refuses the token"


async def test_not_in_the_server(in_sandbox: Patient) -> None:
    findings = await in_sandbox.examine(GUILD_ID="123456789012345678")
    assert findings["Servers"].level is Level.FAIL
    assert "https://discord.com/oauth2/authorize?client_id=" in findings["Servers"].mend


async def test_what_the_bot_may_not_is_told_with_what_is_off(in_sandbox: Patient, sandbox: Sandbox) -> None:
    held = BOT & ~int(Permission.PIN_MESSAGES | Permission.MANAGE_ROLES)
    guild = sandbox.create_guild("No Pins", owner="Olga", bot_permissions=held)
    findings = await in_sandbox.examine(GUILD_ID=str(guild.id))
    lacking = findings["Permission Pin Messages"]
    assert lacking.level is Level.WARN and "lacks in No Pins: displays are not pinned" in lacking.found
    asked = int(lacking.mend.partition("permissions=")[2])
    assert asked == int(ASKED) and asked & Permission.PIN_MESSAGES and asked & Permission.MANAGE_CHANNELS
    assert "Permissions" not in findings
    guild.role_by_id[guild.bot_role.id].permissions |= int(Permission.PIN_MESSAGES)
    findings = await in_sandbox.examine(GUILD_ID=str(guild.id))
    assert findings["Permissions"].found == "the bot has all but Manage Roles, which only /setup needs"


async def tiktok_as(patient: Patient, **values: str) -> dict[str, str]:
    """What the doctor says of TikTok and its signing service."""
    patient.env_file.write_text(
        "\n".join(f"{name}={value}" for name, value in (patient.values | values).items())
    )
    given = settings.load(patient.env_file)
    return {finding.what: str(finding) async for finding in check_tiktok(given)}


async def test_tiktok_and_the_key_of_its_signing_service(in_sandbox: Patient, tiktok: TikTok) -> None:
    tiktok.signer.limits["day"] = 40
    said = await tiktok_as(in_sandbox)
    assert said["Signing service"].endswith("answers and knows the key, 40 of 40 connections left today")
    assert said["TikTok"] == f"ok    TikTok: {tiktok.app_url} answers"
    said = await tiktok_as(in_sandbox, TIKTOK_SIGN_KEY="hunter2")
    assert "refuses the key; lives cannot be listened to" in said["Signing service"]
    assert "hunter2" not in said["Signing service"]
    said = await tiktok_as(in_sandbox, TIKTOK_SIGN_KEY="")
    assert "wants a key and none is set" in said["Signing service"]
    tiktok.sign_key = ""
    said = await tiktok_as(in_sandbox, TIKTOK_SIGN_KEY="")
    assert "answers, but no key is set, so the limits for everybody hold" in said["Signing service"]
    assert tiktok.signer.calls == 0, "a signature was asked for"


async def test_tiktok_and_its_signing_service_out_of_reach(in_sandbox: Patient, tiktok: TikTok) -> None:
    tiktok.faults.answer("limits", 503, times=1)
    tiktok.faults.captcha("api", times=None)
    tiktok.faults.captcha("page", times=None)
    said = await tiktok_as(in_sandbox)
    assert said["Signing service"].startswith("warn") and "answers 503" in said["Signing service"]
    assert said["TikTok"].startswith("warn") and "takes this machine for a robot" in said["TikTok"]
    address = tiktok.app_url
    await tiktok.close()
    said = await tiktok_as(in_sandbox)
    assert "does not answer; lives cannot be listened to" in said["Signing service"]
    assert said["TikTok"].startswith(f"warn  TikTok: {address} does not answer; lives cannot be")


async def test_a_weak_redis_of_ones_own(in_sandbox: Patient, directory: Path) -> None:
    async with embedded.valkey(directory / "theirs", durable=False) as theirs:
        findings = await in_sandbox.examine(REDIS_URL=theirs.url)
    assert findings["Redis"].level is Level.OK
    assert findings["Redis durability"].level is Level.WARN


async def test_tables_of_a_newer_version(in_sandbox: Patient, database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    await connection.execute("UPDATE alembic_version SET version_num = '9999'")
    await connection.close()
    findings = await in_sandbox.examine(DATABASE_URL=database_url)
    assert str(findings["Schema"]).startswith("fail  Schema: made by a newer Skipline -> run that version")


def test_each_weak_setting_is_named() -> None:
    weak = judged({"appendonly": "yes", "appendfsync": "everysec", "maxmemory-policy": "allkeys-lru"})
    assert [found.split(" is ")[0] for found, _ in weak] == ["appendfsync", "maxmemory-policy"]


def test_the_exit_code_and_the_lines(patient: Patient, capsys: pytest.CaptureFixture[str]) -> None:
    patient.env_file.write_text("GUILD_ID=x\nDISCORD_BOT_TOKEN=MTIz.a.b\n")
    assert doctor.run(patient.env_file) == 1
    python, wrong, verdict = capsys.readouterr().out.splitlines()
    assert python.startswith("ok    Python: 3.")
    assert wrong == "fail  Settings: GUILD_ID must be the id of one Discord server: digits only."
    assert verdict == "Something has to be mended first."
