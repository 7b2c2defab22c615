"""The files people and the bot send, served under addresses that expire, as Discord's CDN does."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from sandbox.discord.messages import Attachment

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sandbox.discord.messages import Upload
    from sandbox.discord.snowflakes import Snowflakes

LIFETIME: Final = 24 * 3600
"""Seconds a signed address stays good."""

_UNSAFE: Final = re.compile(r"[^\w.\-]+")


def clean(filename: str) -> str:
    """Clean a file's name the way Discord does: what is no word character, dot or hyphen becomes `_`."""
    return _UNSAFE.sub("_", filename.strip().rsplit("/", 1)[-1]) or "unknown"


class AttachmentStore:
    """Keeps uploaded files in memory. `clock` in seconds since the epoch; `base_url` has no final slash."""

    def __init__(self, snowflakes: Snowflakes, clock: Callable[[], float]) -> None:
        self.base_url = ""
        self.lifetime: float = LIFETIME
        self._snowflakes = snowflakes
        self._clock = clock
        self._key = secrets.token_bytes(16)
        self._files: dict[int, Attachment] = {}

    def store(
        self, upload: Upload, channel_id: int, *, description: str | None = None, ephemeral: bool = False
    ) -> Attachment:
        """Keep a file under its cleaned name."""
        kept = Attachment(
            id=self._snowflakes.next(),
            channel_id=channel_id,
            filename=clean(upload.filename),
            content=upload.content,
            content_type=upload.media_type,
            description=description or upload.description,
            ephemeral=ephemeral,
        )
        self._files[kept.id] = kept
        return kept

    def sign(self, attachment: Attachment) -> str:
        """Give an address that is good for `lifetime` seconds."""
        kind = "ephemeral-attachments" if attachment.ephemeral else "attachments"
        path = f"/{kind}/{attachment.channel_id}/{attachment.id}/{quote(attachment.filename)}"
        now = int(self._clock())
        issued, expires = f"{now:x}", f"{now + int(self.lifetime):x}"
        mac = self._mac(attachment.id, expires, issued)
        return f"{self.base_url}{path}?ex={expires}&is={issued}&hm={mac}&"

    def open(self, attachment_id: str, query: Mapping[str, str]) -> Attachment | None:
        """Give a file if the address is signed and has not expired, else None."""
        kept = self._files.get(int(attachment_id)) if attachment_id.isdecimal() else None
        expires, issued = query.get("ex", ""), query.get("is", "")
        if kept is None or not hmac.compare_digest(self._mac(kept.id, expires, issued), query.get("hm", "")):
            return None
        return kept if int(expires, 16) > self._clock() else None

    def forget(self, attachment: Attachment) -> None:
        """Drop a file, as Discord does when its message is deleted."""
        self._files.pop(attachment.id, None)

    def _mac(self, attachment_id: int, expires: str, issued: str) -> str:
        text = f"{attachment_id}.{expires}.{issued}".encode()
        return hashlib.blake2b(text, key=self._key, digest_size=32).hexdigest()
