-- The order of play. `queue` is one sorted set whose ascending order is that order; songs bumped down
-- wait in `bumped`, scored by the turn they are due, and are woven in at exactly that turn.

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

-- `count` members in order of play, from place `offset` (from 0).
local function play_order(offset, count)
  local bumped = woven()
  if #bumped == 0 then
    return redis.call('ZRANGE', PREFIX .. 'queue', offset, offset + count - 1)
  end
  local before, inside = 0, {}
  for _, entry in ipairs(bumped) do
    if entry[1] < offset then
      before = before + 1
    elseif entry[1] < offset + count then
      inside[entry[1]] = entry[2]
    end
  end
  local waiting = redis.call('ZRANGE', PREFIX .. 'queue', offset - before, offset - before + count - 1)
  local members, taken = {}, 0
  for place = offset, offset + count - 1 do
    local member = inside[place]
    if not member then
      taken = taken + 1
      member = waiting[taken]
    end
    if not member then
      break
    end
    members[#members + 1] = member
  end
  return members
end

-- Place in the order of play, 1 for the next song; nil when the song does not wait.
local function place_of(member)
  local rank = redis.call('ZRANK', PREFIX .. 'queue', member)
  local bumped = woven()
  if rank then
    for _, entry in ipairs(bumped) do
      if entry[1] <= rank then
        rank = rank + 1
      end
    end
    return rank + 1
  end
  for _, entry in ipairs(bumped) do
    if entry[2] == member then
      return entry[1] + 1
    end
  end
  return nil
end

local function waiting_count()
  return redis.call('ZCARD', PREFIX .. 'queue') + redis.call('ZCARD', PREFIX .. 'bumped')
end
