-- include: move order song
-- Changes settings, the ladder or the register of displays, all of them or none.
-- ARGS: hash ('settings', 'ladder' or 'displays'), values { field: value or false }, [replace: bool],
-- [unless: { field: value the caller saw or false }]
local name = ARGS.hash
for field, seen in pairs(ARGS.unless or {}) do
  local current = redis.call('HGET', PREFIX .. name, field)
  if current ~= seen then
    return refuse('changed', { field = field, value = current or nil })
  end
end
local values = ARGS.values
if ARGS.replace then
  for _, field in ipairs(redis.call('HKEYS', PREFIX .. name)) do
    if values[field] == nil then
      values[field] = false
    end
  end
end
if name == 'ladder' then
  local stranded = {}
  for _, set in ipairs({ 'queue', 'bumped', 'held' }) do
    for _, member in ipairs(redis.call('ZRANGE', PREFIX .. set, 0, -1)) do
      if not values[song_field(member, 'tier')] then
        stranded[#stranded + 1] = tonumber(song_field(member, 'number'))
      end
    end
  end
  if #stranded > 0 then
    return refuse('stranded', { songs = stranded })
  end
end
local changes = {}
for field, value in pairs(values) do
  local before = redis.call('HGET', PREFIX .. name, field)
  if before ~= value then
    put_field(name, field, value or nil)
    changes[#changes + 1] = { field, nullable(before), nullable(value) }
  end
end
if #changes == 0 then
  return refuse('unchanged')
end
return commit(name, '', { changes = changes }, { changes = #changes })
