from __future__ import annotations

import io
import logging
from collections.abc import Iterator

import pytest

from bot import logs
from bot.logs import Redaction

TOKEN = "MTIzNDU2Nzg5MDEyMzQ1Njc4.GaBcDe.abcdefghijklmnopqrstuvwxyz_0123"


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    ours = logging.getLogger("skipline")
    before = root.handlers[:], root.level, ours.level
    try:
        yield io.StringIO()
    finally:
        root.handlers[:], level, our_level = before
        root.setLevel(level)
        ours.setLevel(our_level)
        logging.captureWarnings(False)


def test_one_line_each(stream: io.StringIO) -> None:
    logs.configure("INFO", stream=stream)
    logging.getLogger("skipline.app").info("Ready in %d servers", 3)
    logging.getLogger("skipline.app").warning("Late by %s\nforged line", "2 s")
    logging.getLogger("hikari.gateway").info("chatter")
    logging.getLogger("hikari.gateway").error("trouble")
    first, second, third = stream.getvalue().splitlines()
    assert first.endswith(" skipline.app Ready in 3 servers")
    assert second.endswith(r" skipline.app warning: Late by 2 s\nforged line")
    assert third.endswith(" hikari.gateway ERROR: trouble")


def test_secrets_are_hidden_in_text_arguments_and_tracebacks(stream: io.StringIO) -> None:
    logs.configure("INFO", ["opensesame", ""], stream)
    log = logging.getLogger("skipline.app")
    log.warning("token %s and word opensesame", TOKEN)
    try:
        raise ValueError(f"cannot reach redis://user:hunter2@host/0 with {TOKEN}")
    except ValueError:
        log.exception("failed")
    text = stream.getvalue()
    assert TOKEN not in text
    assert "hunter2" not in text
    assert "opensesame" not in text
    assert "redis://user:[hidden]@host/0" in text
    assert "Traceback" in text


def test_passwords_among_the_options_of_an_address_are_hidden() -> None:
    text = "at redis+sentinel://a,b/shows?socket_timeout=1&sentinel_password=hunter2&password=hunter3&db=0"
    shown = "at redis+sentinel://a,b/shows?socket_timeout=1&sentinel_password=[hidden]&password=[hidden]&db=0"
    assert Redaction()(text) == shown


def test_interaction_tokens_are_hidden() -> None:
    text = "for http://discord/api/v10/interactions/123/aW50ZXJhY3Rpb246MTIz-x/callback and webhooks"
    assert Redaction()(text) == "for http://discord/api/v10/interactions/123/[hidden]/callback and webhooks"


def test_what_is_no_secret_stays() -> None:
    for text in (
        "https://soundcloud.com/artist/track-name",
        "state.lua.next_song 1.2.3",
        "a:b@c",
        "10:30 @Mia",
    ):
        assert Redaction()(text) == text
