"""What the bot asked over REST and what it was answered, for assertions and for the check of the schema."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Exchange:
    """One request with its answer.

    `route` is the path template, `path` the path below `/api/v10`. `body` is the decoded JSON or None, for a
    form its `payload_json`; `files` are (name, size in bytes). `status` 0 means the connection was cut before
    the request was applied, and `lost` that it was applied and the answer never sent. `at` is by the
    sandbox's clock; `seconds` is how long the answer took.
    """

    method: str
    route: str
    path: str
    query: dict[str, str]
    body: Any
    files: list[tuple[str, int]]
    at: float
    status: int = 0
    response: Any = None
    seconds: float = 0.0
    lost: bool = False
    reason: str | None = None
    headers: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def ok(self) -> bool:
        """Whether it was answered with a 2xx."""
        return 200 <= self.status < 300

    @property
    def code(self) -> int | None:
        """The JSON error code of a refusal."""
        if self.ok or not isinstance(self.response, dict):
            return None
        return self.response.get("code")  # pyright: ignore - decoded JSON
