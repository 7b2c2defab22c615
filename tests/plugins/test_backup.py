"""`/backup`: a manager takes and sees backups, nobody else does, and each answer is true."""

from __future__ import annotations

import pytest

from persistence.backups import moment
from persistence.backups.store import BackupStore
from tests.plugins.reviewing import claimed
from tests.stage import Stage


async def backups(stage: Stage) -> BackupStore:
    return stage.app.stores.backups.store


async def test_a_manager_takes_a_backup_and_sees_it(stage: Stage) -> None:
    await claimed(stage, stage.alice, "First", 10)
    said = await (await stage.mod.command("backup now", channel=stage.review)).settled()
    assert said.ephemeral and "Backup taken: move" in said.text and "1 song," in said.text
    store = await backups(stage)
    (entry,) = await store.entries(stage.id)
    assert entry.whole and not await store.verify(entry)
    live = (await moment.read(stage.id, stage.app.stores.redis)).keys
    assert (await store.load(entry)).keys == live
    again = await (await stage.mod.command("backup now", channel=stage.review)).settled()
    assert f"Nothing has moved since the backup of <t:{int(entry.taken_at.timestamp())}:f>" in again.text
    await claimed(stage, stage.bruno, "Second", 10)
    await (await stage.owner.command("backup now", channel=stage.review)).settled()
    listed = await (await stage.mod.command("backup list", channel=stage.review)).settled()
    assert listed.ephemeral and "(2 in all)" in listed.text and "2 songs" in listed.text
    assert listed.text.count("<t:") == 2


async def test_nobody_else_may(stage: Stage) -> None:
    await claimed(stage, stage.alice, "First", 10)
    for person in (stage.host, stage.alice, stage.stranger):
        for command in ("backup now", "backup list"):
            reply = await (await person.command(command, channel=stage.review, forge=True)).settled()
            assert reply.ephemeral and reply.text == "Only those who may manage this server can do that."
    assert await (await backups(stage)).entries(stage.id) == []


async def test_without_a_backup_the_list_says_how_to_get_one(stage: Stage) -> None:
    reply = await (await stage.mod.command("backup list", channel=stage.review)).settled()
    assert reply.text == "There is no backup of this server yet. `/backup now` takes one."


async def test_another_servers_backups_are_not_shown(stage: Stage) -> None:
    await claimed(stage, stage.alice, "First", 10)
    await (await stage.mod.command("backup now", channel=stage.review)).settled()
    other = stage.discord.create_guild("Elsewhere", owner="Nina")
    room = other.create_channel("talk")
    reply = await (await other.owner.command("backup list", channel=room)).settled()
    assert "There is no backup of this server yet" in reply.text
    reply = await (await other.owner.command("backup now", channel=room)).settled()
    assert "There is nothing to back up yet" in reply.text


async def test_each_failure_is_told_as_it_is(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    await claimed(stage, stage.alice, "First", 10)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    store = await backups(stage)
    with monkeypatch.context() as broken:
        broken.setattr("persistence.backups.files.os.fsync", full)
        reply = await (await stage.mod.command("backup now", channel=stage.review)).settled()
        assert "kept in the database only" in reply.text
        listed = await (await stage.mod.command("backup list", channel=stage.review)).settled()
        assert "no file of it on the machine that answers" in listed.text
        broken.setattr(store._rows, "_given", None)
        reply = await (await stage.mod.command("backup now", channel=stage.review)).settled()
        assert reply.text.startswith("No backup could be taken")
    with monkeypatch.context() as broken:
        broken.setattr(store._rows, "_given", None)
        reply = await (await stage.mod.command("backup now", channel=stage.review)).settled()
        assert "kept as a file only" in reply.text
        listed = await (await stage.mod.command("backup list", channel=stage.review)).settled()
        assert "these are the files alone" in listed.text and "as a file only" in listed.text
