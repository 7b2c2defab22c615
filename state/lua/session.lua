-- include: move song timers
-- The life of a session: one evening of one host. ARGS: verb, and
-- begin: host (its handle in lower case) host_id room at; the same session while the host was away for less than
--   the grace time, in whatever room; otherwise a new one, and an older one of the host ends where it was left
-- away: session at [why]   back: session at   gap: session from to why   end: session at [left: when it was left off]
-- stored: session
-- Times in ms. With `now`, what the clock by which they are told says as this is asked, they are put right where that
-- clock is wrong.
local off = ARGS.now and NOW - ARGS.now or 0
-- Less is the way here.
if math.abs(off) > CLOCK_WRONG_MS then
  for _, name in ipairs({ 'at', 'from', 'to' }) do
    ARGS[name] = ARGS[name] and ARGS[name] + off
  end
end

local function key_of(id)
  return 'session:' .. id
end

-- A clock may have been set since the moment it told, but nothing ends before it began.
local function not_before(id, at)
  return math.max(at, tonumber(redis.call('HGET', PREFIX .. key_of(id), 'connected_at')))
end

local function put(id, fields)
  for field, value in pairs(fields) do
    local name = key_of(id)
    if (redis.call('HGET', PREFIX .. name, field) or nil) ~= (value or nil) then
      put_field(name, field, value or nil)
    end
  end
end

-- No two gaps of a session overlap.
local function add_gap(id, from, to, why)
  local text = redis.call('HGET', PREFIX .. key_of(id), 'gaps')
  local gaps = text and cjson.decode(text) or {}
  if #gaps > 0 then
    from = math.max(from, gaps[#gaps][2])
  end
  if to <= from then
    return nil
  end
  gaps[#gaps + 1] = { from, to, why }
  put_field(key_of(id), 'gaps', cjson.encode(gaps))
  return gaps[#gaps]
end

-- When it was last heard of, and what became of it then.
local function left_off(id)
  local state, connected, last, away, why = unpack(redis.call('HMGET', PREFIX .. key_of(id), 'state',
    'connected_at', 'last_at', 'away_at', 'away_why'))
  if state == 'away' then
    return tonumber(away), why or 'away'
  end
  return math.max(tonumber(connected), tonumber(last or '0')), 'crash'
end

-- From when on events may be missing, if it was left off then: what was sent after the newest event that is booked
-- may have been under way, or heard and not booked yet by a process that died. A live that ended in our sight has
-- told everything before.
local function missed_from(id, left, why)
  local connected, last = unpack(redis.call('HMGET', PREFIX .. key_of(id), 'connected_at', 'last_at'))
  last = tonumber(last or '0')
  if why == 'over' or last < tonumber(connected) then
    return left
  end
  return math.min(left, last)
end

-- Counted from now by the server's clock: whoever is connected may have a wrong one.
local function set_end(id)
  set_timer(key_of(id), NOW + setting_number('live_grace', DEFAULT_LIVE_GRACE) * 1000)
end

local function finish(id, at)
  cancel_timer(key_of(id))
  put(id, { state = 'ended', ended_at = digits(at), away_at = false, away_why = false })
  local host = redis.call('HGET', PREFIX .. key_of(id), 'host')
  if redis.call('HGET', PREFIX .. 'live', host) == id then
    put_field('live', host, nil)
  end
  put_score('unstored', id, at)
end

local function told(id, data, answer)
  data.session, data.verb = tonumber(id), ARGS.verb
  data.host = data.host or redis.call('HGET', PREFIX .. key_of(id), 'host')
  answer = answer or {}
  answer.session = tonumber(id)
  return commit('session', '', data, answer)
end

if ARGS.verb == 'begin' then
  local id, ended = redis.call('HGET', PREFIX .. 'live', ARGS.host) or nil, nil
  if id then
    local left, why = left_off(id)
    local grace = setting_number('live_grace', DEFAULT_LIVE_GRACE) * 1000
    if ARGS.at - left <= grace then
      local gap = add_gap(id, missed_from(id, left, why), ARGS.at, why)
      local room, rooms = unpack(redis.call('HMGET', PREFIX .. key_of(id), 'room', 'rooms'))
      local fields = { state = 'live', connected_at = digits(ARGS.at), away_at = false, away_why = false,
        host_id = ARGS.host_id }
      if room ~= ARGS.room then
        -- A new room counts its likes from nothing.
        fields.room, fields.rooms, fields.likes_room = ARGS.room, rooms .. ' ' .. ARGS.room, false
      end
      put(id, fields)
      set_end(id)
      return told(id, { gap = gap, room = ARGS.room }, { resumed = true })
    end
    finish(id, left)
    ended = tonumber(id)
  end
  id = digits(next_in('session'))
  put(id, { host = ARGS.host, host_id = ARGS.host_id, room = ARGS.room, rooms = ARGS.room, state = 'live',
    started_at = digits(ARGS.at), connected_at = digits(ARGS.at) })
  put_field('live', ARGS.host, id)
  set_end(id)
  return told(id, { room = ARGS.room, ended = ended }, { resumed = false, ended = ended })
end

local id = ARGS.session
local state = redis.call('HGET', PREFIX .. key_of(id), 'state')
if not state then
  return refuse('no_session', { session = id })
end
if ARGS.verb == 'stored' then
  if state ~= 'ended' then
    return refuse('unchanged')
  end
  local host = redis.call('HGET', PREFIX .. key_of(id), 'host')
  for _, name in ipairs({ key_of(id), key_of(id) .. ':viewers', key_of(id) .. ':curve' }) do
    if redis.call('UNLINK', PREFIX .. name) == 1 then
      effects[#effects + 1] = { 'h', name, cjson.null, cjson.null }
    end
  end
  put_score('unstored', id, nil)
  return told(id, { host = host })
end
if state == 'ended' then
  return refuse('no_session', { session = id })
end
if ARGS.verb == 'away' then
  if state == 'away' then
    return refuse('unchanged')
  end
  put(id, { state = 'away', away_at = digits(not_before(id, ARGS.at)), away_why = ARGS.why or 'away' })
  set_end(id)
  return told(id, { why = ARGS.why })
elseif ARGS.verb == 'back' then
  if state ~= 'away' then
    return refuse('unchanged')
  end
  local left, why = left_off(id)
  put(id, { state = 'live', connected_at = digits(ARGS.at), away_at = false, away_why = false })
  set_end(id)
  return told(id, { gap = add_gap(id, missed_from(id, left, why), ARGS.at, why) })
elseif ARGS.verb == 'gap' then
  local gap = add_gap(id, missed_from(id, ARGS.from, ARGS.why), ARGS.to, ARGS.why)
  if not gap then
    return refuse('unchanged')
  end
  return told(id, { gap = gap })
end
-- Whoever looked whether it is over may have slept since.
if ARGS.left and ARGS.left ~= left_off(id) then
  return refuse('unchanged')
end
finish(id, math.max(not_before(id, ARGS.at), tonumber(redis.call('HGET', PREFIX .. key_of(id), 'last_at') or '0')))
return told(id, {})
