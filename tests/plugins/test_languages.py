"""Who acts is answered in their own language; what everybody sees is in the server's."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.discord import Person
from tests.stage import Stage, until

LINK = "https://youtu.be/dQw4w9WgXcQ"


def speaking(person: Person, locale: str) -> Person:
    person.user.locale = locale
    return person


@pytest.mark.parametrize("locale", ["es-ES", "es-419"])
async def test_an_answer_is_in_the_language_of_who_asked(stage: Stage, locale: str) -> None:
    alice = speaking(stage.alice, locale)
    sent = await alice.command("submit link", stage.submissions, url=LINK, artist="Alicia", title="Noche")
    assert sent.ephemeral and "está en la cola: puesto **1** de 1" in sent.text
    assert "Puesto **1** de 1" in (await alice.command("queue where", stage.queue)).text
    assert "Solo pueden hacerlo los revisores" in (await alice.command("review next", stage.review)).text
    assert "Queue · 1 waiting" in (await stage.bruno.command("queue show", stage.queue)).text


async def test_a_locale_without_texts_reads_english(stage: Stage) -> None:
    carla = speaking(stage.carla, "de")
    assert "Nobody waits" in (await carla.command("queue show", stage.queue)).text


async def test_what_the_bot_itself_says_is_in_that_language_too(stage: Stage) -> None:
    await stage.display("reviewer", stage.queue)
    alice = speaking(stage.alice, "es-ES")
    reply = await alice.press(stage.queue.messages[0], "s1:gone:1", forge=True)
    assert reply.text.startswith("Ese botón es de un mensaje antiguo.")


async def test_what_everybody_sees_follows_the_setting_at_once(stage: Stage) -> None:
    await stage.display("public", stage.queue)
    await stage.display("reviewer", stage.review)
    assert "Now playing" in stage.queue.messages[0].text
    changed = await stage.mod.command("settings set", stage.review, name="language", value="español")
    assert "`language`: English → Español" in changed.text
    await stage.queue.wait_for(lambda messages: "Sonando ahora" in messages[0].text, timeout=5)
    await stage.review.wait_for(lambda messages: "Siguiente" in messages[0].labels, timeout=5)
    # The panel a press gives back is the one everybody sees, whatever its presser speaks.
    pressed = await stage.host.press(stage.review.messages[0], label="Pausar envíos")
    assert pressed.ok
    await stage.review.wait_for(lambda messages: "Abrir envíos" in messages[0].labels, timeout=5)
    refused = await stage.mod.command("settings set", stage.review, name="language", value="Klingon")
    assert "one of the languages I speak" in refused.text


async def test_notices_and_announcements_are_in_the_servers_language(stage: Stage) -> None:
    await stage.configure(
        language="es-ES",
        notices="channel",
        channel_notices=str(stage.queue.id),
        channel_now_playing=str(stage.pending.id),
    )
    await stage.alice.command("submit link", stage.submissions, url=LINK, artist="Alicia", title="Noche")
    await stage.host.command("review next", stage.review)
    await stage.queue.wait_for(
        lambda messages: any("está sonando ahora" in message.text for message in messages), timeout=5
    )
    await stage.pending.wait_for(lambda messages: bool(messages), timeout=5)
    assert "Sonando ahora" in stage.pending.messages[0].text


async def test_setup_takes_the_servers_own_language(stage: Stage) -> None:
    guild = stage.discord.create_guild(f"Nuevo {secrets.token_hex(3)}", owner="Olga")
    guild.locale = "es-419"
    general = guild.create_channel("general")
    configuration = stage.app.stores.configuration
    reply = await speaking(guild.owner, "es-ES").command("setup", general)
    await reply.settled()
    assert "**Skipline está configurado.**" in reply.text
    assert (await configuration.settings(int(guild.id))).language == "es-ES"

    async def posted() -> bool:
        places = await configuration.displays(int(guild.id))
        return bool(places) and all(message for _, message in places.values())

    await until(posted)
    assert "Sonando ahora" in guild.channel("cola-de-canciones").messages[0].text
    # Once there is a choice, another run leaves it alone.
    await guild.owner.command("settings set", general, name="language", value="English")
    await (await guild.owner.command("setup", general)).settled()
    assert (await configuration.settings(int(guild.id))).language == "en"


@pytest.mark.parametrize("locale", ["es-ES", "es-419"])
async def test_choices_and_menus_are_named_in_the_language_of_who_opens_them(
    stage: Stage, locale: str
) -> None:
    owner = speaking(stage.owner, locale)
    assert owner.choices("notices server", "where", stage.review) == [
        ("Mensaje directo", "dm"),
        ("Canal", "channel"),
        ("Desactivado", "off"),
    ]
    kinds = dict(owner.choices("display add", "kind", stage.review))
    assert kinds["Portal de envíos"] == "portal"
    assert dict(stage.mod.choices("display add", "kind", stage.review))["Submission portal"] == "portal"
    said = await owner.command("notices server", stage.review, where="Desactivado")
    assert said.ok and "no se avisa" in said.text, said.text
    host = speaking(stage.host, locale)
    assert not host.offers("Songs of this person", stage.review, kind=2)
    shown = await host.use_on("Canciones de esta persona", stage.alice, stage.review)
    assert shown.ok and "Historial" in shown.text, shown.text
    carla = speaking(stage.carla, "de")
    assert carla.offers("Songs of this person", stage.queue, kind=2)


def choices_of(options: list[Any]) -> Iterator[Any]:
    for option in options:
        yield from option.get("choices") or ()
        yield from choices_of(option.get("options") or [])


async def test_every_choice_and_menu_has_a_spanish_name(stage: Stage) -> None:
    declared = stage.discord.commands.all()
    named = [command for command in declared if command["type"] != 1]
    named += choices_of([option for command in declared for option in command.get("options") or ()])
    assert len(named) > 10
    for one in named:
        assert {"es-ES", "es-419"} <= set(one["name_localizations"] or ()), one
