"""What Discord answers when it will not do something: HTTP status, JSON error code, message.

Source: Discord's developer documentation, topic Opcodes and Status Codes.
"""

from __future__ import annotations

from typing import Any, Final

Json = dict[str, Any]
"""One decoded JSON object. Its values are what Discord's documentation says: Any, not a tree of unions."""

_REFUSALS: Final[dict[int, tuple[int, str]]] = {
    0: (404, "404: Not Found"),
    10003: (404, "Unknown Channel"),
    10004: (404, "Unknown Guild"),
    10007: (404, "Unknown Member"),
    10008: (404, "Unknown Message"),
    10009: (404, "Unknown Overwrite"),
    10011: (404, "Unknown Role"),
    10013: (404, "Unknown User"),
    10014: (404, "Unknown Emoji"),
    10015: (404, "Unknown Webhook"),
    10062: (404, "Unknown interaction"),
    10063: (404, "Unknown application command"),
    30003: (400, "Maximum number of pins reached for the channel (250)"),
    30005: (400, "Maximum number of guild roles reached (250)"),
    30013: (400, "Maximum number of guild channels reached (500)"),
    30046: (429, "Maximum number of edits to messages older than 1 hour reached. Try again later."),
    40005: (413, "Request entity too large"),
    40060: (400, "Interaction has already been acknowledged."),
    50001: (403, "Missing Access"),
    50003: (403, "Cannot execute action on a DM channel"),
    50005: (403, "Cannot edit a message authored by another user"),
    50006: (400, "Cannot send an empty message"),
    50007: (403, "Cannot send messages to this user"),
    50008: (400, "Cannot send messages in a non-text channel"),
    50013: (403, "Missing Permissions"),
    50021: (403, "Cannot execute action on a system message"),
    50027: (401, "Invalid Webhook Token"),
    50028: (400, "Invalid Role"),
    50033: (400, "Invalid Recipient(s)"),
    50034: (400, "You can only bulk delete messages that are under 14 days old."),
    50035: (400, "Invalid Form Body"),
    50109: (400, "The request body contains invalid JSON."),
}


class Refusal(Exception):
    """An answer with an error code.

    `code` is Discord's JSON error code, `status` the HTTP status, `errors` the paths of an invalid form,
    `extra` further members of the body, `headers` further headers.
    """

    def __init__(
        self,
        code: int,
        message: str | None = None,
        *,
        status: int | None = None,
        errors: Json | None = None,
        extra: Json | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        usual_status, usual_message = _REFUSALS.get(code, (400, "400: Bad Request"))
        self.code = code
        self.status = status or usual_status
        self.message = message or usual_message
        self.errors = errors
        self.extra = extra
        self.headers = headers
        super().__init__(f"{self.status} {self.code} {self.message}")

    @property
    def body(self) -> Json:
        """The JSON body Discord sends with it."""
        body: Json = {"message": self.message, "code": self.code}
        if self.errors is not None:
            body["errors"] = self.errors
        if self.extra is not None:
            body |= self.extra
        return body


def unauthorized() -> Refusal:
    """Answer a request whose token is wrong or missing."""
    return Refusal(0, "401: Unauthorized", status=401)


def not_allowed() -> Refusal:
    """Answer a path that exists under another method."""
    return Refusal(0, "405: Method Not Allowed", status=405)


def invalid(path: str, code: str, message: str) -> Refusal:
    """Refuse one field of a form. `path` is dotted, as in `data.components.0`."""
    errors: Json = {"_errors": [{"code": code, "message": message}]}
    for step in reversed(path.split(".")):
        errors = {step: errors}
    return Refusal(50035, errors=errors)
