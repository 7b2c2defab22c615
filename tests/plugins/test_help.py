"""`/help` as each kind of person gets it, `/about`, and `/audit`."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from plugins import help as help_plugin
from sandbox.discord import Message, Person, Reply
from state.fields import EVENTS
from tests.stage import Stage, until

ROOT = Path(__file__).parents[2]


async def asked(stage: Stage, person: Person, name: str, /, **values: object) -> Message:
    reply = await person.command(name, channel=stage.review, options=values)
    assert reply.ephemeral, reply
    return await reply.settled()


async def said(reply: Reply) -> str:
    return (reply.followups[0] if reply.followups else await reply.settled()).text


async def test_help_knows_who_asks(stage: Stage) -> None:
    artist = await asked(stage, stage.alice, "help")
    assert "For artists" in artist.text and "</submit link:" in artist.text and not artist.components
    assert "/review next" not in artist.text and "/settings" not in artist.text
    host = await asked(stage, stage.host, "help")
    assert "For reviewers" in host.text and "</review next:" in host.text and "</queue clear:" in host.text
    await (await stage.host.press(host, label="For artists")).settled()
    assert "</submit link:" in host.text
    owner = await asked(stage, stage.owner, "help")
    assert "</settings set:" in owner.text and "</points reset everyone:" in owner.text
    pressed = await stage.alice.press(owner, "s1:help.section:owner", forge=True)
    assert "older message" in await said(pressed)


async def test_help_begins_with_what_is_used_most_and_says_who_may_once(stage: Stage) -> None:
    def listed(shown: Message) -> list[str]:
        return re.findall(r"</([a-z ]+):", shown.text)

    artist = listed(await asked(stage, stage.alice, "help"))
    assert artist[0].startswith("submit") and artist[-2:] == ["help", "about"]
    assert "notices server" not in artist
    host = await asked(stage, stage.host, "help")
    assert listed(host)[0].startswith("review") and "(reviewers)" not in host.text
    assert "**Songs of this person**" in host.text and "**Score this song**" in host.text
    owner = listed(await asked(stage, stage.owner, "help"))
    assert owner[0] == "setup" and "notices server" in owner


async def test_help_lists_every_command(stage: Stage) -> None:
    shown = await asked(stage, stage.owner, "help")
    everything = shown.text
    for label in ("For reviewers", "For artists"):
        await (await stage.owner.press(shown, label=label)).settled()
        everything += shown.text
    for name in _names(stage.discord.commands.all()):
        assert f"</{name}:" in everything, name


def _names(commands: list[Any], before: str = "") -> list[str]:
    """Full names of all slash commands as Discord has them."""
    found: list[str] = []
    for command in commands:
        if not before and command["type"] != 1:
            continue
        name = f"{before} {command['name']}".strip()
        inner = [option for option in command.get("options") or () if option["type"] in (1, 2)]
        found += _names(inner, name) if inner else [name]
    return found


async def test_about_tells_version_revision_and_licence(stage: Stage) -> None:
    shown = await asked(stage, stage.alice, "about")
    assert "Skipline 0." in shown.text and "GNU Affero General Public License" in shown.text
    assert "ask whoever runs this bot" in shown.text
    if (ROOT / ".git").is_dir():
        assert re.search(r"`[0-9a-f]{12}`", shown.text)


def test_the_revision_is_read_from_a_checkout(tmp_path: Path) -> None:
    head, refs = tmp_path / "HEAD", tmp_path / "refs/heads"
    assert help_plugin.checked_out(tmp_path / "none") is None
    head.write_text("ref: refs/heads/main\n")
    (tmp_path / "packed-refs").write_text("# pack-refs\naaa111 refs/heads/main\n")
    read = help_plugin.checked_out.__wrapped__
    assert read(tmp_path) == "aaa111"
    refs.mkdir(parents=True)
    (refs / "main").write_text("bbb222\n")
    assert read(tmp_path) == "bbb222"
    head.write_text("ccc333\n")
    assert read(tmp_path) == "ccc333"


def test_the_source_is_where_the_setting_says() -> None:
    url = "https://example.org/skipline/{revision}"
    assert help_plugin.source(url, "abc") == "https://example.org/skipline/abc"
    assert help_plugin.source(url, None) == "https://example.org/skipline/"


async def archived(stage: Stage) -> None:
    redis = stage.app.stores.redis

    async def done() -> bool:
        revision = await redis.get(f"sl:{{{stage.id}}}:rev")
        return await redis.get(f"sl:{{{stage.id}}}:archived") == revision

    await until(done)


async def test_audit_tells_who_did_what(stage: Stage) -> None:
    for number in range(12):
        await asked(stage, stage.mod, "settings set", name="cap", value=str(number + 1))
    await stage.alice.command(
        "submit link", stage.submissions, url="https://youtu.be/dQw4w9WgXcQ", artist="A", title="*Night*"
    )
    await asked(stage, stage.host, "review next")
    await archived(stage)
    shown = await asked(stage, stage.host, "audit show")
    assert "**Mia** played #1 \\*Night\\* — A" in shown.text and "**Alice** handed in #1" in shown.text
    assert "**Theo** changed `cap`: 11 → 12" in shown.text and "`cap`: 1 → 2" not in shown.text
    await (await stage.host.press(shown, label="Next")).settled()
    assert "`cap`: 1 → 2" in shown.text and "Page 2" in shown.text
    only = await asked(stage, stage.host, "audit show", user=stage.alice)
    assert "handed in" in only.text and "Theo" not in only.text
    only = await asked(stage, stage.host, "audit show", kind="next")
    assert "played" in only.text and "handed in" not in only.text
    kinds = await stage.host.autocomplete("audit show", "kind", "ladder", stage.review)
    assert "ladder" in [value for _, value in kinds]
    assert "nothing called" in (await asked(stage, stage.host, "audit show", kind="everything")).text


async def test_audit_is_for_reviewers(stage: Stage) -> None:
    assert "Only this server's reviewers" in (await asked(stage, stage.alice, "audit show")).text
    shown = await asked(stage, stage.host, "audit show")
    for custom_id in ("s1:audit.page:1:0:-", "s1:audit.page:x:0:-", "s1:audit.page:1:0:nothing"):
        pressed = await stage.alice.press(shown, custom_id, forge=True)
        assert "Only this server's reviewers" in await said(pressed)
    pressed = await stage.host.press(shown, "s1:audit.page:9999999:0:everything", forge=True)
    assert "older message" in await said(pressed)


def say_keys() -> set[str]:
    """Names of the sentences there are for the audit."""
    text = (ROOT / "components/texts/en/audit.toml").read_text(encoding="utf-8")
    return set(tomllib.loads(text))


async def test_every_kind_of_event_has_words(stage: Stage) -> None:
    from tests.state.show import Show

    stores = stage.app.stores
    show = Show(stores.redis, stores.queue, stores.points, stores.configuration, stage.id)

    async def look() -> None:
        return None

    await show.all_of_it(look)
    await archived(stage)
    told = say_keys()
    kinds_of_others = {kind for kind in EVENTS if kind not in told}
    assert len(kinds_of_others) <= 3, "what is told by its meaning alone should be given words of its own"
    for kind in EVENTS:
        shown = await asked(stage, stage.mod, "audit show", kind=kind)
        assert "What was done" in shown.text, kind
        assert kind in kinds_of_others or "did: " not in shown.text, kind
