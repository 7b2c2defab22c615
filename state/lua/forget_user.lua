-- include: move
-- Forgets a person: writes what is left of the live state, and the newest moves as they are told from now on.
-- ARGS: expected (the revision this was worked out against)  writes (effects, all that changes)
-- effects (those of them that name the person in no key, member or field: the event must not do so either)
-- entries (those of the stream that tell something else now: list of { revision, fields as a flat list })
-- songs (how many they had)
if tonumber(REVISION) - 1 ~= ARGS.expected then
  return refuse('stale', { revision = tonumber(REVISION) - 1 })
end
for _, write in ipairs(ARGS.writes) do
  local kind, key, field, value = write[1], PREFIX .. write[2], write[3], write[4]
  if kind == 's' then
    if value == cjson.null then
      redis.call('DEL', key)
    else
      redis.call('SET', key, value)
    end
  elseif value == cjson.null then
    redis.call(kind == 'z' and 'ZREM' or 'HDEL', key, field)
  elseif kind == 'z' then
    redis.call('ZADD', key, value, field)
  else
    redis.call('HSET', key, field, value)
  end
end
if #ARGS.entries > 0 then
  local fresh = {}
  for _, entry in ipairs(ARGS.entries) do
    fresh[entry[1] .. '-0'] = entry[2]
  end
  -- An entry cannot be changed where it stands.
  local entries = redis.call('XRANGE', PREFIX .. 'events', '-', '+')
  redis.call('DEL', PREFIX .. 'events')
  for _, entry in ipairs(entries) do
    redis.call('XADD', PREFIX .. 'events', entry[1], unpack(fresh[entry[1]] or entry[2]))
  end
end
-- It follows from what was written here and not all of which is told; made again when it is asked for.
redis.call('DEL', PREFIX .. 'points:total')
effects = ARGS.effects
return commit('forgotten', '', { songs = ARGS.songs }, { songs = ARGS.songs })
