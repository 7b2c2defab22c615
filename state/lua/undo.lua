-- include: move order song points
-- Puts the last undoable move back exactly: every field it changed, then the sets that follow from them.
-- ARGS: [expected: revision of the move to undo] [guard: ms]
local now = redis.call('HMGET', PREFIX .. 'now', 'mover', 'mover_name', 'moved', 'moved_at')
local mover = { by = now[1] or '0', by_name = now[2] or '', moved = now[3] or '',
  ago = now[4] and NOW - tonumber(now[4]) or 0 }
local stack = redis.call('HGET', PREFIX .. 'undo', 'stack') or ''
local top = string.match(stack, '(%d+)$')
if ARGS.expected and ARGS.expected ~= (top or 'none') then
  return refuse('stale', mover)
end
if not top then
  return refuse('nothing')
end
if ARGS.guard and mover.moved == 'undo' and mover.ago < ARGS.guard and mover.by ~= BY then
  return refuse('recent', mover)
end

local record = cjson.decode(redis.call('HGET', PREFIX .. 'undo', top))
local members, seen = {}, {}
for _, change in ipairs(record.fields) do
  local name, field, after = change[1], change[2], change[4]
  local member = string.match(name, '^song:(%d+)$')
  if member and not seen[member] then
    seen[member] = true
    members[#members + 1] = member
  end
  local current = redis.call('HGET', PREFIX .. name, field) or cjson.null
  if current ~= after then
    return refuse('moved_on', { move = record.kind, by_name = record.by_name,
      song = member and facts_of(member) or nil })
  end
end
for _, change in ipairs(record.fields) do
  local member = string.match(change[1], '^song:(%d+)$')
  if member and change[2] == 'state' and ACTIVE[change[3]] and not ACTIVE[change[4]] then
    local track = song_field(member, 'track')
    local owner = track and redis.call('HGET', PREFIX .. 'tracks', track)
    if owner and owner ~= member then
      return refuse('moved_on', { move = record.kind, by_name = record.by_name, song = facts_of(owner) })
    end
  end
end

-- Points taken by the move, read before the fields that hold them are put back, and the other way round.
local taken, given = {}, {}
for _, change in ipairs(record.fields) do
  if change[2] == 'stake' then
    if change[4] ~= cjson.null and change[3] == cjson.null then
      taken[#taken + 1] = cjson.decode(change[4])
    elseif change[3] ~= cjson.null and change[4] == cjson.null then
      given[#given + 1] = cjson.decode(change[3])
    end
  end
end
for index = #record.fields, 1, -1 do
  local change = record.fields[index]
  local before = change[3]
  put_field(change[1], change[2], before ~= cjson.null and before or nil)
end
for _, lock in ipairs(record.locks or {}) do
  if song_field(lock[1], 'locked') == lock[2] then
    put_field(song_key(lock[1]), 'locked', nil)
    seat(lock[1])
  end
end
if record.track then
  put_score('recent', record.track, nil)
end
local songs = {}
for _, member in ipairs(members) do
  seat(member)
end
for _, stake in ipairs(taken) do
  apply_points(stake, 1)
end
for _, stake in ipairs(given) do
  apply_points(stake, -1)
end
for _, member in ipairs(members) do
  songs[#songs + 1] = facts_of(member)
end
put_field('undo', top, nil)
local rest = string.gsub(stack, ',?%d+$', '')
put_field('undo', 'stack', rest ~= '' and rest or nil)
mark_mover('undo')
local answer = { move = record.kind, move_by = record.by, move_by_name = record.by_name, songs = songs,
  playing = redis.call('HGET', PREFIX .. 'now', 'song') or nil }
return commit('undone', record.song, { move = record.kind, of = top, songs = songs }, answer)
