"""Judging one exchange by the schema: path, query, body, fields, answer."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast
from urllib.parse import quote, unquote

import orjson

from sandbox.discord.schema.document import Document, Node, Pointer
from sandbox.discord.schema.report import Exchange, Findings

if TYPE_CHECKING:
    from jsonschema_rs import ValidationError, Validator

_NAME: Final = "urn:discord"
_PREFIX: Final = re.compile(r"^/api/v\d+(?=/)")
_PLACE: Final = re.compile(r"\{[^{}]*\}")
_JSON: Final = "application/json"
_TRUTH: Final = {"true": True, "True": True, "1": True, "false": False, "False": False, "0": False}
"""Discord's API reference, Boolean Query Strings."""
_MULTIPART: Final = "multipart/form-data"
_REFUSED: Final = (400, 401, 404, 405, 413)
"""Answers to requests the sandbox itself found wrong: what was wrong with them need not be told twice."""


class Schema:
    """Discord's published REST schema; each part is compiled at its first use (about 2 ms).

    Raises RuntimeError where the validator, a development dependency, is not installed.
    """

    def __init__(self, path: Path) -> None:
        try:
            import jsonschema_rs
        except ImportError as error:
            raise RuntimeError("the schema check needs jsonschema-rs, one of the dev dependencies") from error
        self._engine = jsonschema_rs
        self._document = Document(path)
        self._registry = jsonschema_rs.Registry(
            [(_NAME, self._document.root)], draft=jsonschema_rs.Draft202012
        )
        self._templates = {_anonymous(template): template for template in self._document.node(("paths",))}
        self._validators: dict[Pointer, Validator] = {}

    def violations(self, exchange: Exchange) -> list[str]:
        """List what breaks the schema in an exchange, without what is known and harmless."""
        return list(self.check(exchange).broken)

    def check(self, exchange: Exchange) -> Findings:
        """Hold one exchange against the schema.

        A request the sandbox refused as wrong is not judged again, only the refusal's form is. Answers of
        500 and above, and lost ones, are faults made on purpose and not judged.
        """
        template = self._templates.get(_anonymous(exchange.route))
        method = exchange.method.lower()
        judged = exchange.status not in _REFUSED
        if template is None or method not in self._document.node(("paths", template)):
            missing = f"request: {exchange.method} {exchange.route} is no route of Discord's schema"
            return Findings((missing,) if judged else ())
        operation = ("paths", template, method)
        broken: list[str] = []
        known: list[str] = []
        if judged:
            body, known = _with_text_ids(exchange.body)
            found = [
                *self._path(operation, exchange.path),
                *self._query(operation, exchange.query),
                *self._body(operation, body, len(exchange.files)),
            ]
            broken += [f"request {text}" for text in found]
        if 200 <= exchange.status < 500:
            # As it goes over the wire, whatever types the sandbox builds it of.
            sent = orjson.loads(orjson.dumps(exchange.response))
            found = self._answer(operation, exchange.status, sent)
            broken += [f"response {text}" for text in found]
        return Findings(tuple(broken), tuple(known))

    def _path(self, operation: Pointer, path: str) -> list[str]:
        template = str(operation[1])
        names = [name[1:-1] for name in _PLACE.findall(template)]
        pattern = "([^/]+)".join(re.escape(piece) for piece in _PLACE.split(template))
        match = re.fullmatch(pattern, _PREFIX.sub("", path))
        if match is None:
            return [f"path: {path} does not fit {template}"]
        parameters = self._document.parameters(operation, "path")
        found: list[str] = []
        for name, value in zip(names, match.groups(), strict=True):
            if name in parameters:
                found += self._text_errors(parameters[name], unquote(value), f"path {name}")
        return found

    def _query(self, operation: Pointer, query: Mapping[str, str]) -> list[str]:
        parameters = self._document.parameters(operation, "query")
        found: list[str] = []
        for name, value in query.items():
            if name in parameters:
                found += self._text_errors(parameters[name], value, f"query {name}")
            else:
                found.append(f"query {name}: not known here")
        return found

    def _text_errors(self, pointer: Pointer, value: str, where: str) -> list[str]:
        """Judge a value that came as text: it may mean a string, a number, a truth value or a list of one."""
        meanings: list[object] = [[value], value]
        if re.fullmatch(r"-?\d+", value):
            meanings.append(int(value))
        if value in _TRUTH:
            meanings.append(_TRUTH[value])
        if any(not self._errors(pointer, meaning) for meaning in meanings):
            return []
        # The last meaning is the most particular one.
        return [f"{where}{text}" for text in self._errors(pointer, meanings[-1])]

    def _body(self, operation: Pointer, body: object, files: int) -> list[str]:
        wanted = cast("Node", self._document.node(operation).get("requestBody", {}))
        content = cast("Node", wanted.get("content", {}))
        if body is None and not files:
            return ["body: missing"] if wanted.get("required") else []
        if not content:
            return ["body: none is wanted here"] if body else []
        if files and _MULTIPART not in content:
            return ["body: no files are taken here"]
        kind = _JSON if _JSON in content else _MULTIPART
        if kind not in content:
            return [f"body: {kind} is not taken here"]
        pointer = (*operation, "requestBody", "content", kind, "schema")
        value: object = body if body is not None else dict[str, object]()
        found = [f"body{text}" for text in self._errors(pointer, value)]
        return found + [f"body/{name}: not known here" for name in self._unknown(pointer, value)]

    def _unknown(self, pointer: Pointer, value: object) -> list[str]:
        """Name the top-level fields the schema does not have, and those of an interaction answer's `data`."""
        if not isinstance(value, Mapping):
            return []
        body = cast("Node", value)
        fields = self._document.fields(pointer, body)
        if fields is None:
            return []
        found = [name for name in body if name not in fields]
        if "data" in fields and isinstance(body.get("data"), Mapping):
            found += [f"data/{name}" for name in self._unknown(fields["data"], body["data"])]
        return found

    def _answer(self, operation: Pointer, status: int, response: object) -> list[str]:
        answers = self._document.node((*operation, "responses"))
        key = str(status) if str(status) in answers else f"{status // 100}XX"
        if key not in answers:
            return [f"status: {status} is not foreseen"]
        content = cast("Node", self._document.node((*operation, "responses", key)).get("content", {}))
        if _JSON not in content:
            return ["body: none is foreseen"] if response is not None and not content else []
        pointer = (*operation, "responses", key, "content", _JSON, "schema")
        return [f"body{text}" for text in self._errors(pointer, response)]

    def _errors(self, pointer: Pointer, value: object) -> list[str]:
        validator = self._validators.get(pointer)
        if validator is None:
            steps = (
                quote(str(step).replace("~", "~0").replace("/", "~1"))
                for step in self._document.canonical(pointer)
            )
            validator = self._engine.validator_for(
                {"$ref": f"{_NAME}#/{'/'.join(steps)}"}, registry=self._registry, validate_formats=True
            )
            self._validators[pointer] = validator
        if validator.is_valid(value):
            return []
        return [_told(error) for error in self._drilled(validator.iter_errors(value))]

    def _drilled(self, errors: Iterable[ValidationError]) -> Iterator[ValidationError]:
        """Replace the failure of a union by the errors of the branch that was meant."""
        kinds = self._engine.ValidationErrorKind
        for error in errors:
            if not isinstance(error.kind, (kinds.OneOfNotValid, kinds.AnyOf)):
                yield error
                continue
            here = error.instance_path
            meant = [branch for branch in error.kind.context if not _excluded(branch, here)]
            if meant:
                yield from self._drilled(min(meant, key=len))
            else:
                yield error


def _anonymous(template: str) -> str:
    return _PLACE.sub("{}", template)


def _told(error: ValidationError) -> str:
    path = "".join(f"/{step}" for step in error.instance_path)
    message = error.message
    return f"{path}: {message if len(message) <= 200 else f'{message[:90]} ... {message[-90:]}'}"


def _excluded(branch: Iterable[ValidationError], here: list[str | int]) -> bool:
    """Tell whether a branch of a union was certainly not meant: another `type`, or no object where one is."""
    selector = [*here, "type"]
    return any(
        (error.instance_path == selector and error.kind.name in ("enum", "const", "oneOf"))
        or (error.instance_path == here and error.kind.name in ("type", "const", "enum"))
        for error in branch
    )


def _with_text_ids(body: object) -> tuple[object, list[str]]:
    """Turn whole-number ids of attachments into text: hikari sends numbers, and Discord takes them."""
    if not isinstance(body, Mapping):
        return body, []
    copy = dict(cast("Node", body))
    found: list[str] = []
    attachments = copy.get("attachments")
    if isinstance(attachments, list):
        turned: list[object] = []
        for index, entry in enumerate(cast("list[object]", attachments)):
            if isinstance(entry, Mapping) and type(number := cast("Node", entry).get("id")) is int:
                found.append(f"attachments/{index}/id is a number")
                turned.append({**cast("Node", entry), "id": str(number)})
            else:
                turned.append(cast("object", entry))
        copy["attachments"] = turned
    if isinstance(copy.get("data"), Mapping):
        copy["data"], more = _with_text_ids(copy["data"])
        found += more
    return copy, found
