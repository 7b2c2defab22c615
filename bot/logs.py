"""One readable line for each thing that happens; secrets are taken out before anything is written."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TextIO

__all__ = ["Redaction", "configure"]

_HIDDEN = "[hidden]"
# A bot token wherever it comes from, and the password inside a URL.
_TOKEN = re.compile(r"\b[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{20,}\b")
_PASSWORD = re.compile(r"(?<=://)([^\s/:@]*):[^\s/@]+@")
_PASSWORD_OPTION = re.compile(r"(?<=[?&_]password=)[^\s&]+")
# The token of an interaction or webhook is part of the address in every error about it.
_ADDRESS = re.compile(r"/(interactions|webhooks)/(\d+)/[A-Za-z0-9._~=%-]+")

_COLUMNS = {"WARNING": "warning: ", "ERROR": "ERROR: ", "CRITICAL": "ERROR: "}


class Redaction:
    """Takes known secrets, and what looks like one, out of a text."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        # Longest first, so that a secret which contains another one is hidden whole.
        self._secrets = sorted((secret for secret in secrets if secret), key=len, reverse=True)

    def __call__(self, text: str) -> str:
        """Return `text` without secrets."""
        for secret in self._secrets:
            text = text.replace(secret, _HIDDEN)
        text = _TOKEN.sub(_HIDDEN, text)
        text = _PASSWORD.sub(rf"\1:{_HIDDEN}@", text)
        text = _PASSWORD_OPTION.sub(_HIDDEN, text)
        return _ADDRESS.sub(rf"/\1/\2/{_HIDDEN}", text)


class _Line(logging.Formatter):
    """`2026-11-21 14:03:07 skipline.app warning: text`, in UTC, tracebacks below it."""

    def __init__(self, redaction: Redaction) -> None:
        super().__init__()
        self._redaction = redaction

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, tracebacks included, with secrets taken out of all of it."""
        at = datetime.fromtimestamp(record.created, UTC).strftime("%Y-%m-%d %H:%M:%S")
        # One record is one line, so that a name with a line break in it cannot forge a second one.
        message = record.getMessage().replace("\r", "\\r").replace("\n", "\\n")
        text = f"{at} {record.name} {_COLUMNS.get(record.levelname, '')}{message}"
        if record.exc_info:
            text = f"{text}\n{self.formatException(record.exc_info)}"
        return self._redaction(text)


def configure(level: str, secrets: Iterable[str] = (), stream: TextIO | None = None) -> None:
    """Send the log of this process to `stream` (standard error), from `level` on.

    Build `GatewayBot` with `logs=None`, else hikari replaces this. The libraries speak from WARNING on, or
    from INFO on when `level` is DEBUG.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(_Line(Redaction(secrets)))
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel("INFO" if level == "DEBUG" else "WARNING" if level == "INFO" else level)
    logging.getLogger("skipline").setLevel(level)
    logging.captureWarnings(True)
