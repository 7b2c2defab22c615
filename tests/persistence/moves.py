"""Moves as the scripts of the queue make them: one revision, one event, effects done and recorded."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import orjson
from redis.asyncio import Redis

from persistence.events import Effect, Event

_requests = itertools.count(1)

MOVE = """
local prefix = string.sub(KEYS[1], 1, -4)
local rev = redis.call('GET', KEYS[1])
if not rev then return redis.error_reply('unopened') end
rev = string.format('%.0f', rev + 1)
for _, e in ipairs(cjson.decode(ARGV[1])) do
  local key, field, value = prefix .. e[2], e[3], e[4]
  if e[1] == 's' then
    if value == cjson.null then redis.call('DEL', key) else redis.call('SET', key, value) end
  elseif field == cjson.null then redis.call('DEL', key)
  elseif e[1] == 'z' then
    if value == cjson.null then redis.call('ZREM', key, field) else redis.call('ZADD', key, value, field) end
  elseif value == cjson.null then redis.call('HDEL', key, field)
  else redis.call('HSET', key, field, value) end
end
local time = redis.call('TIME')
local at = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
redis.call('XADD', prefix .. 'events', rev .. '-0', 'kind', ARGV[2], 'at', at, 'by', '7', 'by_name', 'Mia',
  'song', '', 'req', ARGV[3], 'data', '{}', 'effects', ARGV[1])
redis.call('SET', KEYS[1], rev)
redis.call('PUBLISH', 'sl:changes', string.match(prefix, '{(.-)}') .. ' ' .. rev .. ' ' .. ARGV[2])
return rev
"""


async def move(redis: Redis, guild: int, effects: Sequence[Effect], kind: str = "tested") -> int:
    """Make one move and return its revision; refused when the guild has no `rev`."""
    text = orjson.dumps([list(effect) for effect in effects]).decode()
    client: Any = redis
    return int(await client.eval(MOVE, 1, f"sl:{{{guild}}}:rev", text, kind, f"r{next(_requests)}"))


def submit(number: int, **more: str) -> list[Effect]:
    """The effects of a submission, about as many as the real script has."""
    fields = {
        **{"number": str(number), "title": f"Song {number}", "artist": f"Artist {number % 7}"},
        **{"user": str(1000 + number % 5), "user_name": f"user{number % 5}", "tier": "0", "state": "waiting"},
        **{"link": f"https://example.org/{number}", "track": f"t:{number}", "seq": str(number)},
        **{"submitted_at": "1790000000123", "entered_at": "1790000000123", "at": "1790000000123"},
        **{"by": "7", "by_name": "Mia", "note": "please be kind", **more},
    }
    name = f"song:{number:012d}"
    return [
        Effect("s", "number", None, str(number)),
        Effect("s", "seq", None, str(number)),
        *(Effect("h", name, field, value) for field, value in fields.items()),
        Effect("z", "queue", f"{number:012d}", str(-(25 * 10**14 + 99999999999999 - number))),
        Effect("z", f"artist:{1000 + number % 5}", f"{number:012d}", str(number)),
        Effect("h", "tracks", f"t:{number}", str(number)),
    ]


def event(revision: int, effects: Sequence[Effect] = (), **more: Any) -> Event:
    """A move that never saw Redis."""
    facts: dict[str, Any] = {
        "kind": "tested",
        "at": 1790000000000 + revision,
        "request": f"e{revision}",
        **more,
    }
    return Event(revision=revision, effects=tuple(effects), **facts)
