-- include: move
-- Puts a guild back to what a backup holds, as one move: exactly the writes that tell the two apart.
-- ARGS: expected (the revision against which they were worked out)  least (the backup's own, which the new
-- one must exceed)  effects (as in the event)  facts (for the event)
-- [overtaken: the request whose effects are meant, but for those of the keys in instead, which are given anew]
-- Working them out and sending them takes long where there are many, and moves come in between. So what was
-- overtaken is kept for a minute, and only what those moves touched need be sent again.
local function kept(request)
  return PREFIX .. 'req:' .. request .. ':overtaken'
end
if tonumber(REVISION) - 1 ~= ARGS.expected then
  if not ARGS.overtaken then
    redis.call('SET', kept(ARGS.request), cjson.encode(ARGS.effects), 'EX', 60)
  end
  return refuse('stale', { revision = tonumber(REVISION) - 1 })
end
if ARGS.overtaken then
  local text = redis.call('GET', kept(ARGS.overtaken))
  if not text then
    return refuse('stale', { revision = ARGS.expected })
  end
  local instead, all = {}, {}
  for _, name in ipairs(ARGS.instead) do
    instead[name] = true
  end
  for _, effect in ipairs(cjson.decode(text)) do
    if not instead[effect[2]] then
      all[#all + 1] = effect
    end
  end
  for _, effect in ipairs(ARGS.effects) do
    all[#all + 1] = effect
  end
  ARGS.effects = all
end
local TYPES = { z = 'zset', h = 'hash', s = 'string' }
local seen = {}
for _, effect in ipairs(ARGS.effects) do
  local name = effect[2]
  if not seen[name] then
    seen[name] = true
    local held = redis.call('TYPE', PREFIX .. name).ok
    if held ~= 'none' and held ~= TYPES[effect[1]] then
      return refuse('stale', { revision = ARGS.expected })
    end
  end
end

if ARGS.least >= tonumber(REVISION) then
  REVISION = digits(ARGS.least + 1)
end
effects = ARGS.effects
local WRITE = { z = 'ZADD', h = 'HSET' }
local REMOVE = { z = 'ZREM', h = 'HDEL' }
local index = 1
while index <= #effects do
  local kind, name, removing = effects[index][1], effects[index][2], effects[index][4] == cjson.null
  if kind == 's' then
    if removing then
      redis.call('DEL', PREFIX .. name)
    else
      redis.call('SET', PREFIX .. name, effects[index][4])
    end
    index = index + 1
  else
    -- As many fields of one key at a time as Lua may hand over.
    local given = {}
    while #given < 2000 and index <= #effects do
      local effect = effects[index]
      if effect[1] ~= kind or effect[2] ~= name or (effect[4] == cjson.null) ~= removing then
        break
      end
      if removing then
        given[#given + 1] = effect[3]
      elseif kind == 'z' then
        given[#given + 1] = effect[4]
        given[#given + 1] = effect[3]
      else
        given[#given + 1] = effect[3]
        given[#given + 1] = effect[4]
      end
      index = index + 1
    end
    redis.call(removing and REMOVE[kind] or WRITE[kind], PREFIX .. name, unpack(given))
  end
end
if seen.timers then
  -- What is worked from takes up what the backup says.
  redis.call('DEL', PREFIX .. 'due', PREFIX .. 'due:claims')
end
local answer = commit('restored_backup', '', ARGS.facts, {})
-- As after a rebuild: whoever keeps settings in memory forgets them.
redis.call('PUBLISH', 'sl:changes', string.match(PREFIX, '{(.-)}') .. ' ' .. REVISION .. ' restored')
return answer
