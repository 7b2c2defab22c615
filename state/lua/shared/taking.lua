-- What may stand in the way of a song that is to be taken in. Each gives the word of the refusal and its facts,
-- nil when nothing does. Needs order.lua and song.lua.

local function closed_to(tier)
  if setting('paused', '0') == '1' then
    return 'paused'
  end
  if setting('closed:' .. tier, '0') == '1' then
    return 'closed', { tier = tonumber(tier) }
  end
  return nil
end

-- Free songs that wait and skips that wait for approval are limited apart. A Free song that claims a skip counts
-- as both: it comes back when the claim is turned down, so its Free place is kept for it until then.
local function over_limit(user, tier)
  local free = tier == '0'
  local limit = free and setting_number('limit:0', DEFAULT_FREE_LIMIT)
    or setting_number('limit:pending', DEFAULT_PENDING_LIMIT)
  if limit < 1 then
    return nil
  end
  local taken, latest = 0, nil
  for _, member in ipairs(redis.call('ZRANGE', PREFIX .. 'artist:' .. user, 0, -1)) do
    local state, at, was_free = unpack(redis.call('HMGET', PREFIX .. song_key(member), 'state', 'tier', 'was_free'))
    local counts = state == 'pending' and (was_free or not free)
    if free and at == '0' then
      counts = state == 'waiting' or state == 'held' or state == 'bumped'
    end
    if counts then
      taken, latest = taken + 1, member
    end
  end
  if taken >= limit then
    return 'limit', { limit = limit, tier = tonumber(tier), song = facts_of(latest) }
  end
  return nil
end

local function known_track(track)
  local owner = redis.call('HGET', PREFIX .. 'tracks', track)
  if owner then
    return 'duplicate', { song = facts_of(owner), place = place_of(owner) }
  end
  local played = redis.call('ZSCORE', PREFIX .. 'recent', track)
  local cooldown = setting_number('cooldown', DEFAULT_COOLDOWN)
  if played and cooldown > 0 then
    local left = math.ceil((tonumber(played) + cooldown * 1000 - NOW) / 1000)
    if left > 0 then
      return 'cooldown', { seconds = left }
    end
  end
  return nil
end
