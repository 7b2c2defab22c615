-- What the order of play is made of: the sorted sets, the turn, and the fairness the guild chose.

local function turn_now()
  return tonumber(redis.call('HGET', PREFIX .. 'now', 'turn') or '0')
end

-- Final places (from 0) of the bumped songs, earliest first: a list of { place, member }.
local function woven()
  local flat = redis.call('ZRANGE', PREFIX .. 'bumped', 0, -1, 'WITHSCORES')
  if #flat == 0 then
    return flat
  end
  local turn, waiting = turn_now(), redis.call('ZCARD', PREFIX .. 'queue')
  local places, last = {}, -1
  for i = 1, #flat, 2 do
    local place = math.max(tonumber(flat[i + 1]) - turn - 1, last + 1)
    place = math.min(place, waiting + #places)
    places[#places + 1] = { place, flat[i] }
    last = place
  end
  return places
end

-- Paid songs between two Free ones (0: no pattern), and whether the artists of a tier take turns.
local function fairness()
  local settings = hash('settings')
  local paid, rounds = settings['fair:paid'], settings['fair:round_robin']
  if not paid or #paid > 3 or not string.find(paid, '^%d+$') then
    paid = '0'
  end
  return tonumber(paid), rounds == '1'
end

local function score_text(score)
  return string.format('%.0f', score)
end

-- What stands first whatever the pattern, how many paid and Free songs follow in `queue`, and how many
-- paid ones were played since the last Free one.
local function standing()
  local locked = redis.call('ZRANGEBYSCORE', PREFIX .. 'queue', '-inf', score_text(0 - LOCK * SPAN))
  local above = redis.call('ZCOUNT', PREFIX .. 'queue', '-inf', score_text(0 - SPAN))
  local waiting = redis.call('ZCARD', PREFIX .. 'queue')
  local since = tonumber(redis.call('HGET', PREFIX .. 'now', 'paid') or '0') or 0
  return locked, above - #locked, waiting - above, since
end

local function tier_of(member)
  return redis.call('HGET', PREFIX .. 'song:' .. member, 'tier')
end
