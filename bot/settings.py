"""What the person who runs the bot decides, read from the environment and `.env`.

Every name is an upper-case environment variable; an empty value counts as not set. The secrets may also be
given as files (`DISCORD_BOT_TOKEN_FILE` names the file that holds the token), as container platforms do.
Secrets never appear in a repr, a log line or an error message.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from bot.errors import SettingsError
from state import address

__all__ = ["SECRETS", "Role", "Settings", "SettingsError", "ShardRange", "load", "setting_names"]

SECRETS = ("DISCORD_BOT_TOKEN", "REDIS_URL", "DATABASE_URL", "TIKTOK_SIGN_KEY")
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")

_SHARDS = re.compile(r"(?P<first>\d{1,5})(?:-(?P<last>\d{1,5}))?/(?P<count>\d{1,5})")
_REST_PATH = re.compile(r".*/api/v\d{1,3}")


class Role(StrEnum):
    """Which part of the work this process does."""

    ALL = "all"
    GATEWAY = "gateway"
    WORKER = "worker"


@dataclass(frozen=True)
class ShardRange:
    """The shards one process runs: `first` to `last`, both included, of `count` in all."""

    first: int
    last: int
    count: int

    @property
    def ids(self) -> range:
        """The shard ids, for `GatewayBot.start(shard_ids=...)`."""
        return range(self.first, self.last + 1)

    def __str__(self) -> str:
        return f"{self.first}-{self.last}/{self.count}"


class Settings(BaseSettings):
    """All settings, checked. Build it with `load`; a test may pass fields by name.

    `redis_url` and `database_url` unset mean the embedded servers; `guild_id` unset means commands are
    declared globally; `shards` None means as many as Discord recommends, all in this process; `web_port` 0
    means that overlays and queue pages are not served.
    """

    model_config = SettingsConfigDict(
        frozen=True,
        extra="ignore",
        populate_by_name=True,
        hide_input_in_errors=True,
        env_ignore_empty=True,
        validate_default=False,
    )

    token: SecretStr = Field(validation_alias="DISCORD_BOT_TOKEN")
    rest_url: str = Field("https://discord.com/api/v10", validation_alias="DISCORD_REST_URL")
    redis_url: SecretStr | None = Field(None, validation_alias="REDIS_URL")
    database_url: SecretStr | None = Field(None, validation_alias="DATABASE_URL")
    guild_id: int | None = Field(None, validation_alias="GUILD_ID")
    data_dir: Path = Field(Path("data"), validation_alias="SKIPLINE_DATA_DIR", validate_default=True)
    log: str = Field("INFO", validation_alias="SKIPLINE_LOG")
    role: Role = Field(Role.ALL, validation_alias="SKIPLINE_ROLE")
    link_any_handle: bool = Field(False, validation_alias="ALLOW_ANY_HANDLE_LINKING")
    shards: Annotated[ShardRange | None, NoDecode] = Field(None, validation_alias="SKIPLINE_SHARDS")
    tiktok_sign_key: SecretStr | None = Field(None, validation_alias="TIKTOK_SIGN_KEY")
    tiktok_sign_url: str | None = Field(None, validation_alias="TIKTOK_SIGN_URL")
    tiktok_url: str | None = Field(None, validation_alias="TIKTOK_URL")
    web_host: str = Field("127.0.0.1", validation_alias="SKIPLINE_WEB_HOST")
    web_port: int = Field(0, validation_alias="SKIPLINE_WEB_PORT")
    web_url: str | None = Field(None, validation_alias="SKIPLINE_WEB_URL")
    source_url: str | None = Field(None, validation_alias="SKIPLINE_SOURCE_URL")
    revision: str | None = Field(None, validation_alias="SKIPLINE_REVISION")
    health_host: str = Field("127.0.0.1", validation_alias="SKIPLINE_HEALTH_HOST")
    health_port: int | None = Field(None, validation_alias="SKIPLINE_HEALTH_PORT")

    @property
    def web_address(self) -> str:
        """Where our pages are found from outside, without a slash at the end; no use without a `web_port`."""
        host = f"[{self.web_host}]" if ":" in self.web_host else self.web_host
        return self.web_url or f"http://{host}:{self.web_port}"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read secrets from files as well, with the weight of the variable that names the file."""
        files = _SecretFiles(settings_cls, env_settings, dotenv_settings)
        return init_settings, env_settings, dotenv_settings, files

    @field_validator("token", mode="before")
    @classmethod
    def _check_token(cls, value: object) -> str:
        token = _plain(value)
        first, *rest = token.split(".")
        try:
            # The first part is the bot's user id; hikari reads it at once, and pasted secrets fail here.
            identifier = base64.b64decode(first + "=" * (-len(first) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            identifier = b""
        if len(rest) != 2 or not identifier.isdigit() or not token.isascii() or any(map(str.isspace, token)):
            raise ValueError(
                "DISCORD_BOT_TOKEN is not a bot token (three parts with dots between them); "
                "copy it from the Bot page of your application in Discord's developer portal."
            )
        return token

    @field_validator("rest_url", mode="before")
    @classmethod
    def _check_rest_url(cls, value: object) -> str:
        url = _plain(value).rstrip("/")
        parts = _split(url)
        if (
            parts is None
            or parts.scheme not in ("http", "https")
            or not parts.hostname
            or parts.query
            or parts.fragment
            or not _REST_PATH.fullmatch(parts.path)
        ):
            raise ValueError(
                "DISCORD_REST_URL must be a http or https address that ends in /api/v10, "
                "for example http://127.0.0.1:8080/api/v10."
            )
        return url

    @field_validator("tiktok_sign_url", "tiktok_url", "web_url", mode="before")
    @classmethod
    def _check_url(cls, value: object, info: ValidationInfo) -> str | None:
        if value is None:
            return None
        url = _plain(value).rstrip("/")
        parts = _split(url)
        if parts is None or parts.scheme not in ("http", "https") or not parts.hostname or parts.query:
            name = str(cls.model_fields[str(info.field_name)].validation_alias)
            raise ValueError(f"{name} must be a http or https address, for example http://127.0.0.1:8090.")
        return url

    @field_validator("web_host", mode="before")
    @classmethod
    def _check_web_host(cls, value: object) -> str:
        host = _plain(value).strip("[]")
        if not re.fullmatch(r"[0-9A-Za-z.-]{1,253}|[0-9A-Fa-f.:]{2,45}", host):
            raise ValueError("SKIPLINE_WEB_HOST must be an address of this computer, for example 127.0.0.1.")
        return host

    @field_validator("web_port", mode="before")
    @classmethod
    def _check_web_port(cls, value: object) -> int:
        digits = _plain(value)
        if not re.fullmatch(r"[0-9]{1,5}", digits) or int(digits) > 65535:
            raise ValueError("SKIPLINE_WEB_PORT must be a port, 1 to 65535, or 0 to serve nothing.")
        return int(digits)

    @field_validator("source_url", mode="before")
    @classmethod
    def _check_source_url(cls, value: object) -> str | None:
        if value is None:
            return None
        url = _plain(value)
        parts = _split(url)
        if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("SKIPLINE_SOURCE_URL must be the http or https address of the source code.")
        return url

    @field_validator("redis_url", mode="before")
    @classmethod
    def _check_redis_url(cls, value: object) -> str | None:
        if value is None:
            return None
        url = _plain(value)
        try:
            address.parse(url)
        except address.BadAddress as error:
            raise ValueError(f"REDIS_URL {error}.") from None
        return url

    @field_validator("database_url", mode="before")
    @classmethod
    def _check_database_url(cls, value: object) -> str | None:
        if value is None:
            return None
        url = _plain(value).replace("postgresql+asyncpg://", "postgresql://", 1)
        parts = _split(url)
        if parts is None or parts.scheme not in ("postgresql", "postgres") or not parts.path.strip("/"):
            raise ValueError(
                "DATABASE_URL must be an address such as postgresql://user:password@host:5432/database."
            )
        return url

    @field_validator("health_host", mode="before")
    @classmethod
    def _check_health_host(cls, value: object) -> str:
        host = _plain(value)
        # A name or an address; a port or a path after it would only fail when it is bound.
        if not re.fullmatch(r"[0-9A-Za-z.:%_-]{1,253}", host) or re.fullmatch(r"[^:]+:[0-9]+", host):
            raise ValueError(
                "SKIPLINE_HEALTH_HOST must be an address or name of this computer, without port."
            )
        return host

    @field_validator("health_port", mode="before")
    @classmethod
    def _check_health_port(cls, value: object) -> int | None:
        if value is None:
            return None
        digits = _plain(value)
        if not re.fullmatch(r"[0-9]{1,5}", digits) or int(digits) > 65535:
            raise ValueError("SKIPLINE_HEALTH_PORT must be a port: 1 to 65535, or 0 for any that is free.")
        return int(digits)

    @field_validator("guild_id", mode="before")
    @classmethod
    def _check_guild_id(cls, value: object) -> int | None:
        if value is None:
            return None
        digits = _plain(value)
        if not re.fullmatch(r"[0-9]{1,20}", digits) or not 0 < int(digits) < 2**64:
            raise ValueError("GUILD_ID must be the id of one Discord server: digits only.")
        return int(digits)

    @field_validator("data_dir", mode="after")
    @classmethod
    def _check_data_dir(cls, value: Path) -> Path:
        path = value.expanduser().absolute()
        if path.exists() and not path.is_dir():
            raise ValueError("SKIPLINE_DATA_DIR must be a directory, but there is a file of that name.")
        return path

    @field_validator("log", mode="before")
    @classmethod
    def _check_log(cls, value: object) -> str:
        level = _plain(value).upper()
        if level not in LOG_LEVELS:
            raise ValueError(f"SKIPLINE_LOG must be one of {', '.join(LOG_LEVELS)}.")
        return level

    @field_validator("role", mode="before")
    @classmethod
    def _check_role(cls, value: object) -> Role:
        try:
            return Role(_plain(value).lower())
        except ValueError:
            raise ValueError(f"SKIPLINE_ROLE must be one of {', '.join(Role)}.") from None

    @field_validator("link_any_handle", mode="before")
    @classmethod
    def _check_link_any_handle(cls, value: object) -> bool:
        word = _plain(value).lower()
        if word in ("true", "yes", "on", "1"):
            return True
        if word in ("false", "no", "off", "0"):
            return False
        raise ValueError("ALLOW_ANY_HANDLE_LINKING must be true or false.")

    @field_validator("shards", mode="before")
    @classmethod
    def _check_shards(cls, value: object) -> ShardRange | None:
        if value is None or isinstance(value, ShardRange):
            return value
        text = _plain(value).lower()
        if text == "auto":
            return None
        if match := _SHARDS.fullmatch(text):
            first, count = int(match["first"]), int(match["count"])
            last = int(match["last"] or first)
            if first <= last < count:
                return ShardRange(first, last, count)
        raise ValueError(
            'SKIPLINE_SHARDS must be "auto" or a range of shards and how many there are in all, '
            "counted from 0, for example 0-3/8."
        )

    def to_environment(self) -> dict[str, str]:
        """The settings as the environment of another process of this bot, secrets included."""
        values: dict[str, str] = {}
        for name, field in type(self).model_fields.items():
            value = getattr(self, name)
            if value is not None:
                values[str(field.validation_alias)] = _plain(value)
        return values


def _plain(value: object) -> str:
    text = value.get_secret_value() if isinstance(value, SecretStr) else str(value)
    return text.strip()


def _split(url: str) -> Any:
    """Return the parts of a URL, or None where even its port or brackets are malformed."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    return parts


def setting_names() -> frozenset[str]:
    """Return the names of all environment variables that are read, with the `_FILE` forms of the secrets."""
    fields = {str(field.validation_alias) for field in Settings.model_fields.values()}
    return frozenset(fields | {f"{name}_FILE" for name in SECRETS})


def load(env_file: Path | None = Path(".env"), **overrides: object) -> Settings:
    """Read and check the settings.

    The environment comes before `env_file`, which need not exist, or may be None. `overrides` are fields by
    name, e.g. from the command line, and come first; None means not given. Raises `SettingsError` with one
    sentence.
    """
    given: dict[str, Any] = {name: value for name, value in overrides.items() if value is not None}
    given |= {"_env_file": env_file, "_env_file_encoding": "utf-8-sig"}
    try:
        return Settings(**given)
    except ValidationError as error:
        raise SettingsError(_sentence(error)) from None
    except (OSError, UnicodeDecodeError):
        raise SettingsError(f"The file {env_file} cannot be read; it must be a text file in UTF-8.") from None


class _SecretFiles(PydanticBaseSettingsSource):
    """Reads the secrets whose `_FILE` form is set, from whichever source sets it."""

    def __init__(self, settings_cls: type[BaseSettings], *sources: PydanticBaseSettingsSource) -> None:
        super().__init__(settings_cls)
        self._given: dict[str, str] = {}
        for source in reversed(sources):
            if isinstance(source, EnvSettingsSource):
                self._given.update({name.upper(): value for name, value in source.env_vars.items() if value})

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """Return the value for one field, or None."""
        name = str(field.validation_alias)
        path = self._given.get(f"{name}_FILE") if name in SECRETS else None
        if path is None:
            return None, name, False
        if name in self._given:
            raise SettingsError(f"Both {name} and {name}_FILE are set; keep one of them.")
        return _read_secret(name, Path(path)), name, False

    def __call__(self) -> dict[str, Any]:
        """Return what was found, by environment name."""
        found = (self.get_field_value(field, name) for name, field in self.settings_cls.model_fields.items())
        return {name: value for value, name, _ in found if value is not None}


def _read_secret(name: str, path: Path) -> str:
    try:
        secret = path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise SettingsError(f"{name}_FILE names {path}, which cannot be read.") from None
    if not secret:
        raise SettingsError(f"{name}_FILE names {path}, which is empty.")
    return secret


def _sentence(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    if first["type"] == "missing":
        return (
            "DISCORD_BOT_TOKEN is not set; put your bot's token into the environment or into a file "
            "named .env (see .env.example)."
        )
    return first["msg"].removeprefix("Value error, ")
