-- include: move order song points wallet prices gifts onair
-- Puts the last undoable move back exactly: every field it changed, then the sets that follow from them.
-- ARGS: [expected: revision of the move to undo] [guard: ms]
local stack, undone_by, undone_by_name, undone_at = unpack(redis.call('HMGET', PREFIX .. 'undo',
  'stack', 'undone_by', 'undone_by_name', 'undone_at'))
local top = string.match(stack or '', '(%d+)$')
local record = top and cjson.decode(redis.call('HGET', PREFIX .. 'undo', top)) or nil

-- Who came between: the one who made a newer move, else the one who took the move back.
local function overtaken()
  local playing = redis.call('HGET', PREFIX .. 'now', 'song')
  local facts = { by = undone_by or '0', by_name = undone_by_name or '', moved = undone_at and 'undo' or '',
    ago = undone_at and NOW - tonumber(undone_at) or 0, song = playing and facts_of(member_of(playing)) or nil }
  if record and ARGS.expected and tonumber(top) > tonumber(ARGS.expected) then
    facts.by, facts.by_name, facts.moved = record.by, record.by_name, record.kind
    facts.ago = NOW - tonumber(record.at)
  end
  return facts
end

if ARGS.expected and ARGS.expected ~= top then
  return refuse('stale', overtaken())
end
if not top then
  return refuse('nothing')
end
if ARGS.guard and undone_at and NOW - tonumber(undone_at) < ARGS.guard and undone_by ~= BY then
  return refuse('recent', overtaken())
end

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

-- Coins that were given back and are spent by now stand in the way.
local owed = {}
for _, row in ipairs(record.wallet or {}) do
  owed[row[1]] = (owed[row[1]] or 0) + row[2]
end
for user, delta in pairs(owed) do
  if wallet_of(user) - delta < 0 then
    return refuse('moved_on', { move = record.kind, by_name = record.by_name,
      song = record.song ~= '' and facts_of(member_of(record.song)) or nil })
  end
end

if record.banked and not banks_cover(record.banked) then
  return refuse('moved_on', { move = record.kind, by_name = record.by_name,
    song = record.song ~= '' and facts_of(member_of(record.song)) or nil })
end

-- A tier the ladder has lost since takes nobody back.
local after = {}
for _, change in ipairs(record.fields) do
  local member = string.match(change[1], '^song:(%d+)$')
  if member and (change[2] == 'state' or change[2] == 'tier') then
    after[member] = after[member] or {}
    after[member][change[2]] = change[3]
  end
end
for member, fields in pairs(after) do
  local state = fields.state or song_field(member, 'state')
  if (state == 'waiting' or state == 'bumped') and not known_tier(fields.tier or song_field(member, 'tier')) then
    return refuse('moved_on', { move = record.kind, by_name = record.by_name, song = facts_of(member) })
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
local stage_moved = false
for index = #record.fields, 1, -1 do
  local change = record.fields[index]
  local before = change[3]
  put_field(change[1], change[2], before ~= cjson.null and before or nil)
  stage_moved = stage_moved or change[1] == 'now'
end
for _, lock in ipairs(record.locks or {}) do
  if song_field(lock[1], 'locked') == lock[2] then
    put_field(song_key(lock[1]), 'locked', nil)
    seat(lock[1])
  end
end
for user, delta in pairs(owed) do
  credit_wallet(user, 0 - delta, 'undone')
end
take_back_gifts(record.banked or {})
unmark_song(record.marks or {}, record.song)
if record.recent then
  local track, before = record.recent[1], record.recent[2]
  put_score('recent', track, before ~= cjson.null and tonumber(before) or nil)
end
local songs = {}
for _, member in ipairs(members) do
  seat(member)
end
for _, stake in ipairs(taken) do
  apply_points(stake, 1)
end
if record.taken then
  apply_points(record.taken, 1)
end
for _, stake in ipairs(given) do
  apply_points(stake, -1)
end
for _, member in ipairs(members) do
  songs[#songs + 1] = facts_of(member)
end
drop_move(top)
local rest = string.gsub(stack, ',?%d+$', '')
put_field('undo', 'stack', rest ~= '' and rest or nil)
put_field('undo', 'undone_by', BY)
put_field('undo', 'undone_by_name', BY_NAME)
put_field('undo', 'undone_at', AT)
if stage_moved then
  mark_mover('undo')
end
local answer = { move = record.kind, move_by = record.by, move_by_name = record.by_name, songs = songs,
  playing = redis.call('HGET', PREFIX .. 'now', 'song') or nil }
return commit('undone', record.song, { move = record.kind, of = top, songs = songs,
  wallet = wallet_changes() }, answer)
