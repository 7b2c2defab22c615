"""The gateway: how shards connect, which events they get, how they lose and regain their session."""

from __future__ import annotations

import asyncio

import hikari
import hikari.impl.shard
import pytest
import tanjun
from hikari.api import GatewayCompression

from bot import tanjun_compat
from sandbox.discord import Channel, Guild, Intent, Permission, Person, Sandbox
from tests.sandbox.connections import Bot, Expected, gateway, running


async def pong(interaction: hikari.CommandInteraction) -> None:
    await interaction.create_initial_response(hikari.ResponseType.MESSAGE_CREATE, "Pong")


@pytest.mark.parametrize(
    "compression",
    [None, GatewayCompression.TRANSPORT_ZLIB_STREAM, GatewayCompression.TRANSPORT_ZSTD_STREAM],
)
async def test_a_command_goes_through_every_compression(
    sandbox: Sandbox, mia: Person, channel: Channel, monkeypatch: pytest.MonkeyPatch, compression: object
) -> None:
    defaults = hikari.impl.shard.GatewayShardImpl.__init__.__kwdefaults__
    monkeypatch.setitem(defaults, "compression", compression)
    bot = Bot(sandbox)
    bot.handle = pong
    async with running(bot):
        reply = await mia.command("ping", channel=channel)
    assert (reply.ok, reply.kind, reply.content) == (True, "message", "Pong")
    assert reply.message in mia.sees(channel)


async def test_tanjun_declares_on_both_starts_and_answers(strict) -> None:
    sandbox = await strict()
    channel = sandbox.create_guild("Late Night Reviews").create_channel("submissions")
    mia = channel.guild.join("Mia")

    @tanjun.as_slash_command("hello", "Say hello")
    async def hello(context: tanjun.abc.SlashContext) -> None:
        await context.respond("Hello")

    for start in (1, 2):
        bot = Bot(sandbox)
        tanjun_compat.mute_deprecations()
        client = tanjun.Client.from_gateway_bot(bot, declare_global_commands=True)
        client.add_component(tanjun.Component(name="hello").add_slash_command(hello.copy()))
        async with running(bot):
            assert (await mia.command("hello", channel=channel)).content == "Hello"
        assert len(sandbox.calls("PUT", "/applications/{application_id}/commands")) == 1, start


async def test_events_come_as_the_intents_allow(strict) -> None:
    sandbox = await strict(identify_window=0.0)
    guild = sandbox.create_guild("Late Night Reviews")
    channel = guild.create_channel("submissions")
    async with gateway(sandbox) as few, gateway(sandbox) as many:
        await few.identify(sandbox, intents=int(Intent.GUILDS | Intent.GUILD_MESSAGES), shard=[0, 1])
        await many.identify(sandbox, intents=int(Intent(sum(Intent))), shard=[0, 1])
        mia = guild.join("Mia")
        await mia.say(channel, "a link")
        assert (await many.event("GUILD_MEMBER_ADD"))["d"]["user"]["id"] == str(mia.id)
        assert (await many.event("MESSAGE_CREATE"))["d"]["content"] == "a link"
        created = await few.event("MESSAGE_CREATE")
        assert (created["d"]["content"], created["s"]) == ("", 3)  # READY, GUILD_CREATE, no member, stripped
        await mia.say(channel, f"look {sandbox.bot.mention}")
        assert (await few.event("MESSAGE_CREATE"))["d"]["content"].startswith("look")
        guild.set_roles(mia, [guild.create_role("Reviewer")])
        assert (await few.event("GUILD_ROLE_CREATE"))["d"]["role"]["name"] == "Reviewer"
        assert (await many.event("GUILD_MEMBER_UPDATE"))["d"]["roles"]


async def test_messages_in_hidden_channels_are_not_sent(strict) -> None:
    sandbox = await strict()
    guild = sandbox.create_guild("Late Night Reviews")
    hidden, open_ = guild.create_channel("hidden"), guild.create_channel("open")
    sandbox.faults.withdraw(hidden, Permission.VIEW_CHANNEL)
    async with gateway(sandbox) as socket:
        await socket.identify(sandbox, intents=int(Intent.GUILD_MESSAGES | Intent.MESSAGE_CONTENT))
        await guild.owner.say(hidden, "unseen")
        await guild.owner.say(open_, "seen")
        assert (await socket.event("MESSAGE_CREATE"))["d"]["content"] == "seen"


async def test_guilds_and_their_interactions_go_to_their_shard(strict) -> None:
    sandbox = await strict(max_concurrency=2)
    guilds = [sandbox.create_guild(f"Guild {index}") for index in range(2)]
    channels = [guild.create_channel("submissions") for guild in guilds]
    shard_of = [(guild.id >> 22) % 2 for guild in guilds]
    assert sorted(shard_of) == [0, 1]
    answered: list[tuple[int, int]] = []
    bots = [Bot(sandbox), Bot(sandbox)]
    for number, bot in enumerate(bots):

        async def handle(interaction: hikari.CommandInteraction, number: int = number) -> None:
            answered.append((number, interaction.guild_id or 0))
            await pong(interaction)

        bot.handle = handle
    async with running(bots[0], shard_ids=[0], shard_count=2), running(bots[1], shard_ids=[1], shard_count=2):
        await sandbox.connected(2)
        replies = await asyncio.gather(
            *(
                guild.owner.command("ping", channel=channel)
                for guild, channel in zip(guilds, channels, strict=True)
            )
        )
        direct = await guilds[1].owner.command("ping", channel=guilds[1].owner.dm)
    assert all(reply.ok for reply in [*replies, direct])
    expected = [(shard, guild.id) for shard, guild in zip(shard_of, guilds, strict=True)]
    assert sorted(answered) == sorted([*expected, (0, 0)])


@pytest.fixture
def no_back_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spare the second or two hikari waits before it reconnects soon after a connect."""
    monkeypatch.setattr(hikari.impl.shard, "_BACKOFF_WINDOW", 0.0)


@pytest.mark.usefixtures("no_back_off")
@pytest.mark.parametrize("how", ["drop", "reconnect", "close", "op9"])
async def test_a_resume_replays_what_was_missed(strict, how: str) -> None:
    sandbox = await strict()
    guild = sandbox.create_guild("Late Night Reviews")
    channel = guild.create_channel("submissions")
    async with running(Bot(sandbox)) as bot:
        async with Expected(bot, hikari.GuildMessageCreateEvent) as messages:
            session = sandbox.gateway.connected[0]
            {
                "drop": sandbox.faults.drop_gateway,
                "reconnect": sandbox.faults.reconnect,
                "close": sandbox.faults.close_gateway,
                "op9": lambda: sandbox.faults.invalidate(resumable=True),
            }[how]()
            await sandbox.gateway.wait_until(lambda: session.connection is None)
            await guild.owner.say(channel, "while you were away")
            assert (await messages.next()).content == "while you were away"
        assert sandbox.gateway.connected == [session]
        assert session.resumes == 1


@pytest.mark.usefixtures("no_back_off")
async def test_an_invalid_session_identifies_again(strict) -> None:
    sandbox = await strict(identify_window=0.0)
    sandbox.create_guild("Late Night Reviews")
    async with running(Bot(sandbox)) as bot:
        (first,) = sandbox.gateway.connected
        async with Expected(bot, hikari.ShardReadyEvent) as ready:
            sandbox.faults.invalidate(resumable=False)
            await ready.next()
        (second,) = sandbox.gateway.connected
    assert second is not first
    assert sandbox.gateway.starts_left == 998


@pytest.mark.usefixtures("no_back_off")
async def test_a_zombie_connection_is_noticed_and_resumed(strict) -> None:
    sandbox = await strict()
    sandbox.gateway.heartbeat_interval = 0.2
    async with running(Bot(sandbox)) as bot, Expected(bot, hikari.ShardResumedEvent) as resumed:
        session = sandbox.gateway.connected[0]
        sandbox.faults.silence_heartbeats()
        await sandbox.gateway.wait_until(lambda: session.connection is None)
        sandbox.faults.clear()
        await resumed.next()


@pytest.mark.usefixtures("no_back_off")
async def test_a_zombie_is_one_connection_and_the_next_is_heard(strict) -> None:
    sandbox = await strict()
    sandbox.gateway.heartbeat_interval = 0.2
    async with running(Bot(sandbox)) as bot, Expected(bot, hikari.ShardResumedEvent) as resumed:
        session = sandbox.gateway.connected[0]
        sandbox.faults.make_zombies(shard=1)
        assert session.connection is not None and not session.connection.zombie
        sandbox.faults.make_zombies(shard=0)
        await resumed.next()
        (again,) = sandbox.gateway.connected
        assert again is session and session.resumes == 1
        assert session.connection is not None and not session.connection.zombie


async def test_who_sends_no_heartbeat_is_closed_and_loses_the_session(strict) -> None:
    sandbox = await strict(identify_window=0.0)
    sandbox.gateway.heartbeat_interval = 0.05
    async with gateway(sandbox) as socket:
        ready = await socket.identify(sandbox)
        assert await socket.code() == 4009
    async with gateway(sandbox) as socket:
        await socket.receive()
        await socket.send(6, {"token": sandbox.token, "session_id": ready["d"]["session_id"], "seq": 1})
        assert await socket.receive() == {"op": 9, "d": False}


async def test_a_resume_needs_a_session_that_is_known_and_not_ended_by_the_client(strict) -> None:
    sandbox = await strict(identify_window=0.0)
    async with gateway(sandbox) as socket:
        ready = await socket.identify(sandbox)
        await socket.socket.close(code=1000)
    await sandbox.gateway.wait_until(lambda: not sandbox.gateway.connections)
    async with gateway(sandbox) as socket:
        await socket.receive()
        await socket.send(6, {"token": sandbox.token, "session_id": ready["d"]["session_id"], "seq": 1})
        assert await socket.receive() == {"op": 9, "d": False}


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"token": "wrong"}, 4004),
        ({"shard": [2, 2]}, 4010),
        ({"shard": ["first", "last"]}, 4010),
        ({"shard": 1}, 4010),
        ({"intents": 1 << 30}, 4013),
        ({"intents": int(Intent.MESSAGE_CONTENT)}, 4014),
    ],
)
async def test_an_identify_is_refused_with_its_code(strict, fields: dict[str, object], code: int) -> None:
    sandbox = await strict()
    sandbox.gateway.privileged = 0
    async with gateway(sandbox) as socket:
        assert (await socket.receive())["op"] == 10
        await socket.send(2, {"token": sandbox.token, "intents": 1, "properties": {}, **fields})
        assert await socket.code() == code


async def test_too_many_guilds_for_the_shards(strict) -> None:
    sandbox = await strict()
    sandbox.gateway.guilds_per_shard = 1
    for index in range(2):
        sandbox.create_guild(f"Guild {index}")
    async with gateway(sandbox) as socket:
        await socket.receive()
        await socket.send(2, {"token": sandbox.token, "intents": 1, "properties": {}})
        assert await socket.code() == 4011


@pytest.mark.parametrize(
    ("query", "payload", "code"),
    [
        ("?v=9&encoding=json", None, 4012),
        ("?v=10&encoding=json", '{"op":77,"d":null}', 4001),
        ("?v=10&encoding=json", "not json", 4002),
        ("?v=10&encoding=json", '{"op":2,"d":null}', 4002),
        ("?v=10&encoding=json", '{"op":6,"d":[]}', 4002),
        ("?v=10&encoding=json", '{"op":3,"d":{}}', 4003),
    ],
)
async def test_a_connection_is_closed_with_its_code(
    strict, query: str, payload: str | None, code: int
) -> None:
    sandbox = await strict()
    async with gateway(sandbox, query) as socket:
        if payload is not None:
            await socket.socket.send_str(payload)
        assert await socket.code() == code


async def test_who_identifies_twice_is_closed_with_4005(strict) -> None:
    sandbox = await strict(identify_window=0.0)
    async with gateway(sandbox) as socket:
        assert (await socket.identify(sandbox))["t"] == "READY"
        await socket.send(2, {"token": sandbox.token, "intents": 1, "properties": {}})
        assert await socket.code() == 4005


async def test_more_than_120_sends_a_minute_are_closed_with_4008(strict) -> None:
    sandbox = await strict()
    async with gateway(sandbox) as socket:
        await socket.identify(sandbox)
        for number in range(119):
            await socket.send(1, number)
        for _ in range(119):
            await socket.event_of(11)
        await socket.send(1, 119)
        assert await socket.code() == 4008


async def test_identifies_are_paced_per_bucket(strict) -> None:
    sandbox = await strict(max_concurrency=2, identify_window=5.0)
    async with gateway(sandbox) as zero, gateway(sandbox) as one, gateway(sandbox) as two:
        assert (await zero.identify(sandbox, shard=[0, 3]))["t"] == "READY"
        assert (await one.identify(sandbox, shard=[1, 3]))["t"] == "READY"
        assert await two.identify(sandbox, shard=[2, 3]) == {"op": 9, "d": False}
    assert sandbox.gateway.invalid == 1


async def test_members_can_be_asked_for(sandbox: Sandbox, bot: Bot, guild: Guild, mia: Person) -> None:
    async with Expected(bot, hikari.MemberChunkEvent) as chunks:
        await bot.request_guild_members(guild.id, query="mi", limit=5)
        assert [member.username for member in await chunks.next()] == ["mia"]


async def test_a_guild_is_announced_and_taken_away(sandbox: Sandbox, bot: Bot) -> None:
    async with Expected(bot, hikari.GuildJoinEvent) as joined, Expected(bot, hikari.GuildLeaveEvent) as left:
        guild = sandbox.create_guild("New here")
        assert (await joined.next()).guild.name == "New here"
        sandbox.remove_guild(guild)
        assert (await left.next()).guild_id == guild.id
