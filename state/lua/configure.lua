-- include: move order song timers
-- Changes settings, the ladder or the register of displays, all of them or none.
-- ARGS: kind (the event: 'settings', 'ladder', 'displays', or 'imported' for settings and ladder in one),
-- [settings], [ladder], [displays]: { values = { field: value or false }, [replace: bool],
-- [unless = { field: value the caller saw or false }] }, [of: revision of the change that this takes back]
local PARTS = { 'settings', 'ladder', 'displays' }
for _, name in ipairs(PARTS) do
  local part = ARGS[name]
  for field, seen in pairs(part and part.unless or {}) do
    local current = redis.call('HGET', PREFIX .. name, field)
    if current ~= seen then
      return refuse('changed', { field = field, value = current or nil })
    end
  end
  if part and part.replace then
    for _, field in ipairs(redis.call('HKEYS', PREFIX .. name)) do
      if part.values[field] == nil then
        part.values[field] = false
      end
    end
  end
end
if ARGS.ladder then
  local stranded = {}
  for _, set in ipairs({ 'queue', 'bumped', 'held' }) do
    for _, member in ipairs(redis.call('ZRANGE', PREFIX .. set, 0, -1)) do
      if not ARGS.ladder.values[song_field(member, 'tier')] then
        stranded[#stranded + 1] = tonumber(song_field(member, 'number'))
      end
    end
  end
  if #stranded > 0 then
    return refuse('stranded', { songs = stranded })
  end
end
local grace = setting_number('live_grace', DEFAULT_LIVE_GRACE)
local data, count = {}, 0
for _, name in ipairs(PARTS) do
  local part, changes = ARGS[name], {}
  for field, value in pairs(part and part.values or {}) do
    local before = redis.call('HGET', PREFIX .. name, field)
    -- A display that Discord refused is put up anew where it stands.
    local off = name == 'displays' and redis.call('HEXISTS', PREFIX .. 'painted:' .. field, 'off') == 1
    if before ~= value or off then
      put_field(name, field, value or nil)
      changes[#changes + 1] = { field, nullable(before), nullable(value) }
      if name == 'displays' then
        redis.call('DEL', PREFIX .. 'painted:' .. field)
      end
    end
  end
  if #changes > 0 then
    data[name == 'ladder' and ARGS.kind == 'imported' and 'ladder' or 'changes'] = changes
    count = count + #changes
  end
end
if count == 0 then
  return refuse('unchanged')
end
-- Sessions whose host is away end by what is set now.
local later = setting_number('live_grace', DEFAULT_LIVE_GRACE) - grace
local timers = later ~= 0 and redis.call('ZRANGE', PREFIX .. 'timers', 0, -1, 'WITHSCORES') or {}
for i = 1, #timers, 2 do
  if string.sub(timers[i], 1, 8) == 'session:' then
    set_timer(timers[i], tonumber(timers[i + 1]) + later * 1000)
  end
end
data.of = ARGS.of
return commit(ARGS.kind, '', data, { changes = count })
