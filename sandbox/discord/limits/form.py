"""Reading a request body field by field while collecting every violation, in the shape Discord sends."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Final, cast
from urllib.parse import urlsplit

Body = Mapping[str, object]
"""A decoded JSON object."""

INT64: Final = 2**63 - 1
INT32: Final = 2**31 - 1


class Invalid(Exception):
    """A body Discord would refuse with 400 and code 50035.

    `errors` is the nested object Discord sends under that name: one key a step of the path, then `_errors`
    with the list of `code` and `message`. Every violation is in it, not only the first; but what is wrong
    with a thing as a whole is told only once its parts are right, for a node has either children or
    `_errors` (published schema, ErrorDetails).
    """

    def __init__(self, errors: Mapping[str, object]) -> None:
        self.errors: dict[str, object] = dict(errors)
        super().__init__("; ".join(f"{path}: {text}" for path, text in self.flat()))

    def flat(self) -> list[tuple[str, str]]:
        """List the violations as (path with dots, message)."""
        return list(_flat(self.errors, ()))

    def under(self, *path: str) -> Invalid:
        """Give the same violations seen from further up, e.g. under `data` for an interaction's answer."""
        errors: Mapping[str, object] = self.errors
        for key in reversed(path):
            errors = {key: errors}
        return Invalid(errors)


def _parts_first(errors: Mapping[str, object]) -> dict[str, object]:
    parts: dict[str, object] = {
        key: _parts_first(cast("Mapping[str, object]", value))
        for key, value in errors.items()
        if key != "_errors"
    }
    return parts or dict(errors)


def _flat(errors: Mapping[str, object], path: tuple[str, ...]) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for key, value in errors.items():
        if key == "_errors":
            found += [(".".join(path), str(error["message"])) for error in cast("list[Body]", value)]
        else:
            found += _flat(cast("Mapping[str, object]", value), (*path, key))
    return found


class Form:
    """One place in a body, and the violations found so far anywhere in it.

    The readers return the value where it has the right type (and report a wrong size), else None or nothing.
    Absent and null are the same unless `required`.
    """

    def __init__(self, path: tuple[str, ...] = (), errors: dict[str, object] | None = None) -> None:
        self._path = path
        self._errors: dict[str, object] = {} if errors is None else errors

    def at(self, *keys: str | int) -> Form:
        """Step down."""
        return Form((*self._path, *map(str, keys)), self._errors)

    def fail(self, code: str, message: str) -> None:
        """Report a violation here."""
        node = self._errors
        for key in self._path:
            node = cast("dict[str, object]", node.setdefault(key, {}))
        cast("list[object]", node.setdefault("_errors", [])).append({"code": code, "message": message})

    def finish(self) -> None:
        """Raise Invalid where anything was reported."""
        if self._errors:
            raise Invalid(_parts_first(self._errors))

    def required(self) -> None:
        """Report that this field is missing."""
        self.fail("BASE_TYPE_REQUIRED", "This field is required")

    def one_of(self, allowed: Collection[object]) -> None:
        """Report that this field's value is none of those allowed."""
        choices = ", ".join(repr(choice) for choice in allowed)
        self.fail("BASE_TYPE_CHOICES", f"Value must be one of {{{choices}}}.")

    def length(self, length: int, low: int, high: int) -> None:
        """Report a length out of bounds; text is counted in Unicode code points, as Discord does."""
        if low <= length <= high:
            return
        if low:
            self.fail("BASE_TYPE_BAD_LENGTH", f"Must be between {low} and {high} in length.")
        else:
            self.fail("BASE_TYPE_MAX_LENGTH", f"Must be {high} or fewer in length.")

    def text(
        self, body: Body, key: str, high: int, *, low: int = 0, required: bool = False, strip: bool = False
    ) -> str | None:
        """Read a string. An empty one counts as missing where it is required and has no least length."""
        value, here = body.get(key), self.at(key)
        if value is None:
            if required:
                here.required()
            return None
        if not isinstance(value, str):
            here.fail("STRING_TYPE_CONVERT", "Could not interpret value as string.")
            return None
        size = len(value.strip() if strip else value)
        if required and not low and not size:
            here.required()
        else:
            here.length(size, low, high)
        return value

    def integer(
        self, body: Body, key: str, *, low: int = -INT64, high: int = INT64, required: bool = False
    ) -> int | None:
        """Read a whole number; a string of digits is taken as one, as Discord does."""
        value, here = body.get(key), self.at(key)
        if value is None:
            if required:
                here.required()
            return None
        number = whole(value)
        if number is None:
            here.fail("NUMBER_TYPE_COERCE", f'Value "{value}" is not int.')
            return None
        here.bounds("int", number, low, high)
        return number

    def bounds(self, kind: str, number: float, low: float, high: float) -> None:
        """Report a number out of bounds."""
        if number < low:
            self.fail("NUMBER_TYPE_MIN", f"{kind} value should be greater than or equal to {low}.")
        elif number > high:
            self.fail("NUMBER_TYPE_MAX", f"{kind} value should be less than or equal to {high}.")

    def boolean(self, body: Body, key: str) -> bool:
        """Read a truth value, False where it is absent."""
        value = body.get(key)
        if value is not None and not isinstance(value, bool):
            self.at(key).fail("BOOLEAN_TYPE_CONVERT", "Must be either true or false.")
        return value is True

    def choice(self, body: Body, key: str, allowed: Collection[int], *, required: bool = False) -> int | None:
        """Read a whole number out of a list."""
        number = self.integer(body, key, required=required)
        if number is not None and number not in allowed:
            self.at(key).one_of(allowed)
            return None
        return number

    def items(
        self, body: Body, key: str, high: int, *, low: int = 0, required: bool = False
    ) -> Sequence[object]:
        """Read an array, empty where it is absent."""
        value, here = body.get(key), self.at(key)
        if value is None:
            if required:
                here.required()
            return ()
        if not isinstance(value, list):
            here.fail("LIST_TYPE_CONVERT", "Only iterables may be used in a ListType")
            return ()
        found = cast("list[object]", value)
        here.length(len(found), low, high)
        return found

    def objects(
        self, body: Body, key: str, high: int, *, low: int = 0, required: bool = False
    ) -> list[tuple[Form, Body]]:
        """Read an array of objects, each with its own place; what is no object is reported and left out."""
        found: list[tuple[Form, Body]] = []
        for index, value in enumerate(self.items(body, key, high, low=low, required=required)):
            here = self.at(key, index)
            if isinstance(value, Mapping):
                found.append((here, cast("Body", value)))
            else:
                here.fail("MODEL_TYPE_CONVERT", "Only dictionaries may be used in a ModelType")
        return found

    def mapping(self, body: Body, key: str, *, required: bool = False) -> Body | None:
        """Read an object."""
        value, here = body.get(key), self.at(key)
        if value is None:
            if required:
                here.required()
            return None
        if not isinstance(value, Mapping):
            here.fail("MODEL_TYPE_CONVERT", "Only dictionaries may be used in a ModelType")
            return None
        return cast("Body", value)

    def snowflakes(
        self, body: Body, key: str, high: int, *, low: int = 0, required: bool = False
    ) -> list[int]:
        """Read an array of ids without doubles."""
        found: list[int] = []
        for index, value in enumerate(self.items(body, key, high, low=low, required=required)):
            number = whole(value)
            if number is None or not 0 <= number <= INT64:
                self.at(key, index).fail("NUMBER_TYPE_COERCE", f'Value "{value}" is not snowflake.')
            elif number in found:
                self.at(key, index).fail(
                    "SET_TYPE_ALREADY_CONTAINS_VALUE", "The set already contains this value"
                )
            else:
                found.append(number)
        return found

    def snowflake(self, body: Body, key: str, *, required: bool = False) -> int | None:
        """Read an id, sent as a string of digits or as a number."""
        value, here = body.get(key), self.at(key)
        if value is None:
            if required:
                here.required()
            return None
        number = whole(value)
        if number is None or not 0 <= number <= INT64:
            here.fail("NUMBER_TYPE_COERCE", f'Value "{value}" is not snowflake.')
            return None
        return number

    def url(
        self, body: Body, key: str, schemes: Sequence[str], high: int = 2048, *, required: bool = False
    ) -> str | None:
        """Read an address with one of the schemes. An empty one is refused too."""
        value = self.text(body, key, high, required=required)
        if value is None or (required and not value):
            return value
        here = self.at(key)
        try:
            parts = urlsplit(value)
        except ValueError:
            here.fail("URL_TYPE_INVALID_URL", "Not a well formed URL.")
            return value
        if parts.scheme not in schemes:
            listed = ", ".join(repr(scheme) for scheme in schemes)
            here.fail(
                "URL_TYPE_INVALID_SCHEME",
                f'Scheme "{parts.scheme}" is not supported. Scheme must be one of ({listed}).',
            )
        elif not parts.netloc or any(character.isspace() for character in value):
            here.fail("URL_TYPE_INVALID_URL", "Not a well formed URL.")
        return value

    def timestamp(self, body: Body, key: str) -> None:
        """Check an ISO 8601 date and time."""
        value = body.get(key)
        if value is None:
            return
        try:
            datetime.fromisoformat(value if isinstance(value, str) else "")
        except ValueError:
            self.at(key).fail("DATE_TIME_TYPE_PARSE", f"Could not parse {value}. Should be ISO8601.")


def whole(value: object) -> int | None:
    """Take a JSON value as a whole number: an integer, or a string of digits; True and 1.5 are none."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, str) and value.removeprefix("-").isascii() and value.removeprefix("-").isdigit():
        return int(value)
    return None
