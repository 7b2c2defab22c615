"""Every wrong value is one sentence that names the setting and never repeats a secret."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from bot import settings
from bot.settings import Role, SettingsError, ShardRange

TOKEN = "MTIzNDU2Nzg5MDEyMzQ1Njc4.GaBcDe.not-a-real-secret_value"
NO_FILE = Path("/nonexistent/.env")


@pytest.fixture(autouse=True)
def only_what_the_test_sets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in settings.setting_names():
        monkeypatch.delenv(name, raising=False)


def load(**environment: str) -> settings.Settings:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {"DISCORD_BOT_TOKEN": TOKEN, **environment}.items():
            patch.setenv(name, value)
        return settings.load(NO_FILE)


def sentence(**environment: str) -> str:
    with pytest.raises(SettingsError) as refused:
        load(**environment)
    return str(refused.value)


def test_a_token_alone_is_enough() -> None:
    loaded = load()
    assert loaded.token.get_secret_value() == TOKEN
    assert loaded.rest_url == "https://discord.com/api/v10"
    assert (loaded.redis_url, loaded.database_url, loaded.guild_id, loaded.shards) == (None, None, None, None)
    assert loaded.data_dir == Path.cwd() / "data"
    assert (loaded.log, loaded.role) == ("INFO", Role.ALL)


def test_all_values() -> None:
    loaded = load(
        DISCORD_REST_URL="http://127.0.0.1:8080/api/v10/",
        REDIS_URL="rediss://:secret@cache:6380/1",
        DATABASE_URL="postgresql+asyncpg://skip:secret@db/skipline",
        GUILD_ID="123456789012345678",
        SKIPLINE_DATA_DIR="~/skipline",
        SKIPLINE_LOG="debug",
        SKIPLINE_ROLE="Gateway",
        SKIPLINE_SHARDS="0-3/8",
    )
    assert loaded.rest_url == "http://127.0.0.1:8080/api/v10"
    assert loaded.redis_url and loaded.redis_url.get_secret_value() == "rediss://:secret@cache:6380/1"
    assert loaded.database_url
    assert loaded.database_url.get_secret_value() == "postgresql://skip:secret@db/skipline"
    assert loaded.guild_id == 123456789012345678
    assert loaded.data_dir == Path.home() / "skipline"
    assert (loaded.log, loaded.role, loaded.shards) == ("DEBUG", Role.GATEWAY, ShardRange(0, 3, 8))
    assert "secret" not in repr(loaded) + str(loaded)
    assert TOKEN not in repr(loaded)


def test_an_empty_value_is_not_set() -> None:
    assert load(REDIS_URL="", GUILD_ID="").guild_id is None


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("DISCORD_BOT_TOKEN", "hunter2", "is not a bot token"),
        ("DISCORD_BOT_TOKEN", "aHVudGVy.hunter2.hunter2", "is not a bot token"),
        ("DISCORD_BOT_TOKEN", "Bot " + TOKEN, "is not a bot token"),
        ("DISCORD_REST_URL", "ftp://hunter2/api/v10", "must be a http or https address"),
        ("DISCORD_REST_URL", "http://hunter2:8080", "ends in /api/v10"),
        ("DISCORD_REST_URL", "http://hunter2:notaport/api/v10", "must be a http or https address"),
        ("DISCORD_REST_URL", "http://hunter2/api/v10?x=1", "must be a http or https address"),
        ("REDIS_URL", "hunter2:6379", "must be an address such as redis://"),
        ("REDIS_URL", "redis://", "must name a host"),
        ("REDIS_URL", "redis://:hunter2/x@host", "special characters of a password are written as %23"),
        ("REDIS_URL", "redis://host?hunter2=1", "has an option that is not known"),
        ("REDIS_URL", "redis+sentinel://host", "must end with the name the Sentinels know the server by"),
        ("REDIS_URL", "redis+cluster://host/1", "must not name a database"),
        ("REDIS_URL", "http://hunter2", "must be an address such as redis://"),
        ("DATABASE_URL", "mysql://hunter2/db", "must be an address such as postgresql://"),
        ("DATABASE_URL", "postgresql://hunter2", "must be an address such as postgresql://"),
        ("DATABASE_URL", "postgresql://[hunter2/db", "must be an address such as postgresql://"),
        ("GUILD_ID", "hunter2", "digits only"),
        ("GUILD_ID", "-1", "digits only"),
        ("GUILD_ID", "99999999999999999999", "digits only"),
        ("SKIPLINE_LOG", "hunter2", "must be one of DEBUG, INFO, WARNING, ERROR"),
        ("SKIPLINE_ROLE", "hunter2", "must be one of all, gateway, worker"),
        ("ALLOW_ANY_HANDLE_LINKING", "hunter2", "must be true or false"),
        ("SKIPLINE_WEB_HOST", "http://hunter2", "an address of this computer"),
        ("SKIPLINE_WEB_PORT", "hunter2", "must be a port"),
        ("SKIPLINE_WEB_PORT", "70000", "must be a port"),
        ("SKIPLINE_WEB_URL", "hunter2", "SKIPLINE_WEB_URL must be a http or https address"),
        ("SKIPLINE_SHARDS", "hunter2", 'must be "auto" or a range'),
        ("SKIPLINE_SHARDS", "3-1/8", 'must be "auto" or a range'),
        ("SKIPLINE_SHARDS", "0-8/8", 'must be "auto" or a range'),
        ("SKIPLINE_HEALTH_HOST", "hunter2:9464", "without port"),
        ("SKIPLINE_HEALTH_HOST", "http://hunter2", "without port"),
        ("SKIPLINE_HEALTH_PORT", "hunter2", "must be a port"),
        ("SKIPLINE_HEALTH_PORT", "65536", "must be a port"),
    ],
)
def test_a_malformed_value_is_one_sentence(name: str, value: str, says: str) -> None:
    text = sentence(**{name: value})
    assert text.startswith(name)
    assert says in text
    assert text.endswith(".")
    assert "\n" not in text
    assert "hunter2" not in text
    assert TOKEN not in text


@pytest.mark.parametrize(("text", "expected"), [("true", True), ("On", True), ("0", False), ("", False)])
def test_linking_without_a_proof(text: str, expected: bool) -> None:
    assert load(ALLOW_ANY_HANDLE_LINKING=text).link_any_handle is expected


def test_a_missing_token_says_where_to_put_it() -> None:
    assert sentence(DISCORD_BOT_TOKEN="").startswith("DISCORD_BOT_TOKEN is not set; ")
    assert SettingsError.exit_code == 2


def test_data_dir_must_not_be_a_file(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    assert sentence(SKIPLINE_DATA_DIR=str(tmp_path / "data")).startswith(
        "SKIPLINE_DATA_DIR must be a directory"
    )


@pytest.mark.parametrize(
    ("text", "expected"), [("auto", None), ("0/1", ShardRange(0, 0, 1)), ("5/8", ShardRange(5, 5, 8))]
)
def test_shards(text: str, expected: ShardRange | None) -> None:
    assert load(SKIPLINE_SHARDS=text).shards == expected


def test_shard_ids_include_the_last() -> None:
    assert list(ShardRange(4, 7, 8).ids) == [4, 5, 6, 7]
    assert str(ShardRange(4, 7, 8)) == "4-7/8"


def test_environment_comes_before_the_file_and_overrides_before_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    env_file = tmp_path / ".env"
    env_file.write_text(f"DISCORD_BOT_TOKEN={TOKEN}\nSKIPLINE_LOG=ERROR\nSKIPLINE_ROLE=worker\nEDITOR=vi\n")
    monkeypatch.setenv("SKIPLINE_LOG", "DEBUG")
    loaded = settings.load(env_file)
    assert (loaded.log, loaded.role) == ("DEBUG", Role.WORKER)
    loaded = settings.load(env_file, role="gateway", log="warning", shards=None)
    assert (loaded.log, loaded.role) == ("WARNING", Role.GATEWAY)


def test_a_file_that_is_no_text_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"DISCORD_BOT_TOKEN=\xff\xfe\x00")
    with pytest.raises(SettingsError, match="must be a text file in UTF-8"):
        settings.load(tmp_path / ".env")


def test_secrets_from_files(tmp_path: Path) -> None:
    secret = tmp_path / "token"
    secret.write_text(TOKEN + "\n")
    assert load(DISCORD_BOT_TOKEN="", DISCORD_BOT_TOKEN_FILE=str(secret)).token.get_secret_value() == TOKEN
    assert "Both DISCORD_BOT_TOKEN and" in sentence(DISCORD_BOT_TOKEN_FILE=str(secret))
    assert "cannot be read" in sentence(DISCORD_BOT_TOKEN="", DISCORD_BOT_TOKEN_FILE=str(tmp_path / "gone"))
    secret.write_text("\n")
    assert "is empty" in sentence(DISCORD_BOT_TOKEN="", DISCORD_BOT_TOKEN_FILE=str(secret))


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load().role = Role.WORKER  # pyright: ignore[reportAttributeAccessIssue]  # the point of the test


def test_a_program_may_leave_out_what_the_environment_sets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://elsewhere")
    monkeypatch.setenv("GUILD_ID", "5")
    built = settings.Settings(token=SecretStr(TOKEN), redis_url=None, guild_id=None)
    assert (built.redis_url, built.guild_id) == (None, None)
