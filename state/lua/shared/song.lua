-- A song is a hash; its state, tier, seq, due, hold and locked fields alone decide in which set it sits and
-- with which score. Every move changes fields, then seats the song: the sets cannot disagree with it.

local function member_of(number)
  return string.format('%012.0f', tonumber(number))
end

local function song_key(member)
  return 'song:' .. member
end

local function song_field(member, field)
  return field_of(song_key(member), field)
end

local function song_exists(member)
  return redis.call('EXISTS', PREFIX .. song_key(member)) == 1
end

-- Points of a Discord account and of every handle linked to it, each counted once, within the score.
local function free_points(user)
  local total = tonumber(redis.call('ZSCORE', PREFIX .. 'points:user', user) or '0')
  for _, handle in ipairs(redis.call('ZRANGE', PREFIX .. 'handles:' .. user, 0, -1)) do
    total = total + tonumber(redis.call('ZSCORE', PREFIX .. 'points:handle', handle) or '0')
  end
  return math.max(0, math.min(total, SPAN - 1))
end

local function queue_score(song)
  if song.locked then
    return 0 - (LOCK * SPAN + (SPAN - 1 - tonumber(song.locked)))
  end
  if song.tier == '0' then
    return 0 - free_points(song.user)
  end
  return 0 - (tonumber(song.tier) * SPAN + (SPAN - 1 - tonumber(song.seq)))
end

local SEATS = { waiting = 'queue', pending = 'pending', held = 'held', bumped = 'bumped' }
local ACTIVE = { waiting = true, pending = true, held = true, bumped = true, playing = true }

-- `was` is the state it was seated by until now, if that is known: then only what differs is written.
local function seat(member, was)
  local song = hash(song_key(member))
  local state, track = song.state, song.track
  for name, set in pairs(SEATS) do
    if name ~= state and (not was or name == was) then
      put_score(set, member, nil)
    end
  end
  if state == 'waiting' then
    put_score('queue', member, queue_score(song))
  elseif state == 'bumped' then
    put_score('bumped', member, tonumber(song.due))
  elseif state == 'held' then
    put_score('held', member, tonumber(song.hold))
  elseif state == 'pending' then
    put_score('pending', member, tonumber(song.seq))
  end
  if was and ACTIVE[was] == ACTIVE[state] then
    return
  end
  put_score('artist:' .. song.user, member, ACTIVE[state] and tonumber(song.number) or nil)
  if track then
    local owner = redis.call('HGET', PREFIX .. 'tracks', track)
    if ACTIVE[state] and not owner then
      put_field('tracks', track, member)
    elseif not ACTIVE[state] and owner == member then
      put_field('tracks', track, nil)
    end
  end
end

-- Changes fields of a song (`false` removes one), stamps who and when, and seats it.
local function move_song(member, fields)
  local key = song_key(member)
  local was = hash(key).state
  fields.by, fields.by_name, fields.at = BY, BY_NAME, AT
  change_fields(key, fields)
  seat(member, was)
end

-- The artist's waiting Free songs follow the points at once. A locked song keeps its place.
local function rescore(user)
  for _, member in ipairs(redis.call('ZRANGE', PREFIX .. 'artist:' .. user, 0, -1)) do
    local key = song_key(member)
    if field_of(key, 'state') == 'waiting' and field_of(key, 'tier') == '0' and not field_of(key, 'locked') then
      put_score('queue', member, 0 - free_points(user))
    end
  end
end

local function setting(name, default)
  return hash('settings')[name] or default
end

-- A whole number from 0 on; what cannot be one counts as not set, lest a move break off half-way.
local function setting_number(name, default)
  local value = setting(name, default)
  if not string.find(value, '^%d+$') or #value > 14 then
    value = default
  end
  return tonumber(value)
end

-- Drops plays that are older than any cool-down, at most PRUNE_MOST at once; gives how many.
local function trim_recent()
  local horizon = NOW - math.max(setting_number('cooldown', DEFAULT_COOLDOWN), RECENT_SECONDS) * 1000
  local old = redis.call('ZRANGEBYSCORE', PREFIX .. 'recent', '-inf', digits(horizon), 'LIMIT', 0, PRUNE_MOST)
  for _, track in ipairs(old) do
    put_score('recent', track, nil)
  end
  return #old
end

local function known_tier(label)
  if redis.call('EXISTS', PREFIX .. 'ladder') == 1 then
    return redis.call('HEXISTS', PREFIX .. 'ladder', label) == 1
  end
  return DEFAULT_LADDER[label] ~= nil
end

local function facts_of(member)
  local song = hash(song_key(member))
  return { number = tonumber(song.number), title = song.title, artist = song.artist, user = song.user,
    user_name = song.user_name, tier = tonumber(song.tier), state = song.state, by = song.by or false,
    by_name = song.by_name or false, at = tonumber(song.at) }
end

-- Locks the first songs in order of play, once they are announced; gives the members newly locked.
local function lock_announced()
  local wanted, newly = math.min(setting_number('lock', DEFAULT_LOCK), MOST_LOCKED), {}
  if wanted < 1 then
    return newly
  end
  for _, member in ipairs(play_order(0, wanted)) do
    local song = hash(song_key(member))
    if song.state == 'waiting' and not song.locked then
      put_field(song_key(member), 'locked', digits(next_in('seq')))
      seat(member, 'waiting')
      newly[#newly + 1] = member
    end
  end
  return newly
end

-- Empties the stage: what played leaves it for another state. Whoever presses Next a moment later is told.
local function leave_stage(kind)
  change_fields('now', { song = false, title = false, artist = false, since = false })
  mark_mover(kind)
end
