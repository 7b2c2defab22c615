"""`/metrics`: the table of a live, its picture, its file, and who leads."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import UTC, datetime, timedelta

import pytest

from sandbox.discord import Message, Reply
from state.live_records import LiveSession, Viewer
from tests.stage import Stage

START = datetime(2026, 11, 20, 20, tzinfo=UTC)
HOST = 7 * 10**18


def evening(session: int = 1, **more: object) -> LiveSession:
    values: dict[str, object] = {
        "session": session,
        "host": "dj_mara",
        "host_id": HOST,
        "rooms": [1],
        "started_at": START,
        "ended_at": START + timedelta(hours=2, minutes=5),
        "likes": 90_123,
        "comments": 42,
        "coins": 1234,
        "gifts": 17,
        "viewers_peak": 310,
        "viewer_ms": 120 * 60_000,
        "watched_ms": 60_000,
        "gaps": [[int(START.timestamp() * 1000) + 60_000, int(START.timestamp() * 1000) + 85_000, "drop"]],
        "curve": [[minute, 100 + minute, minute % 7] for minute in range(125)],
        **more,
    }
    return LiveSession(**values)  # type: ignore[arg-type]


def viewers(count: int, stage: Stage) -> list[Viewer]:
    return [
        Viewer(
            handle_id=HOST + number,
            name=f"viewer_{number}" if number != 2 else "=cmd()*_hack_",
            user_id=int(stage.alice.id) if number == 1 else None,
            points=1000 - number,
            coins=50 if number == 1 else 0,
            likes=number,
            follows=1 if number == 3 else 0,
            active_ms=90 * 60_000 if number == 1 else 0,
            first_at=START,
            last_at=START,
        )
        for number in range(1, count + 1)
    ]


async def settled(reply: Reply) -> Message:
    return await reply.settled()


async def test_the_table_is_paged_to_the_last_viewer_with_totals_and_a_picture(stage: Stage) -> None:
    rows = viewers(23, stage)
    await stage.app.stores.sessions.save(stage.id, evening(), rows)
    shown = await settled(await stage.host.command("metrics show", stage.review))
    for text in (
        "Live of @dj_mara", "likes 90,123", "1,234 coins", "at most 310", "on average 120", "25 s",
        "@viewer_1 (<@", "**999** points", "50 coins", "≥ 1 like", "1 h 30 min active", "Page 1 of 3",
    ):  # fmt: skip
        assert text.replace("_", "\\_") in shown.text or text in shown.text, text
    await shown.channel.wait_until(lambda: bool(shown.attachments), timeout=30)
    assert shown.attachments[0].filename == "live-1.png"
    assert shown.attachments[0].content.startswith(b"\x89PNG")
    seen: list[str] = []
    for _ in range(3):
        seen += [str(each) for each in range(1, 24) if f"**{each}.**" in shown.text]
        if f"Page {3}" in shown.text:
            break
        shown = await settled(await stage.host.press(shown, custom_id=turning(shown, "next")))
    assert seen == [str(each) for each in range(1, 24)]


def turning(message: Message, step: str) -> str:
    return next(
        str(button["custom_id"])
        for row in message.components
        for button in row["components"]
        if f":{step}:" in str(button["custom_id"])
    )


async def test_the_file_has_everybody_and_starts_no_formula(stage: Stage) -> None:
    await stage.app.stores.sessions.save(stage.id, evening(), viewers(1200, stage))
    reply = await settled(await stage.host.command("metrics export", stage.review, options={"live": "1"}))
    content = reply.attachments[0].content
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    assert len(rows) == 1200
    assert rows[0]["name"] == "viewer_1" and rows[0]["user_id"] == str(stage.alice.id)
    assert rows[1]["name"] == "'=cmd()*_hack_"
    assert sum(int(row["points"]) for row in rows) == sum(1000 - number for number in range(1, 1201))


async def test_a_file_too_large_for_discord_is_zipped(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    await stage.app.stores.sessions.save(stage.id, evening(), viewers(1200, stage))
    reply = await settled(await stage.host.command("metrics export", stage.review, options={"live": "1"}))
    (whole,) = reply.attachments
    monkeypatch.setattr("components.metrics._FILE_BYTES", len(whole.content) - 1)
    reply = await settled(await stage.host.command("metrics export", stage.review, options={"live": "1"}))
    (packed,) = reply.attachments
    assert (whole.filename, packed.filename) == ("live-1.csv", "live-1.zip")
    assert len(packed.content) < len(whole.content) / 2
    with zipfile.ZipFile(io.BytesIO(packed.content)) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == {"live-1.csv": whole.content}


async def test_leaders_over_all_lives(stage: Stage) -> None:
    sessions = stage.app.stores.sessions
    await sessions.save(stage.id, evening(1), viewers(12, stage))
    await sessions.save(stage.id, evening(2), viewers(12, stage))
    shown = await settled(await stage.host.command("metrics leaderboard", stage.review))
    assert "1,998" in shown.text and "2 lives" in shown.text and "Page 1 of 2" in shown.text
    turned = await settled(await stage.host.press(shown, custom_id=turning(shown, "next")))
    assert "**11.**" in turned.text
    lately = await settled(await stage.host.command("metrics leaderboard", stage.review, options={"days": 1}))
    assert "last 1 day" in lately.text


async def test_lives_are_offered_and_others_refused(stage: Stage) -> None:
    none = await settled(await stage.host.command("metrics show", stage.review))
    assert "No live has ended here yet" in none.text
    await stage.app.stores.sessions.save(stage.id, evening(4), [])
    offered = await stage.host.autocomplete("metrics show", "live", "mara", stage.review)
    assert [value for _, value in offered] == ["4"]
    assert await stage.stranger.autocomplete("metrics show", "live", "", stage.review) == []
    for wrong in ("5", "x", "٣", "9" * 30):
        reply = await settled(await stage.host.command("metrics show", stage.review, options={"live": wrong}))
        assert "There is no such live" in reply.text


@pytest.mark.parametrize("name", ["show", "export", "leaderboard"])
async def test_only_reviewers_see_them(stage: Stage, name: str) -> None:
    await stage.app.stores.sessions.save(stage.id, evening(), viewers(12, stage))
    reply = await stage.stranger.command(f"metrics {name}", stage.review, forge=True)
    assert "reviewers can" in reply.text
    if name != "export":
        shown = await settled(await stage.host.command(f"metrics {name}", stage.review))
        forged = await stage.stranger.press(shown, custom_id=turning(shown, "next"), forge=True)
        assert "reviewers can" in (forged.followups[0].text if forged.followups else forged.text)
