"""The figures of a process, as Prometheus gets them: what is driven is counted, and each is written down."""

from __future__ import annotations

import asyncio
import json
import os
import re
import secrets
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from bot import embedded
from bot.health import Figures
from sandbox.discord import Sandbox
from state.points import PointsChange
from tests import drives_plugin
from tests.databases import fresh_database
from tests.doors import doors_of
from tests.stage import OWNER, Stage, set_up, settings_for, until

if TYPE_CHECKING:
    from bot.app import App

DOCS = Path(__file__).parents[2] / "docs"
Figure = tuple[str, frozenset[tuple[str, str]]]


@pytest.fixture(autouse=True)
def always_fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every scrape reads for itself."""
    monkeypatch.setattr("bot.health.figures.FRESH_SECONDS", -1.0)


@pytest.fixture(scope="module")
async def own_database_url(postgres_url: str, migrated_template: str) -> AsyncIterator[str]:
    """A worker rebuilds every guild that it finds in its database."""
    async for url in fresh_database(postgres_url, migrated_template):
        yield url


@pytest.fixture(scope="module")
async def told(
    discord: Sandbox,
    tmp_path_factory: pytest.TempPathFactory,
    own_database_url: str,
    servers: Path,
) -> AsyncIterator[App]:
    """A bot that tells its figures, on a Valkey of its own."""
    from bot.app import running  # only who needs the bot pays for loading it

    folder = servers / "figures"
    folder.mkdir()
    async with embedded.valkey(folder, durable=False) as valkey:
        data = tmp_path_factory.mktemp("data")
        settings = settings_for(discord, valkey.url, own_database_url, data, health_port=0)
        async with running(settings, live=False) as app:
            await asyncio.wait_for(app.commands_declared.wait(), 10)
            drives_plugin.tally.know(doors_of(app))
            yield app


async def scraped(app: App) -> dict[Figure, float]:
    """Every sample by its name and labels."""
    assert app.health is not None
    async with aiohttp.ClientSession() as session, session.get(app.health.url + "/metrics") as answer:
        assert answer.status == 200
        families = list(text_string_to_metric_families(await answer.text()))
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in families
        for sample in family.samples
    }


def of(name: str, **labels: str) -> Figure:
    return name, frozenset(labels.items())


async def submit(stage: Stage, title: str) -> Any:
    return await stage.alice.command(
        "submit link",
        channel=stage.submissions,
        url=f"https://soundcloud.com/alice/{title.lower()}",
        artist="Alice",
        title=title,
    )


async def test_a_command_is_counted_with_its_outcome_and_the_time_to_its_first_answer(
    told: App, discord: Sandbox
) -> None:
    stage = await set_up(told, discord)
    before = await scraped(told)
    assert (await submit(stage, "First")).ok
    shown = await stage.stranger.command("queue show", channel=stage.queue)
    assert shown.ok

    async def counted() -> bool:
        after = await scraped(told)
        return after.get(of("skipline_interactions_total", command="/queue show", outcome="answered"), 0) >= 1

    await until(counted)
    after = await scraped(told)

    def grown(figure: Figure) -> float:
        return after.get(figure, 0) - before.get(figure, 0)

    assert grown(of("skipline_interactions_total", command="/submit link", outcome="answered")) == 1
    assert grown(of("skipline_interactions_total", command="/queue show", outcome="answered")) == 1
    assert grown(of("skipline_first_answer_seconds_count", command="/queue show")) == 1
    took = grown(of("skipline_first_answer_seconds_sum", command="/queue show"))
    assert 0 < took < 3
    assert grown(of("skipline_queue_songs", tier="free")) == 1
    assert after[of("skipline_guilds")] == after[of("skipline_guilds_read")] >= 1
    assert grown(of("skipline_script_seconds_count", script="submit")) == 1
    assert after[of("skipline_shard_connected", shard="0")] == 1
    assert after[of("skipline_leases_held")] >= 1
    assert after[of("skipline_tasks")] >= 1


async def test_a_refusal_is_counted_as_one(told: App, discord: Sandbox) -> None:
    stage = await set_up(told, discord)
    refused = await stage.stranger.command("review next", channel=stage.review)
    assert refused.ephemeral

    async def counted() -> bool:
        after = await scraped(told)
        return any(
            name == "skipline_interactions_total"
            and dict(labels) == {"command": "/review next", "outcome": "refused"}
            for name, labels in after
        )

    await until(counted)


async def test_edits_of_displays_are_counted_as_sent_or_saved(told: App, discord: Sandbox) -> None:
    stage = await set_up(told, discord)
    before = await scraped(told)

    def more(result: str) -> Callable[[], Awaitable[bool]]:
        figure = of("skipline_display_edits_total", result=result)

        async def so() -> bool:
            return (await scraped(told)).get(figure, 0) > before.get(figure, 0)

        return so

    await stage.display("public", stage.queue)
    await until(more("posted"))
    assert (await submit(stage, "Shown")).ok
    await until(more("edited"))
    # Points of somebody who waits for nothing are a change of the guild, not of what the display shows.
    before = await scraped(told)
    change = [PointsChange("user", 999, 5)]
    await told.stores.points.add(stage.id, secrets.token_hex(8), OWNER, change)
    await until(more("saved"))


async def test_a_button_is_counted_by_its_name(told: App, discord: Sandbox) -> None:
    stage = await set_up(told, discord)
    await stage.display("reviewer", stage.review)
    panel = stage.review.messages[-1]
    before = await scraped(told)
    assert (await stage.host.press(panel, label="Next")).ok

    async def counted() -> bool:
        after = await scraped(told)
        return any(
            name == "skipline_interactions_total"
            and dict(labels)["command"].startswith("button ")
            and dict(labels)["command"] != "button other"
            and value > before.get((name, labels), 0)
            for (name, labels), value in after.items()
        )

    await until(counted)


async def test_without_redis_a_command_counts_as_unavailable(
    discord: Sandbox, database_url: str, tmp_path: Path, servers: Path
) -> None:
    from bot.app import running

    folder = servers / "gone"
    folder.mkdir()
    async with embedded.valkey(folder, durable=False) as valkey:
        settings = settings_for(discord, valkey.url, database_url, tmp_path, role="gateway", health_port=0)
        async with running(settings, live=False) as app:
            await asyncio.wait_for(app.commands_declared.wait(), 10)
            stage = await set_up(app, discord)
            os.kill(valkey.pid, signal.SIGKILL)
            reply = await stage.stranger.command("queue show", channel=stage.queue)
            assert reply.ephemeral

            async def counted() -> bool:
                found = await scraped(app)
                figure = of("skipline_interactions_total", command="/queue show", outcome="unavailable")
                return found.get(figure) == 1

            await until(counted)
            found = await scraped(app)
            assert found[of("skipline_redis_errors_total", during="script")] >= 1
            assert found[of("skipline_faults_total", kind="unavailable")] >= 1


async def test_labels_name_no_guild_and_no_person(told: App, discord: Sandbox) -> None:
    stage = await set_up(told, discord)
    await submit(stage, "Private")
    found = await scraped(told)
    values = {value for _, labels in found for _, value in labels}
    assert not [value for value in values if re.search(r"\d{6}", value)]
    assert not values & {"Alice", stage.guild.name, str(stage.id)}


def test_the_dashboard_asks_for_nothing_that_is_not_told() -> None:
    board = (DOCS / "grafana" / "skipline.json").read_text(encoding="utf-8")
    told = generate_latest(Figures().registry).decode()
    families = {name: kind for name, kind in re.findall(r"^# TYPE (\w+) (\w+)$", told, re.MULTILINE)}
    samples = set(families) | {
        f"{name}_{part}"
        for name, kind in families.items()
        if kind == "histogram"
        for part in ("bucket", "sum", "count")
    }
    exprs = " ".join(re.findall(r'"(?:expr|query|definition)": "(.*)"', board))
    asked = set(re.findall(r"\b(?:skipline|process|python)_\w+", exprs))
    assert len(asked) > 10 and asked <= samples


def test_every_figure_is_written_down_and_nothing_else() -> None:
    names = {
        sample
        for family in Figures().registry.collect()
        if family.name.startswith("skipline_")
        for sample in [family.name + ("_total" if family.type == "counter" else "")]
    }
    text = (DOCS / "health.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `(skipline_\w+)` \|", text, re.MULTILINE)) == names
    board = json.loads((DOCS / "grafana" / "skipline.json").read_text(encoding="utf-8"))
    asked = " ".join(target["expr"] for panel in board["panels"] for target in panel.get("targets", ()))
    shown = {re.sub(r"_(bucket|sum|count)$", "", name) for name in re.findall(r"skipline_\w+", asked)}
    assert shown <= names, "the dashboard asks for what there is"
    left_out = {"skipline_guilds_read", "skipline_leases_held", "skipline_tasks"}
    assert names - shown <= left_out, "it shows the rest"
