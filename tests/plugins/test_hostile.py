"""What people try, by mistake or on purpose: each gets a clear sentence, and nothing changes."""

from __future__ import annotations

import contextlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest
from redis.asyncio import Redis

from bot.app import App
from sandbox.discord import Message, Person, Reply, Sandbox, Upload
from state.scripts import Actor
from tests.doors import Doors, doors_of
from tests.plugins.reviewing import claimed, shown, submitted
from tests.stage import Stage, set_up

MP3 = b"ID3\x04\x00\x00\x00\x00\x00\x00" + b"\xff\xfb\x90\x00" + bytes(4096)
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(4096)
MEGABYTE = 1024 * 1024
YOUTUBE = "https://youtu.be/dQw4w9WgXcQ"

# An answer is kept for a repetition of its question, and the worker writes down how far it has come.
HARMLESS = re.compile(r"sl:\{\d+\}:(req:.*|question:.*|lease:.*|painted:.*|archived|noticed)")

Dump = dict[str, Any]


@dataclass
class Scene:
    """A show in the middle of an evening, and another guild that has nothing to do with it."""

    stage: Stage
    other: Stage
    doors: Doors
    board: Message
    panel: Message
    pending: Message
    numbers: dict[str, int]
    rich: Person


async def dump(stage: Stage) -> Dump:
    """Every key of a guild with its value."""
    redis: Redis = stage.app.stores.redis
    found: Dump = {}
    async for key in redis.scan_iter(match=f"sl:{{{stage.id}}}:*", count=5000):
        if HARMLESS.fullmatch(key):
            continue
        match await redis.type(key):
            case "hash":
                found[key] = await redis.hgetall(key)  # type: ignore[misc]
            case "zset":
                found[key] = await redis.zrange(key, 0, -1, withscores=True)
            case "stream":
                found[key] = await redis.xrange(key)
            case "string":
                found[key] = await redis.get(key)
            case kind:
                found[key] = (kind, await redis.dump(key))
    return found


@pytest.fixture(scope="module")
async def scene(app: App, discord: Sandbox) -> AsyncIterator[Scene]:
    stage, other = await set_up(app, discord), await set_up(app, discord)
    await stage.configure(free_limit="10", limit_0="10", double_press_ms="0")
    numbers = {
        "playing": await submitted(stage, stage.carla, "Kerosene", tier=25),
        "held": await submitted(stage, stage.bruno, "Glass", tier=20),
        "waiting": await submitted(stage, stage.alice, "Low tide", link=YOUTUBE, track="youtube:dQw4w9WgXcQ"),
        "bruno": await submitted(stage, stage.bruno, "Paper moon", tier=10),
        "pending": await claimed(stage, stage.alice, "Neon rain", 15),
    }
    for _ in range(20):
        numbers["foreign"] = await submitted(other, other.alice, "Elsewhere", tier=5)
    queue = app.stores.queue
    await queue.next(stage.id, "hostile.1", Actor(1, "test"))
    await queue.hold(stage.id, "hostile.2", Actor(1, "test"), numbers["held"])
    await stage.display("public", stage.queue)
    await stage.display("reviewer", stage.review)
    await stage.display("pending", stage.pending)
    yield Scene(
        stage,
        other,
        doors_of(app),
        shown(stage.queue),
        shown(stage.review),
        shown(stage.pending),
        numbers,
        stage.guild.join("Dario", upload_limit=50 * MEGABYTE),
    )


async def heard(reply: Reply, told: str) -> str:
    """All that the person reads: the answer, and what comes after it; waits for what is to be told."""
    assert reply.ok, reply.refusal
    if reply.modal is not None:
        return reply.modal.title
    message = await reply.settled()

    def said() -> str:
        return "\n".join([message.text, *(each.text for each in reply.followups)])

    with contextlib.suppress(TimeoutError):
        await reply.interaction.channel.wait_until(lambda: told in said(), timeout=2)
    return said()


Act = Callable[[Scene], Awaitable[Reply]]


def link(**given: Any) -> Act:
    """`/submit link` by Alice, as no client would send it."""

    async def act(scene: Scene) -> Reply:
        options = {"url": "https://youtu.be/aaaaaaaaaaa", "artist": "A", "title": "T", **given}
        return await scene.stage.bruno.command(
            "submit link", scene.stage.submissions, options=options, forge=True
        )

    return act


def file(name: str, content: bytes, **given: Any) -> Act:
    async def act(scene: Scene) -> Reply:
        options = {"file": Upload(name, content), "artist": "A", "title": "T", **given}
        return await scene.rich.command("submit file", scene.stage.submissions, options=options, forge=True)

    return act


def form(**fields: str) -> Act:
    async def act(scene: Scene) -> Reply:
        opened = await scene.stage.bruno.command("submit form", scene.stage.submissions)
        given = {"url": YOUTUBE, "artist": "A", "title": "T", **fields}
        return await scene.stage.bruno.submit(opened.modal, given, forge=True)

    return act


def run(who: str, command: str, **options: Any) -> Act:
    """A command by one of the people; a value that names a song of the scene stands for its number."""

    async def act(scene: Scene) -> Reply:
        given = {
            name: str(scene.numbers[value]) if isinstance(value, str) and value in scene.numbers else value
            for name, value in options.items()
        }
        person: Person = getattr(scene.stage, who)
        return await person.command(command, scene.stage.review, options=given, forge=True)

    return act


def filled(custom_id: str, scene: Scene) -> str:
    return re.sub(r"<(\w+)>", lambda name: str(scene.numbers[name[1]]), custom_id)


def press(who: str, on: str, custom_id: str) -> Act:
    async def act(scene: Scene) -> Reply:
        person: Person = getattr(scene.stage, who)
        return await person.press(getattr(scene, on), filled(custom_id, scene), forge=True)

    return act


def choose(who: str, on: str, custom_id: str, *values: Any) -> Act:
    async def act(scene: Scene) -> Reply:
        person: Person = getattr(scene.stage, who)
        chosen = [filled(str(value), scene) for value in values]
        return await person.choose(getattr(scene, on), filled(custom_id, scene), chosen, forge=True)

    return act


async def forged(scene: Scene, person: Person, custom_id: str, **fields: str) -> Reply:
    """A form that was never opened: one that was, under another name."""
    opened = await person.command("submit form", scene.stage.submissions)
    assert opened.modal is not None
    opened.modal._body = opened.modal._body | {"custom_id": filled(custom_id, scene)}
    return await person.submit(opened.modal, fields, forge=True)


def send(who: str, custom_id: str, **fields: str) -> Act:
    async def act(scene: Scene) -> Reply:
        return await forged(scene, getattr(scene.stage, who), custom_id, **fields)

    return act


def lying(url: str, told: str) -> tuple[str, Act, str]:
    return f"link {url[:60]}", link(url=url), told


HIDES, OTHER, UNREADABLE = "hides where it leads", "I take links from SoundCloud", "not a link I can read"
CHOOSE = "Choose a song from the list"

TABLE: list[tuple[str, Act, str]] = [
    # Links that say they are what they are not.
    lying("https://youtube.com@evil.tld/watch?v=dQw4w9WgXcQ", HIDES),
    lying("https://youtube.com:password@evil.tld/watch?v=dQw4w9WgXcQ", HIDES),
    lying("https://youtu.be:8443/dQw4w9WgXcQ", HIDES),
    lying("https://y\u043eutube.com/watch?v=dQw4w9WgXcQ", HIDES),
    lying("https://youtube.com.evil.tld/watch?v=dQw4w9WgXcQ", OTHER),
    lying("https://evil.tld/youtube.com/watch?v=dQw4w9WgXcQ", OTHER),
    lying("https://evil.tld/?u=https://youtu.be/dQw4w9WgXcQ", OTHER),
    lying("https://evil.tld#youtube.com/watch?v=dQw4w9WgXcQ", OTHER),
    lying("https://evilyoutube.com/watch?v=dQw4w9WgXcQ", OTHER),
    lying("https://youtube.com\\@evil.tld/watch?v=dQw4w9WgXcQ", UNREADABLE),
    lying("https://youtube.com%2eevil.tld/watch?v=dQw4w9WgXcQ", UNREADABLE),
    lying("https://youtu.be%00.evil.tld/dQw4w9WgXcQ", UNREADABLE),
    lying("https://[::1]/watch?v=dQw4w9WgXcQ", UNREADABLE),
    lying("https://2130706433/dQw4w9WgXcQ", UNREADABLE),
    lying("http://169.254.169.254/latest/meta-data", UNREADABLE),
    lying("file:///etc/passwd", "start with https"),
    lying("javascript:alert(1)//youtube.com", "start with https"),
    lying("data:text/html,<script>1</script>", UNREADABLE),
    lying("https://youtu.be/../../etc/passwd", "does not lead to one song"),
    lying("https://youtu.be/" + "x" * 4000, "too long"),
    lying("https://soundcloud.com/alice", "does not lead to one song"),
    lying("https://music.apple.com/us/album/x/1?i=2", "Apple Music"),
    lying(f"{YOUTUBE} https://evil.tld", UNREADABLE),
    lying(f"{YOUTUBE}\nhttps://evil.tld", UNREADABLE),
    lying("https://youtu.be/dQw4w9WgXcQ\u202e3pm.exe", UNREADABLE),
    lying("https://youtu\u200b.be/dQw4w9WgXcQ", UNREADABLE),
    lying("<script>alert(1)</script>", UNREADABLE),
    lying("", UNREADABLE),
    # Words.
    ("4,000 characters of title", link(title="x" * 4000), "The title is too long"),
    ("a megabyte of title", link(title="x" * MEGABYTE), "The title is too long"),
    ("a title of nothing one can see", link(title="\u200b\u2060\ufeff\u202e\u2066"), "The title is empty"),
    ("a title of blanks", link(title=" \t\n "), "The title is empty"),
    ("an artist of a bell", link(artist="\x07"), "The artist is empty"),
    ("a title of 201 clowns", link(title="\U0001f921" * 201), "The title is too long"),
    ("a note that is a novel", link(note="n" * 6000), "The note is too long"),
    ("a skip that is a mention", link(tier="@everyone"), "The skips are"),
    ("a skip that is code", link(tier="'; DROP TABLE songs; --"), "The skips are"),
    ("a skip beyond numbers", link(tier=str(2**63 + 1)), "The skips are"),
    ("a skip of other digits", link(tier="\u0662\u0665"), "The skips are"),
    ("a skip that is below all", link(tier="-1"), "The skips are"),
    # Files.
    ("an empty file", file("song.mp3", b""), "empty"),
    ("a PNG named .mp3", file("song.mp3", PNG), "not one inside"),
    ("an MP3 named .flac", file("song.flac", MP3), "inside it is MP3"),
    ("26 MB", file("song.mp3", MP3 + bytes(26 * MEGABYTE)), "larger than 25 MB"),
    ("a program", file("song.exe", MP3), "I take MP3, WAV, M4A and FLAC"),
    ("a zip with two names", file("song.mp3.zip", b"PK\x03\x04" + bytes(100)), "I take MP3"),
    ("a zip named .wav", file("song.wav", b"PK\x03\x04" + bytes(100)), "not one inside"),
    ("a web page named .mp3", file("song.mp3", b"<!DOCTYPE html><script>1</script>"), "not one inside"),
    ("a WAV of four letters", file("song.wav", b"RIFF"), "not one inside"),
    ("an ISO film named .m4a", file("song.m4a", b"\x00\x00\x00\x18ftypqt  " + bytes(50)), "not one inside"),
    ("no name at all", file(".mp3", PNG), "not one inside"),
    ("an extension in Turkish", file("song.MP\u0130", MP3), "I take MP3"),
    ("a name that climbs", file("../../etc/cron.d/song.mp3", PNG), "not one inside"),
    ("a good file, no title", file("song.mp3", MP3, title="\u200b"), "The title is empty"),
    # Forms.
    ("an empty form", form(url="", artist="", title="", note="", tier=""), "empty"),
    ("a form without a link", form(url=""), UNREADABLE),
    ("a form with a lying link", form(url="https://youtu.be@evil.tld/dQw4w9WgXcQ"), HIDES),
    ("a form with a 4,000-character title", form(title="x" * 4000), "too long"),
    ("a form with an unknown skip", form(tier="Platinum"), "The skips are"),
    ("a form for nothing", send("bruno", "s1:no.such.form:1"), "older version"),
    ("a form of another version", send("bruno", "s2:submit.form"), "older version"),
    ("a form with no name", send("bruno", "s1:"), "older version"),
    # Songs that are not there, or not so.
    *(
        (f"{command.removeprefix('review ')} {what}", run("host", command, song=song, **more), told)
        for command, more in (
            ("review promote", {"tier": "25+ Skip"}),
            ("review remove", {}),
            ("review hold", {}),
            ("review back", {}),
            ("review bump", {}),
            ("review note", {"text": "nice"}),
            ("review bookmark", {}),
            ("review approve", {"tier": "25+ Skip"}),
            ("review reject", {}),
        )
        for what, song, told in (
            ("another guild's song", "foreign", "There is no song #"),
            ("song -1", "-1", CHOOSE),
            ("song 2^63", str(2**63 + 1), CHOOSE),
            ("code", "1; FLUSHALL", CHOOSE),
            ("other digits", "\u0661", CHOOSE),
        )
    ),
    (
        "approve what waits",
        run("host", "review approve", song="waiting", tier="25+ Skip"),
        "no longer waits for approval",
    ),
    ("reject what waits", run("host", "review reject", song="waiting"), "no longer waits for approval"),
    ("back what is not held", run("host", "review back", song="waiting"), "not on hold"),
    (
        "promote what is playing",
        run("host", "review promote", song="playing", tier="10 Skip"),
        "Only a song that waits",
    ),
    (
        "promote to a tier there is not",
        run("host", "review promote", song="waiting", tier="Gold"),
        "There is no tier",
    ),
    (
        "promote to everyone",
        run("host", "review promote", song="waiting", tier="@everyone"),
        "There is no tier",
    ),
    ("promote to where it is", run("host", "review promote", song="waiting", tier="Free"), "already in Free"),
    ("bump by less than nothing", run("host", "review bump", song="waiting", places=-5), "1 to 100"),
    ("bump beyond numbers", run("host", "review bump", song="waiting", places=2**63 + 1), "1 to 100"),
    ("score 11", run("host", "review note", song="playing", score=11), "from 0 to 10"),
    ("score -1", run("host", "review note", song="playing", score=-1), "from 0 to 10"),
    ("an empty note", run("host", "review note", song="playing", text="  "), "Give a score"),
    ("a note of 4,000", run("host", "review note", song="playing", text="x" * 4000), "The note is too long"),
    ("history since never", run("host", "review history", since="0000-99-99"), "year-month-day"),
    (
        "history of injections",
        run("host", "review history", artist="%'; DROP TABLE submissions; --"),
        "No song matches",
    ),
    ("again what is another's", run("alice", "submit again", song="bruno"), "no earlier song of yours"),
    ("again of another guild", run("alice", "submit again", song="foreign"), "no earlier song of yours"),
    ("page -1", run("alice", "queue show", page=-1), "Paper moon"),
    ("page 0", run("alice", "queue show", page=0), "Paper moon"),
    ("page beyond numbers", run("alice", "queue show", page=2**63 + 1), "Paper moon"),
    # Buttons and selects nobody drew.
    ("an id of an older bot", press("host", "board", "next"), "older message"),
    ("an id of the next version", press("host", "board", "s2:review.anyway:1"), "older message"),
    ("an id with no name", press("host", "board", "s1:"), "older message"),
    ("an id of 100 colons", press("host", "board", ":" * 100), "older message"),
    ("an id with broken escapes", press("host", "board", "s1:queue.page:%zz:1"), "older message"),
    ("an id with a hidden colon", press("host", "board", "s1:pending.approve:1%3a25"), "older message"),
    ("an id of zero width", press("host", "board", "s1:queue\u200b.page:next:1"), "older message"),
    ("a page in the far negative", press("alice", "board", f"s1:queue.page:at:-{10**18}"), "Paper moon"),
    ("a page beyond numbers", press("alice", "board", f"s1:queue.page:at:{2**64}"), ""),
    ("a page that is a word", press("alice", "board", "s1:queue.page:next:next"), "Paper moon"),
    ("a panel's Next on another message", press("host", "board", "panel:next"), "older message"),
    (
        "a song there is not from the panel",
        choose("host", "panel", "panel:promote", "999999"),
        "There is no song #999999",
    ),
    ("a word from the panel's list", choose("host", "panel", "panel:promote", "abc"), "older message"),
    ("two songs at once", choose("host", "panel", "panel:remove", "<waiting>", "<bruno>"), "older message"),
    ("no song at all", choose("host", "panel", "panel:back"), "older message"),
    ("back a song that waits", choose("host", "panel", "panel:back", "<waiting>"), "not on hold"),
    (
        "another guild's song from the panel",
        choose("host", "panel", "panel:back", "<foreign>"),
        "There is no song",
    ),
    ("a tier there is not", choose("host", "board", "s1:panel.tier:<waiting>", "99"), "older message"),
    (
        "a tier for another guild's song",
        choose("host", "board", "s1:panel.tier:<foreign>", "25"),
        "There is no song",
    ),
    (
        "approve another guild's skip",
        press("host", "pending", "s1:pending.approve:<foreign>:25"),
        "There is no song",
    ),
    (
        "approve what does not wait for it",
        press("host", "pending", "s1:pending.approve:<waiting>:25"),
        "no longer waits",
    ),
    ("remove another's song", press("alice", "board", "s1:mine.remove:<bruno>:1"), "no such song of yours"),
    (
        "surely remove another's song",
        press("alice", "board", "s1:mine.sure:<bruno>:1"),
        "no such song of yours",
    ),
    ("edit another's song", press("alice", "board", "s1:mine.edit:<bruno>:1"), "no such song of yours"),
    (
        "claim a skip for another's song",
        press("alice", "board", "s1:mine.claim:<bruno>:1"),
        "no such song of yours",
    ),
    (
        "edit another's song by form",
        send("alice", "s1:mine.edited:<bruno>:1", title="Mine"),
        "no such song of yours",
    ),
    (
        "remove the song that plays",
        press("carla", "board", "s1:mine.remove:<playing>:1"),
        "playing right now",
    ),
    (
        "edit the song that plays, by form",
        send("carla", "s1:mine.edited:<playing>:1", url=YOUTUBE, artist="C", title="New"),
        "playing",
    ),
    # The right is asked for again, whatever was drawn for whom.
    ("a stranger's setup", run("stranger", "setup"), "Only those who may manage"),
    ("a stranger's setting", run("stranger", "settings set", name="paused", value="on"), "manage"),
    ("a reviewer's setting", run("host", "settings set", name="paused", value="on"), "manage"),
    ("a stranger's backup", run("stranger", "backup now"), "manage"),
    (
        "a setting there is not",
        run("mod", "settings set", name="__proto__", value="1"),
        "There is no setting",
    ),
    ("a lock beyond numbers", run("mod", "settings set", name="lock", value=str(2**63)), "0 to 3"),
    ("a cap below nothing", run("mod", "settings set", name="cap", value="-1"), "whole number"),
    ("a cooldown of ages", run("mod", "settings set", name="cooldown", value="99999999 d"), "takes a time"),
    (
        "a role that is text",
        run("mod", "settings set", name="reviewer_role", value="@everyone"),
        "a role of this server",
    ),
    ("settings of a picture", run("mod", "settings import", file=Upload("settings.json", PNG)), ""),
    ("settings nested deep", run("mod", "settings import", file=Upload("s.json", b"[" * 60_000)), ""),
]


@pytest.mark.parametrize(("act", "told"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
async def test_a_clear_sentence_and_no_change(scene: Scene, act: Act, told: str) -> None:
    await judge(scene, act, told=told)


async def judge(scene: Scene, *acts: Act, told: str = "") -> None:
    before = (await dump(scene.stage), await dump(scene.other))
    for act in acts:
        text = await heard(await act(scene), told)
        assert text.strip() and "Something went wrong on our side" not in text
        assert told in text
    after = (await dump(scene.stage), await dump(scene.other))
    assert changed(before[0], after[0]) == changed(before[1], after[1]) == {}


CARGO = ("", ":-1:1", ":<foreign>:25", ":%E2%80%AEabc:9")
"""What a routed id may carry, and what nothing ever made it carry."""


@pytest.mark.parametrize("who", ["stranger", "host"])
async def test_no_forged_button_or_select_does_anything(scene: Scene, who: str) -> None:
    assert len(scene.doors.components) > 10
    for name in sorted(scene.doors.components):
        await judge(
            scene,
            *(press(who, "board", f"s1:{name}{cargo}") for cargo in CARGO),
            choose(who, "board", f"s1:{name}:<foreign>:1", "25", "<foreign>", "@everyone"),
        )


@pytest.mark.parametrize("who", ["stranger", "host"])
async def test_no_forged_form_does_anything(scene: Scene, who: str) -> None:
    assert len(scene.doors.modals) > 3
    nonsense = {"url": "x" * 4000, "title": "\u202e@everyone", "artist": "'; --", "tier": "\u0000"}
    for name in sorted(scene.doors.modals):
        await judge(
            scene,
            *(send(who, f"s1:{name}{cargo}") for cargo in CARGO),
            send(who, f"s1:{name}:<foreign>:1", **nonsense),
        )


async def test_no_stranger_presses_a_panel(scene: Scene) -> None:
    assert len(scene.doors.views) > 5
    for custom_id in sorted(scene.doors.views):
        await judge(
            scene,
            press("stranger", "panel", custom_id),
            press("stranger", "board", custom_id),
            choose("stranger", "panel", custom_id, "<waiting>"),
            told="Only this server's reviewers",
        )
        await judge(scene, press("host", "board", custom_id), told="older message")


async def test_a_form_sent_twice_counts_once(scene: Scene) -> None:
    bruno, channel = scene.stage.bruno, scene.stage.submissions
    opened = await bruno.command("submit form", channel)
    given = {"url": "https://youtu.be/bbbbbbbbbbb", "artist": "Bruno", "title": "Twice"}
    assert "is in the queue" in (await bruno.submit(opened.modal, given)).text

    async def again(_: Scene) -> Reply:
        return await bruno.submit(opened.modal, given, forge=True)

    await judge(scene, again, told="already in the queue")


def changed(before: Dump, after: Dump) -> Dump:
    return {
        key: (before.get(key), after.get(key))
        for key in before.keys() | after.keys()
        if before.get(key) != after.get(key)
    }
