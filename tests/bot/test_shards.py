"""What hikari must still have for shards to go from one process to another, and who may act on an event."""

from __future__ import annotations

import inspect
import time
from datetime import UTC, datetime
from typing import Any

import hikari
import pytest
from hikari.impl import shard as upstream

from bot.shards.door import BEAT_SECONDS, Door, Pulse
from bot.shards.shard import Shard


def parameters(function: object) -> set[str]:
    return set(inspect.signature(function).parameters) - {"self"}  # type: ignore[arg-type]


def test_hikari_has_what_is_overridden_and_offers_nothing_in_its_place() -> None:
    slots = set(upstream.GatewayShardImpl.__slots__)
    used = {"_session_id", "_seq", "_resume_gateway_url", "_gateway_url", "_user_id", "_ws", "_event_manager"}
    assert used <= slots
    assert "_sent_close" in upstream._GatewayTransport.__slots__
    assert parameters(upstream._GatewayTransport.send_close) == {"code", "message"}
    for name in ("_keep_alive", "_connect", "_send_json", "_poll_events", "_heartbeat"):
        ours, theirs = getattr(Shard, name), getattr(upstream.GatewayShardImpl, name)
        assert inspect.iscoroutinefunction(theirs) and parameters(ours) == parameters(theirs)
    slots = set(hikari.GatewayBot.__slots__)
    assert {"_shards", "_closed_event", "_closing_event", "_rest", "_voice", "_event_factory"} <= slots
    assert {"deserialize_starting_event", "deserialize_started_event"} <= set(dir(hikari.api.EventFactory))
    # What is new may be what bot/shards/shard.py makes up for: a limiter of IDENTIFY, a session to resume.
    known = {
        "activity",
        "afk",
        "check_for_updates",
        "idle_since",
        "ignore_session_start_limit",
        "large_threshold",
        "shard_count",
        "shard_ids",
        "startup_window_delay",
        "status",
    }
    assert parameters(hikari.GatewayBot.start) == known
    assert parameters(upstream.GatewayShardImpl.start) == parameters(upstream.GatewayShardImpl.close) == set()
    known = {
        "capabilities",
        "compression",
        "data_format",
        "dumps",
        "event_factory",
        "event_manager",
        "http_settings",
        "initial_activity",
        "initial_idle_since",
        "initial_is_afk",
        "initial_status",
        "intents",
        "large_threshold",
        "loads",
        "proxy_settings",
        "shard_count",
        "shard_id",
        "token",
        "url",
    }
    assert parameters(upstream.GatewayShardImpl) == known
    members = set(dir(hikari.api.GatewayShard)) | set(dir(hikari.GatewayBot))
    assert not [name for name in members if any(word in name for word in ("identify", "resum", "session"))]


class Taken:
    """Stands where hikari's event manager does."""

    def __init__(self) -> None:
        self.events: list[str] = []

    def consume_raw_event(self, name: str, _: Any, payload: Any) -> None:
        self.events.append(f"{name} {payload['id']}")


class Connected:
    is_connected = True


class Resuming:
    is_connected = False


def door(sure: list[bool], pulse: Pulse | None = None) -> tuple[Any, Taken]:
    taken = Taken()
    return Door(taken, lambda: sure[0], (pulse or Pulse()).stood_still), taken  # type: ignore[arg-type]


def aged(seconds: float) -> dict[str, str]:
    now = hikari.Snowflake.from_datetime(datetime.now(UTC))
    return {"id": str(int(now) - (int(seconds * 1000) << 22))}


def test_what_was_shown_as_failed_is_not_done_when_a_resume_tells_it() -> None:
    into, taken = door([True])
    late, fresh = aged(3), aged(1)
    for payload in (late, fresh):
        into.consume_raw_event("INTERACTION_CREATE", Resuming(), payload)
    into.consume_raw_event("MESSAGE_CREATE", Resuming(), late)
    assert taken.events == [f"INTERACTION_CREATE {fresh['id']}", f"MESSAGE_CREATE {late['id']}"]
    # Whoever's clock is wrong is not shut out while the connection stands.
    into.consume_raw_event("INTERACTION_CREATE", Connected(), late)
    assert len(taken.events) == 3


def test_what_waited_while_the_process_stood_still_is_not_done_either(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    pulse = Pulse()
    into, taken = door([True], pulse)
    for pause, old in (
        (0.3, False),
        (1.4, False),
        (5.0, True),
        (0.3, True),
        (1.0, True),
        (1.4, True),
        (1.4, False),
    ):
        now[0] += pause
        # Found in the socket before the pulse beats again.
        into.consume_raw_event("INTERACTION_CREATE", Connected(), aged(4))
        assert (not taken.events) == old, pause
        pulse.beat()
        taken.events.clear()
    now[0] += 5.0
    into.consume_raw_event("INTERACTION_CREATE", Connected(), aged(1))
    assert taken.events, "it can still be answered"


@pytest.mark.parametrize(("pause", "noticed"), [(0.4, False), (1.6, True), (2.5, True)])
def test_a_pause_is_noticed_wherever_between_two_beats_it_begins(
    monkeypatch: pytest.MonkeyPatch, pause: float, noticed: bool
) -> None:
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    for since_the_beat in (0.0, BEAT_SECONDS / 2, BEAT_SECONDS):
        for beats_first in (False, True):
            pulse = Pulse()
            now[0] += since_the_beat + pause
            if beats_first:
                pulse.beat()
            assert pulse.stood_still() == noticed, (since_the_beat, beats_first)


def test_who_may_have_lost_the_shard_keeps_what_comes_until_that_is_known() -> None:
    sure = [False]
    into, taken = door(sure)
    into.consume_raw_event("INTERACTION_CREATE", Connected(), aged(0))
    into.consume_raw_event("GUILD_CREATE", Connected(), {"id": "5"})
    assert taken.events == ["GUILD_CREATE 5"]
    into.open()
    assert len(taken.events) == 2
    into.consume_raw_event("MESSAGE_CREATE", Connected(), aged(0))
    into.drop()
    into.open()
    assert len(taken.events) == 2
