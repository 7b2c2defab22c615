"""The checker against the published file, and the rules of the sandbox against the checker."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.discord import limits
from sandbox.discord.schema import Report, Schema, find_schema

FILE = find_schema()
pytestmark = pytest.mark.skipif(FILE is None, reason="Discord's schema was not found")

SEND = "/channels/{channel_id}/messages"
CALLBACK = "/interactions/{interaction_id}/{interaction_token}/callback"
COMMANDS = "/applications/{application_id}/commands"


@dataclass
class Sent:
    """An exchange whose answer is not judged unless it is given: 500 is a fault made on purpose."""

    method: str
    route: str
    path: str
    body: Any = None
    query: Mapping[str, str] = field(default_factory=dict)
    files: Sequence[str] = ()
    status: int = 500
    response: Any = None


@pytest.fixture(scope="module")
def schema() -> Schema:
    assert FILE is not None
    return Schema(FILE)


def message(body: Any, **other: Any) -> Sent:
    return Sent("POST", SEND, "/api/v10/channels/7/messages", body, **other)


def answer(body: Any, **other: Any) -> Sent:
    return Sent("POST", CALLBACK, "/interactions/1/a%2Fb/callback", body, **other)


def press_me(**fields: Any) -> dict[str, Any]:
    button = {"type": 2, "style": 1, "label": "Next", "custom_id": "panel:next"} | fields
    return {"components": [{"type": 1, "components": [button]}]}


@pytest.mark.parametrize(
    "exchange",
    [
        message({"content": "hello", "nonce": "1", "enforce_nonce": True}),
        message(press_me(emoji={"name": "⏭️"})),
        message({"flags": 32768, "components": [{"type": 17, "components": [{"type": 10, "content": "x"}]}]}),
        message({"content": "a file", "attachments": [{"id": "0", "filename": "x.mp3"}]}, files=["x.mp3"]),
        answer({"type": 6}, status=204),
        answer({"type": 5, "data": {"flags": 64}}, query={"with_response": "true"}),
        answer({"type": 5, "data": {"flags": 64}}, query={"with_response": "1"}),
        answer({"type": 8, "data": {"choices": [{"name": "a", "value": "1"}]}}),
        answer({"type": 8, "data": {"choices": [{"name": "a", "value": 1}]}}),
        Sent(
            "GET",
            SEND,
            "/channels/7/messages",
            query={"limit": "50", "before": "12"},
            status=200,
            response=[],
        ),
        Sent("POST", "/channels/{channel_id}/typing", "/channels/7/typing", status=204),
        Sent("PUT", COMMANDS, "/applications/1/commands", [{"name": "q", "description": "d", "nsfw": False}]),
        # Names in braces are free: only their places count.
        Sent("PUT", "/applications/{app}/commands", "/applications/1/commands", []),
        message(
            {"content": "x"}, status=429, response={"message": "slow", "retry_after": 0.5, "global": False}
        ),
    ],
)
def test_right_traffic_passes(schema: Schema, exchange: Sent) -> None:
    assert schema.violations(exchange) == []


@pytest.mark.parametrize(
    ("exchange", "told"),
    [
        (message({"content": 5}), 'request body/content: 5 is not of types "null", "string"'),
        (message({"text": "x"}), "request body/text: not known here"),
        (message(None), "request body: missing"),
        (message({"content": "x"}, query={"wait": "true"}), "request query wait: not known here"),
        (
            Sent("POST", SEND, "/channels/Mia/messages", {"content": "x"}),
            'request path channel_id: "Mia" does not match "^(0|[1-9][0-9]*)$"',
        ),
        (
            Sent("POST", SEND, "/guilds/7/messages", {"content": "x"}),
            "request path: /guilds/7/messages does not fit",
        ),
        (
            Sent("GET", SEND, "/channels/7/messages", query={"limit": "101"}),
            "request query limit: 101 is greater than the maximum of 100",
        ),
        (
            message({"embeds": [{"timestamp": "now"}]}),
            'request body/embeds/0/timestamp: "now" is not a "date-time"',
        ),
        (answer({"type": 4, "data": {"text": "x"}}), "request body/data/text: not known here"),
        (
            answer({"type": 4}, files=["x.mp3"], query={"with_response": "maybe"}),
            "request query with_response",
        ),
        (
            Sent("POST", "/channels/{channel_id}/typing", "/channels/7/typing", {"a": 1}),
            "request body: none is wanted",
        ),
        (
            Sent("PUT", COMMANDS, "/applications/1/commands", [], files=["x.mp3"]),
            "request body: no files are taken here",
        ),
        (
            Sent("GET", "/nowhere", "/nowhere", status=200),
            "request: GET /nowhere is no route of Discord's schema",
        ),
        (Sent("PUT", SEND, "/channels/7/messages", status=200), "is no route"),
        (message({"content": "x"}, status=201), "response status: 201 is not foreseen"),
        (
            message({"content": "x"}, status=200, response={"id": "1"}),
            'response body: "author" is a required property',
        ),
        (answer({"type": 6}, status=204, response={}), "response body: none is foreseen"),
        (
            message({"content": "x"}, status=404, response={"message": "Unknown"}),
            'response body: "code" is a required',
        ),
    ],
)
def test_wrong_traffic_is_told(schema: Schema, exchange: Sent, told: str) -> None:
    assert any(text.startswith(told) or told in text for text in schema.violations(exchange))


def test_an_error_is_told_in_the_branch_its_type_selects(schema: Schema) -> None:
    long = press_me(label="x" * 81)
    assert [text.rsplit('" is', 1)[1] for text in schema.violations(message(long))] == [
        " longer than 80 characters"
    ]
    assert schema.violations(message(long))[0].startswith("request body/components/0/components/0/label: ")
    assert schema.violations(answer({"type": 4, "data": long}))[0].startswith(
        "request body/data/components/0/components/0/label: "
    )
    assert len(schema.violations(answer({"type": 9, "data": {"custom_id": "x", "title": "t"}}))) == 1


def test_the_whole_number_ids_hikari_sends_are_known(schema: Schema) -> None:
    body = {"attachments": [{"id": 0, "filename": "x.mp3"}, {"id": "1"}]}
    for exchange in (message(body, files=["x.mp3"]), answer({"type": 4, "data": body}, files=["x.mp3"])):
        findings = schema.check(exchange)
        assert findings.broken == ()
        assert findings.known == ("attachments/0/id is a number",)
    assert body["attachments"][0]["id"] == 0, "the exchange itself is left as it was"


def test_a_refused_request_is_judged_by_its_refusal_only(schema: Schema) -> None:
    with pytest.raises(limits.Invalid) as caught:
        limits.message({"content": "x" * 2001, **press_me(label="x" * 81)})
    refusal = {"code": 50035, "message": "Invalid Form Body", "errors": caught.value.errors}
    assert schema.violations(message({"content": 5, "odd": 1}, status=400, response=refusal)) == []
    assert schema.violations(message({"content": 5}, status=400, response={"errors": {}})) != []
    assert schema.violations(Sent("GET", "/nowhere", "/nowhere", status=404)) == []


def test_the_report_counts_and_prints_one_line(schema: Schema) -> None:
    report = Report()
    traffic = [
        message({"content": "x"}),
        message({"odd": 1}),
        message({"odd": 1}),
        message({"attachments": [{"id": 0}]}, files=["x.mp3"]),
    ]
    for exchange in traffic:
        report.add(exchange, schema.check(exchange))
    assert report.line() == "requests held against Discord's schema: 4, broken: 2, known deviations: 1"
    assert report.details == {f"POST {SEND} 500: request body/odd: not known here": 2}


def test_the_file_is_found_by_the_variable(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DISCORD_OPENAPI", str(FILE))
    assert find_schema() == FILE
    monkeypatch.setenv("DISCORD_OPENAPI", str(tmp_path / "absent.json"))
    with pytest.raises(FileNotFoundError, match="DISCORD_OPENAPI"):
        find_schema()


PLUGIN_RUN = """
from types import SimpleNamespace
from tests.schema_plugin import watch

def test_traffic():
    sandbox = SimpleNamespace(on_exchange=[])
    watch(sandbox)
    for body in {bodies}:
        exchange = SimpleNamespace(
            method="POST", route="/channels/{{c}}/messages", path="/channels/7/messages",
            query={{}}, body=body, files=[], status=500, response=None,
        )
        for callback in sandbox.on_exchange:
            callback(exchange)
"""


@pytest.mark.parametrize(
    ("bodies", "code", "printed"),
    [
        ([{"content": "x"}], 0, "requests held against Discord's schema: 1, broken: 0, known deviations: 0"),
        ([{"content": 5}], 1, "  1 x POST /channels/{c}/messages 500: request body/content: 5 is not"),
    ],
)
def test_the_plugin_fails_a_run_that_broke_the_schema(
    tmp_path: Path, bodies: list[Any], code: int, printed: str
) -> None:
    here = Path(__file__).parents[2]
    (tmp_path / "test_run.py").write_text(PLUGIN_RUN.format(bodies=bodies))
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "tests.schema_plugin",
            "-p",
            "no:cacheprovider",
            "test_run.py",
        ],
        cwd=tmp_path,
        env={"PYTHONPATH": str(here), "DISCORD_OPENAPI": str(FILE), "PATH": ""},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert printed in done.stdout
    assert done.returncode == code


# Mostly right values, so that many bodies pass the rules and reach the schema.
short = st.sampled_from([*"abcdefghijklmn", "x" * 40, "", "x" * 46, "x" * 81, "x" * 101])
ids = st.integers(0, 999).map(lambda number: "x" * number if number in (100, 101) else f"id:{number}")
numbers = st.sampled_from([1, 1, 1, 1, 2, 0, -1, 25, 26])
emojis = st.sampled_from([{"name": "⏭️"}, {"name": "⏭️", "id": "5"}])
urls = st.sampled_from(["https://x.org/a", "https://x.org/a", "attachment://a.mp3", "x"])


def some(
    needed: dict[str, st.SearchStrategy[Any]], **optional: st.SearchStrategy[Any]
) -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries(needed, optional=optional)


buttons = some(
    {
        "type": st.just(2),
        "style": st.sampled_from([1, 1, 2, 3, 4, 5, 0, 7]),
        "label": short,
        "custom_id": ids,
    },
    emoji=emojis,
    url=urls,
)
selects = some(
    {
        "type": st.sampled_from([3, 5, 8]),
        "custom_id": ids,
        "options": st.lists(
            some({"label": short, "value": short}, description=short), min_size=1, max_size=4
        ),
    },
    placeholder=short,
    min_values=numbers,
    max_values=numbers,
)
rows = some(
    {
        "type": st.just(1),
        "components": st.lists(buttons, min_size=1, max_size=5) | st.lists(selects, min_size=1, max_size=2),
    }
)
texts = some({"type": st.sampled_from([10, 10, 14, 11]), "content": short})
files = some({"type": st.just(13), "file": some({"url": urls})})
containers = some({"type": st.just(17), "components": st.lists(rows | texts | files, max_size=3)})
embeds = some(
    {},
    title=short,
    url=urls,
    color=numbers,
    footer=some({"text": short}),
    image=some({"url": urls}),
    fields=st.lists(some({"name": short, "value": short}), max_size=2),
)
messages = some(
    {},
    content=short,
    flags=st.sampled_from([0, 64, 32768]),
    embeds=st.lists(embeds, max_size=2),
    components=st.lists(rows, max_size=3) | st.lists(rows | texts | files | containers, max_size=6),
    allowed_mentions=some({}, parse=st.just(["users"]), users=st.lists(st.just("1"), max_size=2)),
)
inputs = some(
    {"type": st.just(4), "custom_id": ids, "style": numbers, "label": short}, value=short, max_length=numbers
)
fields = st.one_of(
    some({"type": st.just(1), "components": st.lists(inputs, min_size=1, max_size=2)}),
    some({"type": st.just(18), "label": short, "component": inputs | selects}),
    texts,
)
modals = some({"custom_id": ids, "title": short, "components": st.lists(fields, max_size=6)})
options = some(
    {"type": st.integers(3, 11), "name": short, "description": short},
    min_length=numbers,
    required=st.booleans(),
    choices=st.lists(some({"name": short, "value": short | numbers}), max_size=2),
)
groups = some(
    {
        "type": st.sampled_from([1, 2]),
        "name": st.just("show"),
        "description": st.just("Show"),
        "options": st.lists(options, max_size=2),
    }
)
commands = some(
    {"name": st.sampled_from(["queue", "Queue", ""]), "description": short},
    options=st.lists(options, max_size=2) | st.lists(groups, max_size=2),
    contexts=st.lists(st.integers(0, 3), max_size=2),
)


@given(
    st.one_of(
        st.tuples(st.just(limits.message), messages.map(message)),
        st.tuples(st.just(limits.modal), modals.map(lambda body: answer({"type": 9, "data": body}))),
        st.tuples(
            st.just(limits.command),
            commands.map(lambda body: Sent("POST", COMMANDS, "/applications/1/commands", body)),
        ),
    )
)
def test_what_the_rules_let_through_the_schema_lets_through(schema: Schema, case: Any) -> None:
    rule, exchange = case
    try:
        rule(exchange.body.get("data", exchange.body))
    except limits.Invalid:
        return
    assert schema.violations(exchange) == []
