-- include: move order song
-- Takes a song in: Free songs wait at once, claimed skips wait for a reviewer's approval.
-- ARGS: title artist user user_name [link file file_name file_size note track claimed]
if ARGS.claimed == '0' then
  ARGS.claimed = nil
end
local tier = ARGS.claimed or '0'
if not known_tier(tier) then
  return refuse('unknown_tier', { tier = tier })
end
if setting('paused', '0') == '1' then
  return refuse('paused')
end
if setting('closed:' .. tier, '0') == '1' then
  return refuse('closed', { tier = tonumber(tier) })
end
local cap = setting_number('cap', DEFAULT_CAP)
if cap > 0 and waiting_count() + redis.call('ZCARD', PREFIX .. 'pending') >= cap then
  return refuse('full', { cap = cap })
end

local limit = ARGS.claimed and setting_number('limit:pending', DEFAULT_PENDING_LIMIT)
  or setting_number('limit:0', DEFAULT_FREE_LIMIT)
if limit > 0 then
  local taken, latest = 0, nil
  for _, member in ipairs(redis.call('ZRANGE', PREFIX .. 'artist:' .. ARGS.user, 0, -1)) do
    local state, at = unpack(redis.call('HMGET', PREFIX .. song_key(member), 'state', 'tier'))
    local counts = state == 'pending'
    if not ARGS.claimed then
      counts = at == '0' and (state == 'waiting' or state == 'held' or state == 'bumped')
    end
    if counts then
      taken, latest = taken + 1, member
    end
  end
  if taken >= limit then
    return refuse('limit', { limit = limit, tier = tonumber(tier), song = facts_of(latest) })
  end
end

if ARGS.track then
  local owner = redis.call('HGET', PREFIX .. 'tracks', ARGS.track)
  if owner then
    return refuse('duplicate', { song = facts_of(owner), place = place_of(owner) })
  end
  local played = redis.call('ZSCORE', PREFIX .. 'recent', ARGS.track)
  local cooldown = setting_number('cooldown', DEFAULT_COOLDOWN)
  if played and cooldown > 0 then
    local left = math.ceil((tonumber(played) + cooldown * 1000 - NOW) / 1000)
    if left > 0 then
      return refuse('cooldown', { seconds = left })
    end
  end
end

local number = digits(next_in('number'))
local member = member_of(number)
local key = song_key(member)
ARGS.number, ARGS.tier, ARGS.submitted_at, ARGS.entered_at = number, tier, AT, AT
ARGS.state = ARGS.claimed and 'pending' or 'waiting'
ARGS.seq = digits(next_in('seq'))
ARGS.by, ARGS.by_name, ARGS.at = BY, BY_NAME, AT
for field, value in pairs(ARGS) do
  put_field(key, field, value)
end
seat(member)
local song = facts_of(member)
return commit('submitted', number, { song = song },
  { song = song, place = place_of(member), waiting = waiting_count() })
