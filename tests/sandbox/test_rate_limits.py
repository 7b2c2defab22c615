"""Buckets, the global limit and the count of invalid requests, on a clock that only the test moves."""

from __future__ import annotations

import pytest

from sandbox.discord.rate_limits import INVALID_LIMIT, Mode, RateLimits, bucket

SEND = ("POST", "/channels/{channel_id}/messages")
EDIT = ("PATCH", "/channels/{channel_id}/messages/{message_id}")
CALLBACK = ("POST", "/interactions/{interaction_id}/{interaction_token}/callback")
FOLLOW_UP = ("POST", "/webhooks/{webhook_id}/{webhook_token}")
ELSEWHERE = ("GET", "/users/@me")


class Clock:
    def __init__(self) -> None:
        self.now = 1_763_700_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def limits(clock: Clock, mode: Mode = "on") -> RateLimits:
    return RateLimits(mode, clock)


@pytest.mark.parametrize("route", [SEND, EDIT])
def test_five_in_five_seconds_a_channel(clock: Clock, route: tuple[str, str]) -> None:
    rules = limits(clock)
    for left in (4, 3, 2, 1, 0):
        verdict = rules.check(*route, "7")
        assert verdict.allowed
        assert verdict.headers["X-RateLimit-Remaining"] == str(left)
        clock.now += 0.5
    refused = rules.check(*route, "7")
    assert not refused.allowed
    assert refused.retry_after == pytest.approx(2.5)
    assert not refused.is_global
    assert refused.headers == {
        "X-RateLimit-Limit": "5",
        "X-RateLimit-Remaining": "0",
        "X-RateLimit-Reset": "1763700005.000",
        "X-RateLimit-Reset-After": "2.500",
        "X-RateLimit-Bucket": bucket(*route),
        "X-RateLimit-Scope": "user",
        "Retry-After": "3",
    }
    clock.now += 2.5
    assert rules.check(*route, "7").allowed


def test_channels_count_apart_under_one_bucket_name(clock: Clock) -> None:
    rules = limits(clock)
    for _ in range(5):
        rules.check(*SEND, "7")
    assert not rules.check(*SEND, "7").allowed
    other = rules.check(*SEND, "8")
    assert other.allowed
    assert other.headers["X-RateLimit-Bucket"] == bucket(*SEND) != bucket(*EDIT)


def test_a_refused_request_does_not_prolong_the_wait(clock: Clock) -> None:
    rules = limits(clock)
    for _ in range(20):
        rules.check(*SEND, "7")
    clock.now += 5
    assert rules.check(*SEND, "7").headers["X-RateLimit-Remaining"] == "4"


def test_callbacks_carry_no_bucket_and_are_never_refused(clock: Clock) -> None:
    rules = limits(clock)
    for _ in range(200):
        verdict = rules.check(*CALLBACK, "")
        assert verdict.allowed
        assert verdict.headers == {}


def test_fifty_a_second_over_all_routes(clock: Clock) -> None:
    rules = limits(clock)
    for channel in range(50):
        assert rules.check(*SEND, str(channel)).allowed
    refused = rules.check(*ELSEWHERE, "")
    assert not refused.allowed
    assert refused.is_global
    assert refused.retry_after == pytest.approx(1.0)
    assert refused.headers == {
        "X-RateLimit-Global": "true",
        "X-RateLimit-Scope": "global",
        "Retry-After": "1",
    }
    # What answers an interaction is outside the global limit.
    assert rules.check(*FOLLOW_UP, "1/token").allowed
    clock.now += 1
    assert rules.check(*ELSEWHERE, "").allowed


def test_headers_mode_counts_but_never_refuses(clock: Clock) -> None:
    rules = limits(clock, "headers")
    verdicts = [rules.check(*SEND, "7") for _ in range(8)]
    assert all(verdict.allowed for verdict in verdicts)
    assert [verdict.headers["X-RateLimit-Remaining"] for verdict in verdicts] == list("43210000")


def test_off_sends_nothing(clock: Clock) -> None:
    rules = limits(clock, "off")
    assert all(rules.check(*SEND, "7").headers == {} for _ in range(100))


def test_a_test_sets_its_own_limit(clock: Clock) -> None:
    rules = limits(clock)
    rules.check(*SEND, "7")
    rules.limit(*SEND, 1, 2.0, scope="shared")
    assert rules.check(*SEND, "7").allowed
    refused = rules.check(*SEND, "7")
    assert not refused.allowed
    assert refused.headers["X-RateLimit-Scope"] == "shared"
    for wrong in ((0, 1.0), (1, 0.0)):
        with pytest.raises(ValueError, match="bucket"):
            rules.limit(*SEND, *wrong)


def test_invalid_requests_are_counted_for_ten_minutes(clock: Clock) -> None:
    rules = limits(clock)
    for status in (200, 401, 403, 404, 429):
        rules.record(status)
    rules.record(429, shared=True)
    assert rules.invalid_requests == 3
    clock.now += 600
    assert rules.invalid_requests == 0
    for _ in range(INVALID_LIMIT):
        assert not rules.banned
        rules.record(429)
    assert rules.banned
