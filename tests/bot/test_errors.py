from __future__ import annotations

import logging

import asyncpg
import pytest
import redis.exceptions

import bot.hooks  # noqa: F401 - registers the errors of persistence
import persistence.errors
from bot.errors import (
    CODE_ALPHABET,
    Reporter,
    Unavailable,
    UserError,
    apology,
    reference_code,
    unavailable,
)


def test_reference_codes_are_short_and_differ() -> None:
    codes = {reference_code() for _ in range(200)}
    assert len(codes) > 190
    assert all(len(code) == 4 and set(code) <= set(CODE_ALPHABET) for code in codes)
    assert not set("0O1IL5S8B2ZUV") & set(CODE_ALPHABET)


def test_a_fault_is_logged_with_its_traceback_under_its_code(caplog: pytest.LogCaptureFixture) -> None:
    try:
        raise KeyError("song:12")
    except KeyError as error:
        code = Reporter().report(error, "/review next")
    assert code in apology(code)
    assert "song:12" not in apology(code)
    (record,) = caplog.records
    assert record.getMessage() == f"{code} in /review next"
    assert record.levelno == logging.ERROR
    assert record.exc_info and record.exc_info[0] is KeyError


def test_a_lost_connection_is_logged_without_traceback(caplog: pytest.LogCaptureFixture) -> None:
    Reporter().report(redis.exceptions.ConnectionError("Error 111"), "/queue show")
    assert caplog.records[0].exc_info is None
    assert "Error 111" in caplog.records[0].getMessage()


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (redis.exceptions.ConnectionError("gone"), "The queue's memory cannot be reached"),
        (redis.exceptions.TimeoutError("slow"), "The queue's memory cannot be reached"),
        (redis.exceptions.BusyLoadingError("loading"), "The queue's memory cannot be reached"),
        (redis.exceptions.ResponseError("OOM command not allowed when used memory"), "takes no changes"),
        (redis.exceptions.ResponseError("MISCONF Errors writing to the AOF file"), "takes no changes"),
        (redis.exceptions.ResponseError("NOREPLICAS Not enough good replicas to write."), "takes no changes"),
        (redis.exceptions.ReadOnlyError("READONLY You can't write against a replica"), "takes no changes"),
        (asyncpg.ConnectionDoesNotExistError("gone"), "The archive cannot be reached"),
        (asyncpg.CannotConnectNowError("starting up"), "The archive cannot be reached"),
        (asyncpg.InterfaceError("connection is closed"), "The archive cannot be reached"),
        (ConnectionRefusedError("refused"), "The archive cannot be reached"),
        (persistence.errors.Unavailable(), "The archive cannot be reached"),
        (Unavailable("Discord cannot be reached."), "Discord cannot be reached."),
    ],
)
def test_a_lost_server_is_a_plain_sentence(error: Exception, says: str) -> None:
    told = unavailable(error)
    assert told is not None
    assert says in told.text


@pytest.mark.parametrize(
    "error",
    [
        redis.exceptions.ResponseError("WRONGTYPE Operation against a key"),
        asyncpg.InterfaceError("the server expects 2 arguments for this query"),
        asyncpg.UniqueViolationError("duplicate key"),
        UserError("Submissions are closed."),
        ValueError("connection"),
    ],
)
def test_a_fault_of_ours_is_not_called_a_lost_server(error: Exception) -> None:
    assert unavailable(error) is None
