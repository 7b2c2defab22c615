"""What is held against the schema, and what came of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sized
from dataclasses import dataclass, field
from typing import Protocol


class Exchange(Protocol):
    """One REST request and its answer, as the sandbox records them."""

    @property
    def method(self) -> str:
        """The HTTP method in capitals."""
        ...

    @property
    def route(self) -> str:
        """The path with names in braces for its values."""
        ...

    @property
    def path(self) -> str:
        """The path as it came, percent-encoded, with or without the API's prefix."""
        ...

    @property
    def query(self) -> Mapping[str, str]:
        """The query, decoded."""
        ...

    @property
    def body(self) -> object:
        """The decoded JSON body, or the multipart body's `payload_json`; None where there was none."""
        ...

    @property
    def files(self) -> Sized:
        """The files that came along; only their number is looked at."""
        ...

    @property
    def status(self) -> int:
        """The answer's status; below 200 where no answer was given."""
        ...

    @property
    def response(self) -> object:
        """The answer's decoded JSON body, None where it had none."""
        ...


@dataclass(frozen=True, slots=True)
class Findings:
    """What is wrong with one exchange: each entry reads `request|response <path>: <what>`."""

    broken: tuple[str, ...] = ()
    known: tuple[str, ...] = ()


@dataclass(slots=True)
class Report:
    """The tally of a run: `checked`, `broken` and `known` requests, and each breach with its count.

    Both counters may be given, to be kept or added up by somebody else.
    """

    counts: Counter[str] = field(default_factory=Counter[str])
    details: Counter[str] = field(default_factory=Counter[str])

    @property
    def checked(self) -> int:
        """Requests that were held against the schema."""
        return self.counts["checked"]

    @property
    def broken(self) -> int:
        """Those that break it."""
        return self.counts["broken"]

    @property
    def known(self) -> int:
        """Those with a deviation that is known and accepted."""
        return self.counts["known"]

    def add(self, exchange: Exchange, findings: Findings) -> None:
        """Count one exchange."""
        self.counts.update(checked=1, broken=int(bool(findings.broken)), known=int(bool(findings.known)))
        for text in findings.broken:
            self.details[f"{exchange.method} {exchange.route} {exchange.status}: {text}"] += 1

    def line(self) -> str:
        """Give the result in one line."""
        return (
            f"requests held against Discord's schema: {self.checked}, "
            f"broken: {self.broken}, known deviations: {self.known}"
        )
