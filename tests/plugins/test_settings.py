"""`/settings`: what managers see, change, take back, carry elsewhere, and what each wrong value is told."""

from __future__ import annotations

import json
import secrets

import pytest

from sandbox.discord import Message, Person, Reply, Upload
from state.ladder import LINES
from tests.plugins.reviewing import submitted
from tests.stage import OWNER, Stage, until


async def run(stage: Stage, name: str, /, person: Person | None = None, **values: object) -> Message:
    reply = await (person or stage.mod).command(f"settings {name}", channel=stage.review, **values)
    assert reply.ephemeral, reply
    return await reply.settled()


async def settings(stage: Stage) -> dict[str, str]:
    return (await stage.app.stores.configuration.raw_settings(stage.id))[0]


async def test_everything_is_shown_with_its_default(stage: Stage) -> None:
    await stage.configure(cap="30")
    first = await run(stage, "show")
    assert "**cap**: **30** (default: no limit)" in first.text
    assert "**cooldown**: 6 h (default)" in first.text and "25+ Skip > 20 Skip" in first.text
    assert "Page 1 of" in first.text
    assert (await stage.mod.press(first, label="Next")).ok
    assert "Page 2 of" in first.text
    assert (await stage.mod.press(first, label="Last")).ok
    assert "**closed_0**: off (default)" in first.text


async def test_a_setting_is_changed_and_taken_back(stage: Stage) -> None:
    assert "`cap`: no limit → 12" in (await run(stage, "set", name="cap", value="12")).text
    assert "`cooldown`: 6 h → 1 d 2 h" in (await run(stage, "set", name="cooldown", value="1d 2h")).text
    assert (await settings(stage))["cooldown"] == str(26 * 3600)
    assert "already" in (await run(stage, "set", name="cap", value="12")).text
    told = (await run(stage, "history")).text
    assert told.index("`cooldown`: 6 h") < told.index("`cap`: no limit → 12") and "**Theo**" in told
    assert "`cooldown`: 1 d 2 h → 6 h" in (await run(stage, "undo")).text
    assert "`cap`: 12 → no limit" in (await run(stage, "undo")).text
    assert "cap" not in await settings(stage)
    # The set-up of the stage is a change as well.
    assert "`reviewer_role`" in (await run(stage, "undo")).text
    assert "no change of the settings" in (await run(stage, "undo")).text
    assert "took back" in (await run(stage, "history")).text


async def test_what_stood_before_is_told_by_the_ladder_there_is(stage: Stage) -> None:
    await stage.app.stores.configuration.set_ladder(stage.id, secrets.token_hex(4), OWNER, LINES)
    # Two thousand coins lift a song to the second of the four lines; a Luxury Coin is worth twenty.
    assert "`price_20`: 100 → 10" in (await run(stage, "set", name="price_20", value="10")).text
    assert "`price_20`: 100 → 10" in (await run(stage, "history")).text


async def test_what_was_built_upon_is_not_taken_back(stage: Stage) -> None:
    await run(stage, "set", name="lock", value="2")
    await stage.app.stores.redis.hset(f"sl:{{{stage.id}}}:settings", "lock", "3")
    assert "changed again since" in (await run(stage, "undo")).text
    assert (await settings(stage))["lock"] == "3"


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("cap", "many", "whole number from 0 to 1000000"),
        ("cap", "-1", "whole number from 0"),
        ("cap", "9" * 90, "whole number from 0"),
        ("lock", "4", "whole number from 0 to 3"),
        ("paused", "perhaps", "`on` or `off`"),
        ("cooldown", "6 weeks", "a time such as"),
        ("cooldown", "400 d", "up to 365 d"),
        ("cooldown", "", None),
        ("reviewer_role", "<@&123>", "a role of this server"),
        ("queue_channel", "general", "a text channel of this server"),
        ("nothing", "1", "no setting nothing"),
        ("closed_77", "on", "no setting closed"),
    ],
)
async def test_a_wrong_value_gets_a_sentence(stage: Stage, name: str, value: str, told: str | None) -> None:
    before = await settings(stage)
    if told is not None:
        assert told in (await run(stage, "set", name=name, value=value)).text
    assert await settings(stage) == before


async def test_everyone_is_no_reviewer(stage: Stage) -> None:
    said = await run(stage, "set", name="reviewer_role", value=str(stage.id))
    assert "everybody could move the queue" in said.text


async def test_names_and_values_are_offered(stage: Stage) -> None:
    names = await stage.mod.autocomplete("settings set", "name", "cool", stage.review)
    assert [value for _, value in names] == ["cooldown"] and "played track" in names[0][0]
    roles = await stage.mod.autocomplete(
        "settings set", "value", "rev", stage.review, options={"name": "reviewer_role"}
    )
    assert ("Reviewer", str(stage.reviewer.id)) in roles
    on = await stage.mod.autocomplete("settings set", "value", "", stage.review, options={"name": "paused"})
    assert [value for _, value in on] == ["on", "off"]


async def test_displays_follow_their_channel(stage: Stage) -> None:
    await stage.display("public", stage.queue)
    await stage.configure(channel_queue=str(stage.queue.id))
    await run(stage, "set", name="queue_channel", value=f"<#{stage.pending.id}>")
    await stage.pending.wait_for(lambda messages: bool(messages), timeout=5)
    assert not stage.queue.messages


async def test_a_file_carries_everything_elsewhere(stage: Stage) -> None:
    await run(stage, "set", name="cap", value="40")
    await run(stage, "set", name="closed_25", value="on")
    exported = await run(stage, "export")
    (attachment,) = exported.attachments
    body = json.loads(attachment.content)
    assert body["settings"]["cap"] == 40 and body["settings"]["lock"] is None
    body["ladder"] = [{"label": 10, "name": "Skip"}, {"label": 0, "name": "Free"}]
    del body["settings"]["closed_25"]
    body["settings"] |= {"cooldown": 60, "reviewer_role": "123", "cap": None}
    for label in (25, 20, 15, 5):
        for unknown in ("gift", "price", "closed")[: 2 if label == 25 else 3]:
            del body["settings"][f"{unknown}_{label}"]
    before = await settings(stage)
    asked = await run(stage, "import", file=Upload("settings.json", json.dumps(body).encode()))
    assert "`cap`: 40 → no limit" in asked.text and "`cooldown`: 6 h → 1 min" in asked.text
    assert "tier 25: 25+ Skip → none" in asked.text and "no such role or channel: reviewer" in asked.text
    assert await settings(stage) == before
    done = await stage.mod.press(asked, label="Yes, do it")
    await done.settled()
    assert "Taken from the file" in asked.text
    after = await settings(stage)
    assert after["cooldown"] == "60" and "cap" not in after
    assert after["role:reviewer"] == str(stage.reviewer.id)
    assert [t.name for t in (await stage.app.stores.configuration.ladder(stage.id)).tiers] == ["Skip", "Free"]
    undone = await run(stage, "undo")
    assert "`cooldown`: 1 min → 6 h" in undone.text and "tier 25: none → 25+ Skip" in undone.text
    assert await settings(stage) == before


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "cannot be read"),
        (b"\x89PNG\r\n", "cannot be read"),
        (b"[]", "no file of settings"),
        (b"{}", "no file of settings"),
        (b'{"skipline_settings": 1, "settings": []}', "no file of settings"),
        (b'{"skipline_settings": 1, "settings": {"cap": true}}', "`cap` takes"),
        (b'{"skipline_settings": 1, "settings": {"cap": -4}}', "`cap` takes"),
        (b'{"skipline_settings": 1, "settings": {"paused": "1"}}', "`paused` takes"),
        (b'{"skipline_settings": 1, "settings": {"@everyone": 1}}', "no setting"),
        (b'{"skipline_settings": 1, "settings": {}, "ladder": {"25": "x"}}', "The ladder in that file"),
        (b'{"skipline_settings": 1, "ladder": [{"label": 5, "name": "x"}]}', "rank 0"),
        (b'{"skipline_settings": 1, "ladder": [{"label": 99, "name": "x"}]}', "99 cannot be a rank"),
        (b'{"skipline_settings": 1, "settings": {"lock": null}}', "set here already"),
        (b" " * 70_000, "too large"),
    ],
)
async def test_a_file_that_is_none_changes_nothing(stage: Stage, content: bytes, told: str) -> None:
    before = await stage.app.stores.configuration.raw_settings(stage.id)
    said = await run(stage, "import", file=Upload("settings.json", content))
    assert told in said.text and not said.components
    assert await stage.app.stores.configuration.raw_settings(stage.id) == before


async def test_an_import_is_refused_when_something_changed_meanwhile(stage: Stage) -> None:
    body = {"skipline_settings": 1, "settings": {"cap": 5}}
    asked = await run(stage, "import", file=Upload("settings.json", json.dumps(body).encode()))
    await run(stage, "set", name="cap", value="9")
    pressed = await stage.mod.press(asked, label="Yes, do it")
    assert "changed that setting a moment ago" in (await pressed.settled()).text
    assert (await settings(stage))["cap"] == "9"


async def test_the_ladder_is_chosen_and_written(stage: Stage) -> None:
    shown = await run(stage, "ladder")
    await (await stage.mod.choose(shown, "s1:settings.preset", ["lines"])).settled()
    assert await stage.app.stores.configuration.ladder(stage.id) == LINES
    opened = await stage.mod.choose(shown, "s1:settings.preset", ["own"])
    assert opened.modal is not None and opened.modal.fields["tiers"]["value"].startswith("30 BackToBack")
    sent = await stage.mod.submit(opened.modal, tiers="50 Front row\n\n7: Seven\n0 Open mic")
    assert "Front row > Seven > Open mic" in (await sent.settled()).text
    wrong = {
        "Free": "Line 1 is not a tier",
        "5 Five": "rank 0",
        "0 Free\n99 High": "99 cannot be a rank",
        "0 Free\n0 Other": "two tiers",
        "0 Free\n5 free": "two tiers",
        f"0 {'x' * 40}": "1 to 32 characters",
    }
    for text, told in wrong.items():
        opened = await stage.mod.choose(shown, "s1:settings.preset", ["own"])
        sent = await stage.mod.submit(opened.modal, tiers=text)
        assert told in (await sent.settled()).text, text


async def test_a_tier_in_which_a_song_waits_stays(stage: Stage) -> None:
    number = await submitted(stage, stage.alice, "Waiting", tier=25)
    shown = await run(stage, "ladder")
    chosen = await stage.mod.choose(shown, "s1:settings.preset", ["lines"])
    said = (await chosen.settled()).text
    assert f"#{number}" in said and "Move them first" in said


async def test_nobody_else_may(stage: Stage) -> None:
    before = await stage.app.stores.configuration.raw_settings(stage.id)
    asked = {"set": {"name": "cap", "value": "3"}, "import": {"file": Upload("s.json", b"{}")}}
    for person in (stage.host, stage.alice):
        assert not person.offers("settings", stage.review)
        for name in ("show", "set", "history", "undo", "export", "import", "ladder"):
            reply = await person.command(
                f"settings {name}", channel=stage.review, options=asked.get(name), forge=True
            )
            assert "may manage this server" in (await reply.settled()).text
    shown = await run(stage, "ladder")
    for custom_id in ("s1:settings.preset", "s1:settings.page:next:1", "s1:settings.history:next:1"):
        reply: Reply = await stage.alice.press(shown, custom_id, forge=True)
        assert "may manage this server" in (await told(reply)).text
    assert await stage.app.stores.configuration.raw_settings(stage.id) == before


async def told(reply: Reply) -> Message:
    return reply.followups[0] if reply.followups else await reply.settled()


async def test_anothers_question_is_not_answered(stage: Stage) -> None:
    body = {"skipline_settings": 1, "settings": {"cap": 5}}
    asked = await run(stage, "import", file=Upload("settings.json", json.dumps(body).encode()))
    (yes, _) = asked.custom_ids
    pressed = await stage.owner.press(asked, yes, forge=True)
    assert "of somebody else" in (await told(pressed)).text
    pressed = await stage.mod.press(asked, "s1:settings.import:yes:" + secrets.token_hex(40), forge=True)
    assert "of somebody else" in (await told(pressed)).text or "older message" in (await told(pressed)).text
    assert "cap" not in await settings(stage)
    pressed = await stage.mod.press(asked, label="No, leave it")
    assert "Nothing was changed" in (await pressed.settled()).text


async def test_the_history_is_turned_page_by_page(stage: Stage) -> None:
    for cap in range(1, 13):
        await stage.configure(cap=str(cap))
    first = await run(stage, "history")
    assert "`cap`: 11 → 12" in first.text and "no limit → 1" not in first.text
    assert (await stage.mod.press(first, label="Next")).kind == "update"
    assert "`cap`: no limit → 1" in first.text and "11 → 12" not in first.text


async def test_history_comes_from_the_archive_when_redis_has_no_more(stage: Stage) -> None:
    await run(stage, "set", name="cap", value="12")
    stores = stage.app.stores

    async def archived() -> bool:
        revision = await stores.redis.get(f"sl:{{{stage.id}}}:rev")
        return await stores.redis.get(f"sl:{{{stage.id}}}:archived") == revision

    await until(archived)
    await stores.redis.xtrim(f"sl:{{{stage.id}}}:events", maxlen=0, approximate=False)
    assert "`cap`: no limit → 12" in (await run(stage, "history")).text
    assert "`cap`: 12 → no limit" in (await run(stage, "undo")).text
