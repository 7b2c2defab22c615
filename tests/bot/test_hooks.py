"""A real bot in the sandbox in which everything fails: one answer for each person, one log entry a fault."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import hikari
import miru
import pytest
import redis.exceptions
import tanjun

from bot import hooks, tanjun_compat
from bot.errors import Reporter, UserError
from bot.router import Press, Router, Submission, encode
from components.texts import say
from sandbox.discord import Channel, Guild, Message, Person, Sandbox

APOLOGY = re.compile(r"Something went wrong on our side\. .* Reference ([A-Z0-9]{4})\.")
CALLBACK = "/interactions/{interaction_id}/{interaction_token}/callback"


class Secret(Exception):
    """A fault whose text nobody may see."""


class Panel(miru.View):
    def __init__(self) -> None:
        super().__init__(timeout=None)

    @miru.button(label="Break", custom_id="panel:break")
    async def broken(self, _: miru.ViewContext, __: miru.Button) -> None:
        raise Secret("hunter2")

    @miru.button(label="Refuse", custom_id="panel:refuse")
    async def refused(self, _: miru.ViewContext, __: miru.Button) -> None:
        raise UserError("Only reviewers may do that.")

    @miru.button(label="Break late", custom_id="panel:late")
    async def late(self, ctx: miru.ViewContext, _: miru.Button) -> None:
        await ctx.respond("One moment.", flags=hikari.MessageFlag.EPHEMERAL)
        raise Secret("hunter2")


def commands() -> tanjun.Component:
    async def broken(_: tanjun.abc.SlashContext) -> None:
        raise Secret("hunter2")

    async def refused(_: tanjun.abc.SlashContext) -> None:
        raise UserError("Submissions are closed.")

    async def lost(_: tanjun.abc.SlashContext) -> None:
        raise redis.exceptions.ConnectionError("hunter2")

    async def deferred(ctx: tanjun.abc.SlashContext) -> None:
        await ctx.defer(ephemeral=True)
        raise Secret("hunter2")

    async def answered(ctx: tanjun.abc.SlashContext) -> None:
        await ctx.respond("Done.")
        raise Secret("hunter2")

    async def twice(ctx: tanjun.abc.SlashContext) -> None:
        await ctx.respond("Done.")

    async def checked(_: tanjun.abc.SlashContext) -> bool:
        raise Secret("hunter2")

    async def searched(_: tanjun.abc.SlashContext, song: str) -> None: ...

    async def complete(_: tanjun.abc.AutocompleteContext, __: str) -> None:
        raise Secret("hunter2")

    component = tanjun.Component(name="failing")
    for name, callback in {
        "broken": broken, "refused": refused, "lost": lost, "deferred": deferred,
        "answered": answered, "twice": twice,
    }.items():  # fmt: skip
        component.add_slash_command(tanjun.SlashCommand(callback, name, "Fails."))
    component.add_slash_command(tanjun.SlashCommand(refused, "checked", "Fails.").add_check(checked))
    component.add_slash_command(
        tanjun.SlashCommand(searched, "searched", "Fails.").add_str_option(
            "song", "Song", autocomplete=complete
        )
    )
    component.add_slash_command(
        tanjun.SlashCommand(searched, "counted", "Fails.").add_str_option("song", "Song", converters=int)
    )
    return component


def routes() -> Router:
    router = Router()

    @router.component("break")
    async def broken(_: Press) -> None:
        raise Secret("hunter2")

    @router.component("refuse")
    async def refused(_: Press) -> None:
        raise UserError("Somebody was faster.")

    @router.component("all")
    async def everything(press: Press) -> None:
        await press.update("Changed")
        await press.respond(f"First {press.get(Wired).name} {press.args}")
        await press.respond("Second")
        await press.update("Changed again")

    @router.component("slow")
    async def slow(press: Press) -> None:
        await press.get(Wired).release.wait()
        await press.respond("Took a while")
        await press.update("Slowly changed")

    @router.component("own")
    async def own(press: Press) -> None:
        await press.respond("First")
        await press.update("Changed after")

    @router.component("ask")
    async def ask(press: Press) -> None:
        rows = [
            hikari.impl.ModalActionRowBuilder().add_text_input(key, key.title())
            for key in ("title", "artist")
        ]
        await press.ask("Submit", encode("form", 7), rows)

    @router.modal("form")
    async def form(submission: Submission) -> None:
        await submission.respond(f"{submission.values} for {submission.args[0]}")

    return router


@dataclass
class Wired:
    """Something the composition root provides."""

    name: str = "wired"
    release: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass
class World:
    sandbox: Sandbox
    bot: hikari.GatewayBot
    channel: Channel
    mia: Person
    wired: Wired

    async def post(self, *rows: hikari.api.ComponentBuilder) -> Message:
        sent = await self.bot.rest.create_message(self.channel.id, "Panel", components=rows)
        return await found(self.channel, sent.id)

    async def button(self, name: str, *args: object) -> Message:
        row = hikari.impl.MessageActionRowBuilder()
        row.add_interactive_button(hikari.ButtonStyle.PRIMARY, encode(name, *args), label="Press")
        return await self.post(row)


async def found(channel: Channel, message_id: int) -> Message:
    def there(messages: list[Message]) -> bool:
        return any(int(message.id) == int(message_id) for message in messages)

    await channel.wait_for(there)
    return next(message for message in channel.messages if int(message.id) == int(message_id))


@pytest.fixture
def world(shared_world: World) -> World:
    """The bot, and a channel nobody has written in: Discord allows five messages in five seconds."""
    shared_world.channel = shared_world.channel.guild.create_channel("queue")
    return shared_world


@pytest.fixture(scope="module")
async def shared_world() -> AsyncIterator[World]:
    sandbox = await Sandbox.start()
    guild: Guild = sandbox.create_guild("Late Night Reviews", owner="Olga")
    channel = guild.create_channel("queue")
    bot = hikari.GatewayBot(
        sandbox.token,
        rest_url=sandbox.rest_url,
        intents=hikari.Intents.GUILDS,
        banner=None,
        logs=None,
        suppress_optimization_warning=True,
        http_settings=hikari.impl.HTTPSettings(force_close_transports=False),
    )
    tanjun_compat.mute_deprecations()
    wired = Wired()
    client = tanjun.Client.from_gateway_bot(bot, declare_global_commands=True)
    client.set_message_accepts(tanjun.MessageAcceptsEnum.NONE)
    client.add_component(commands()).set_type_dependency(Wired, wired)
    views = miru.Client(bot, injector=client.injector, stop_bound_on_delete=False)
    before = miru.View.on_error, miru.Modal.on_error
    hooks.install(bot, client, views, routes(), Reporter())
    panel = Panel()

    async def listening(_: hikari.RoleCreateEvent) -> None:
        raise Secret("hunter2")

    bot.subscribe(hikari.RoleCreateEvent, listening)
    loop = asyncio.get_running_loop()
    kept = loop.get_exception_handler()
    await bot.start(check_for_updates=False)
    views.start_view(panel, bind_to=None)
    try:
        yield World(sandbox, bot, channel, guild.join("Mia"), wired)
    finally:
        panel.stop()
        await bot.close()
        await sandbox.close()
        loop.set_exception_handler(kept)
        miru.View.on_error, miru.Modal.on_error = before


def only_apology(text: str, caplog: pytest.LogCaptureFixture) -> None:
    """One apology, whose code is the code of one logged fault."""
    match = APOLOGY.search(text)
    assert match, text
    assert "hunter2" not in text
    assert [record.getMessage()[:4] for record in faults(caplog)] == [match[1]]


def faults(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    return [record for record in caplog.records if record.name == "skipline.errors"]


@pytest.mark.parametrize("name", ["broken", "checked"])
async def test_a_failing_command(world: World, name: str, caplog: pytest.LogCaptureFixture) -> None:
    reply = await world.mia.command(name, channel=world.channel)
    assert reply.ephemeral
    only_apology(reply.text, caplog)
    assert faults(caplog)[0].exc_info


async def test_a_command_that_fails_after_its_defer(world: World, caplog: pytest.LogCaptureFixture) -> None:
    reply = await world.mia.command("deferred", channel=world.channel)
    await reply.settled()
    only_apology(reply.text, caplog)


async def test_a_command_that_fails_after_its_answer(world: World, caplog: pytest.LogCaptureFixture) -> None:
    await world.mia.command("answered", channel=world.channel)
    await world.mia.wait_until_sees(
        world.channel, lambda messages: bool(APOLOGY.search(messages[-1].content))
    )
    assert world.mia.sees(world.channel)[-2].content == "Done."
    only_apology(world.mia.sees(world.channel)[-1].content, caplog)


async def test_a_refusal_is_shown_and_not_logged(world: World, caplog: pytest.LogCaptureFixture) -> None:
    reply = await world.mia.command("refused", channel=world.channel)
    assert (reply.text, reply.ephemeral) == ("Submissions are closed.", True)
    assert not faults(caplog)


@pytest.mark.parametrize(("locale", "said"), [("en-US", "cannot be read"), ("es-419", "No se puede leer")])
async def test_an_option_that_makes_no_sense_is_named(world: World, locale: str, said: str) -> None:
    ana = world.mia.guild.join("Ana")
    ana.user.locale = locale
    reply = await ana.command("counted", channel=world.channel, song="hunter2")
    assert reply.ephemeral and "`song`" in reply.text and said in reply.text
    assert "hunter2" not in reply.text


async def test_a_fault_is_told_in_the_language_of_who_met_it(world: World) -> None:
    ana = world.mia.guild.join("Ana")
    ana.user.locale = "es-ES"
    assert "Algo ha fallado" in (await ana.command("broken", channel=world.channel)).text
    assert "memoria de la cola" in (await ana.command("lost", channel=world.channel)).text
    pressed = await ana.press(await world.button("break", 1), encode("break", 1))
    assert "Algo ha fallado" in pressed.text


async def test_a_lost_redis_is_a_plain_sentence(world: World, caplog: pytest.LogCaptureFixture) -> None:
    reply = await world.mia.command("lost", channel=world.channel)
    assert reply.text.startswith("The queue's memory cannot be reached right now.")
    assert len(faults(caplog)) == 1


async def test_a_lost_reply_to_an_answer_is_no_fault(world: World, caplog: pytest.LogCaptureFixture) -> None:
    seen = len(world.mia.sees(world.channel))
    fault = world.sandbox.faults.lose_reply("POST", CALLBACK)
    await world.mia.command("twice", channel=world.channel)
    await fault.struck()
    await world.mia.wait_until_sees(world.channel, lambda messages: len(messages) > seen)
    assert [message.content for message in world.mia.sees(world.channel)[seen:]] == ["Done."]
    # hikari tries again a second later and is refused with 40060.
    await world.sandbox.wait_for_request(lambda exchange: exchange.code == 40060)
    await until_quiet(world)
    assert world.mia.sees(world.channel)[-1].content == "Done."
    assert not faults(caplog)


async def until_quiet(world: World) -> None:
    """Ask once more: what was under way before it has been handled when the answer is here."""
    await world.mia.command("refused", channel=world.channel)
    world.mia.dismiss(world.mia.sees(world.channel)[-1])


async def test_failing_autocomplete_is_an_empty_list(world: World, caplog: pytest.LogCaptureFixture) -> None:
    assert await world.mia.autocomplete("searched", "song", "x", channel=world.channel) == []
    assert len(faults(caplog)) == 1


async def test_failing_views(world: World, caplog: pytest.LogCaptureFixture) -> None:
    message = await world.post(*Panel().build())
    reply = await world.mia.press(message, "panel:break")
    assert reply.ephemeral
    only_apology(reply.text, caplog)
    reply = await world.mia.press(message, "panel:refuse")
    assert reply.text == "Only reviewers may do that."
    caplog.clear()
    await world.mia.press(message, "panel:late")
    await world.mia.wait_until_sees(
        world.channel, lambda messages: bool(APOLOGY.search(messages[-1].content))
    )
    only_apology(world.mia.sees(world.channel)[-1].content, caplog)


async def test_a_failing_listener_is_reported(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.channel.guild.create_role("Reviewer")
    await world.bot.wait_for(hikari.ExceptionEvent, timeout=5)
    (record,) = faults(caplog)
    assert record.getMessage()[5:] == "in event RoleCreateEvent"


async def test_routed_faults(world: World, caplog: pytest.LogCaptureFixture) -> None:
    reply = await world.mia.press(await world.button("refuse"), encode("refuse"))
    assert (reply.text, reply.ephemeral) == ("Somebody was faster.", True)
    assert not faults(caplog)
    reply = await world.mia.press(await world.button("break", 1), encode("break", 1))
    only_apology(reply.text, caplog)


@pytest.mark.parametrize("name", ["gone", "s0"])
async def test_an_outdated_button_says_so(world: World, name: str) -> None:
    reply = await world.mia.press(await world.button(name, 1), encode(name, 1))
    assert (reply.text, reply.ephemeral) == (say("errors.old_button"), True)


async def test_every_way_to_answer_a_press(world: World) -> None:
    message = await world.button("all", "ä b")
    await world.mia.press(message, encode("all", "ä b"))
    await world.channel.wait_for(lambda _: message.content == "Changed again")
    said = [seen.content for seen in world.mia.sees(world.channel)][-2:]
    assert said == ["First wired ('ä b',)", "Second"]

    message = await world.button("own")
    await world.mia.press(message, encode("own"))
    await world.channel.wait_for(lambda _: message.content == "Changed after")


async def test_a_slow_press_is_promised_an_answer(world: World) -> None:
    message = await world.button("slow")
    reply = await world.mia.press(message, encode("slow"))
    assert reply.latency < 3
    world.wired.release.set()
    await world.channel.wait_for(lambda _: message.content == "Slowly changed")
    assert world.mia.sees(world.channel)[-1].content == "Took a while"


async def test_a_modal_and_what_was_typed(world: World) -> None:
    reply = await world.mia.press(await world.button("ask"), encode("ask"))
    reply = await world.mia.submit(reply.modal, title=" Night Drive ", artist="Mia")
    assert reply.text == "{'title': 'Night Drive', 'artist': 'Mia'} for 7"


async def test_background_tasks_report_and_drain(caplog: pytest.LogCaptureFixture) -> None:
    tasks = hooks.BackgroundTasks(Reporter())
    assert await tasks.drain(0)

    async def fail() -> None:
        raise Secret("hunter2")

    release = asyncio.Event()
    tasks.start(fail(), "displays")
    waiting = tasks.start(release.wait(), "archive")
    assert not await tasks.drain(0.01)
    assert waiting.cancelled()
    (record,) = faults(caplog)
    assert record.getMessage()[5:] == "in task displays"
    release.set()
    tasks.start(release.wait(), "archive")
    assert await tasks.drain(5)


async def test_a_deferral_that_came_too_late_is_no_fault(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    late, other = (
        hikari.BadRequestError(url="http://discord", headers={}, raw_body=b"", message="no", code=code)
        for code in (40060, 50035)
    )
    for error in (late, other):
        asyncio.get_running_loop().call_exception_handler({"message": "a task failed", "exception": error})
    assert len(faults(caplog)) == 1
