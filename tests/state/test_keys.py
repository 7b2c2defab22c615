"""What a whole show leaves in Redis is what `state.keys` says, and nothing besides."""

from __future__ import annotations

import inspect
import re
from collections import defaultdict
from importlib.resources import files
from typing import Any

import orjson
from redis.asyncio import Redis

from bot.posting import post_once
from persistence.keys import is_live, is_passing
from state import fields, host_keys, keys, live_keys, shard_keys, timer_keys, web_keys
from state.cards import Look
from state.identify import IdentifyTurn
from state.keyspace import Key, Rebuilt, Type
from state.lease import Lease
from state.scripts import DEFAULTS
from state.song import Song
from tests.stage import Stage, until
from tests.state.show import MIA, Show


class Looker:
    """Looks at every key of a guild, and at those of all guilds, and notes what it saw."""

    def __init__(self, redis: Redis, guild: int) -> None:
        self.redis: Any = redis
        self.guild = guild
        self.seen: dict[str, set[str]] = defaultdict(set)
        self.wrong: set[str] = set()
        self.kinds: set[str] = set()

    async def look(self) -> None:
        for pattern in (keys.key(self.guild, "*"), "sl:[^{]*", "sl:{sign}:*", "sl:{lease}:*"):
            async for name in self.redis.scan_iter(pattern, count=5000):
                key = keys.find(name)
                if key is None:
                    self.wrong.add(f"{name} is not documented")
                else:
                    await self._compare(name, key)

    async def _compare(self, name: str, key: Key) -> None:
        async with self.redis.pipeline(transaction=True) as pipe:
            type_, left = await pipe.type(name).pttl(name).execute()
        if type_ == "none":
            return
        self.seen[key.pattern].add("")
        if type_ != key.type:
            self.wrong.add(f"{name} is a {type_} and not a {key.type}")
            return
        if not (left == -1 if key.ttl is None else 0 <= left <= key.ttl * 1000):
            self.wrong.add(f"{name} has {left} ms to live, documented are {key.ttl} s")
        if type_ == "hash":
            self._note(key, await self.redis.hkeys(name))
        elif type_ == "stream":
            for _, entry in await self.redis.xrange(name):
                self._note(key, entry)
                self._event(entry)

    def _note(self, key: Key, found: Any) -> None:
        for name in found:
            field = key.field(name)
            if field is None:
                self.wrong.add(f"field {name} of {key.pattern} is not documented")
            else:
                self.seen[key.pattern].add(field.name)

    def _event(self, entry: dict[str, str]) -> None:
        kind = fields.EVENTS.get(entry["kind"])
        if kind is None:
            self.wrong.add(f"the kind of event {entry['kind']} is not documented")
            return
        self.kinds.add(entry["kind"])
        for fact in orjson.loads(entry["data"]):
            if fact not in kind.data:
                self.wrong.add(f"{fact} in the data of {entry['kind']} is not documented")


async def test_a_whole_show_leaves_what_is_documented_and_nothing_else(stage: Stage) -> None:
    stores = stage.app.stores
    redis, guild = stores.redis, stage.id
    looker = Looker(redis, guild)
    show = Show(redis, stores.queue, stores.points, stores.configuration, guild)
    await stage.display("public", stage.queue)
    # Notices stay owed for as long as Discord takes its time.
    slow = stage.discord.faults.delay("POST", "/users/@me/channels", 2.0, times=100)
    async with (
        # As if another process answered those who ask and stored sessions, and had not done so yet.
        Lease(redis, keys.lease(guild, "places")).held(),
        Lease(redis, keys.lease(guild, "sessions")).held(),
        Lease(redis, keys.common_lease("commands:test")).held(),
    ):
        await IdentifyTurn(redis, "0/1", 0).claim()
        await show.all_of_it(looker.look)
        # A display in a channel that is gone is switched off.
        await stores.configuration.set_display(guild, "gone", MIA, "reviewer", (1, 0))
        await until(lambda: redis.hexists(keys.painted(guild, "reviewer"), "off"))  # type: ignore[arg-type]

        async def given_up() -> bool:
            return any(card.look is Look.OFF for card in await stores.cards.all(guild))

        # Their channels are gone, too, and that is noted by a move.
        await until(given_up)
        revision = await redis.get(keys.revision(guild))

        async def archived() -> bool:
            return int(await redis.get(keys.archived(guild)) or 0) >= int(revision)

        await until(archived)
        await until(lambda: redis.exists(keys.owed(guild)))
        assert stage.app.bot is not None
        await post_once(stage.app.bot.rest, redis, guild, int(stage.queue.id), "0a1b", content="Once")
        client: Any = redis
        await client.hset(keys.declared("test"), items=["token", "1", "late", "2"])
        # As a process leaves it that died while it painted, and one that came late.
        await client.hset(keys.painted(guild, "public"), items=["painting", "1", "late", "2"])
        # As a rebuild leaves it.
        await client.hset(live_keys.heard(guild), "mia.live", "1")
        await looker.look()
        slow.times = 0
    await redis.delete(keys.declared("test"))
    assert not looker.wrong, "\n".join(sorted(looker.wrong))
    # Nothing is documented that no show makes; what is new belongs into tests/state/show.py, too.
    stored = [key for key in keys.TABLE.values() if key.type is not Type.CHANNEL]
    never = {key.pattern for key in stored} - set(looker.seen)
    never |= {
        f"{key.name} {field.name}"
        for key in stored
        for field in key.fields
        if field.name not in looker.seen[key.pattern]
    }
    assert not never
    assert set(fields.EVENTS) - looker.kinds == {"restored_backup", "forgotten"}


def test_every_kind_of_event_the_scripts_write_is_documented() -> None:
    written: set[str] = set()
    for script in (files("state") / "lua").iterdir():
        if script.name.endswith(".lua"):
            for call in re.findall(r"commit\((.+?),", script.read_text(encoding="utf-8")):
                written |= set(re.findall(r"'(\w+)'", call))
    assert written, "no script commits anything any more?"
    assert written <= set(fields.EVENTS), "describe them in state/fields.py"


def test_every_function_names_the_key_that_is_written_beside_it() -> None:
    arguments: dict[str, Any] = {
        "guild": 5,
        "number": 12,
        "user": 7,
        "kind": "public",
        "work": "restore",
        "request_id": "99",
        "move": "next",
        "id_": 4,
        "handle": "mia",
        "viewer": 8,
        "code": "ABC",
        "shard": "0/4",
        "bucket": 0,
        "nonce": "0a1b",
        "where": "global",
    }
    named: set[str] = set()
    modules = (keys, live_keys, host_keys, shard_keys, timer_keys, web_keys)
    functions = [pair for module in modules for pair in inspect.getmembers(module, inspect.isfunction)]
    for name, function in functions:
        if function.__module__ not in [module.__name__ for module in modules] or name in ("key", "find"):
            continue
        full = function(*(arguments[parameter] for parameter in inspect.signature(function).parameters))
        found = keys.find(full)
        assert found is not None, full
        assert found.meaning == " ".join((function.__doc__ or "").split())
        named.add(found.pattern)
    common = {keys.GUILDS, keys.POSTGRES_AWAY, keys.CHANGES, host_keys.SIGN_TURN, host_keys.SIGN_CLOSED}
    assert named == set(keys.TABLE) - common


def test_a_key_belongs_to_one_entry() -> None:
    assert (found := keys.find("sl:{5}:lease:tiktok:mia")) and found.name == "lease:<work>"
    assert (found := keys.find("sl:{5}:lease:tiktok:mia:token")) and found.name == "lease:<work>:token"
    assert (found := keys.find("sl:{lease}:commands:global")) and found.name == "sl:{lease}:<work>"
    assert (found := keys.find("sl:{lease}:shard:0/4")) and found.name == "sl:{lease}:<work>"
    assert (found := keys.find("sl:{5}:points:user")) and found.name == "points:user"
    assert keys.find("sl:{5}:points") is None
    assert keys.find("sl:{five}:rev") is None
    assert keys.find("other:{5}:rev") is None


def test_the_archive_puts_back_exactly_what_is_said_to_come_from_it() -> None:
    for key in keys.TABLE.values():
        if key.pattern.startswith("sl:{<guild>}"):
            assert is_live(key.name) == (key.rebuilt is Rebuilt.ARCHIVE), key.name
            assert is_passing(key.name) == (key.rebuilt is Rebuilt.NEVER), key.name


def test_every_field_of_a_song_is_documented() -> None:
    known = {field.name for field in fields.SONG}
    assert set(Song.__dataclass_fields__) <= known


def test_the_defaults_of_settings_are_told_as_they_are() -> None:
    told = {field.name: field.meaning for field in fields.SETTINGS}
    for name, default in DEFAULTS.items():
        words = "0, the default" if default == "0" else f"default {default}"
        assert words in told[name], name
