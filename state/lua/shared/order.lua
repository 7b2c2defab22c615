-- include: line pattern rounds
-- The order of play. `queue` is one sorted set whose ascending order is that order; songs bumped down wait in
-- `bumped`, scored by the turn they are due, and are woven in at exactly that turn. Fairness reorders what
-- follows the locked songs without touching the sets. Every song that plays counts, locked and bumped too.

-- `count` members in order of play, from place `offset` (from 0).
local function play_order(offset, count)
  local every, rounds = fairness()
  if rounds then
    local members = {}
    in_turns(every, function(place, member)
      if place >= offset then
        members[#members + 1] = member
      end
      return place >= offset + count - 1
    end)
    return members
  elseif every > 0 then
    return by_pattern(every).members(offset, count)
  end
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

local function place_by_score(member)
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

-- Places in the order of play, 1 for the next song, by member; a song that does not wait has none.
local function places_of(members)
  local every, rounds = fairness()
  local places = {}
  if rounds then
    local wanted, missing = {}, 0
    for _, member in ipairs(members) do
      local waits = redis.call('ZSCORE', PREFIX .. 'queue', member)
        or redis.call('ZSCORE', PREFIX .. 'bumped', member)
      if waits and not wanted[member] then
        wanted[member], missing = true, missing + 1
      end
    end
    if missing > 0 then
      in_turns(every, function(place, member)
        if wanted[member] then
          places[member], missing = place + 1, missing - 1
        end
        return missing == 0
      end)
    end
    return places
  end
  local place = every > 0 and by_pattern(every).place or place_by_score
  for _, member in ipairs(members) do
    places[member] = place(member)
  end
  return places
end

local function place_of(member)
  return places_of({ member })[member]
end

local function waiting_count()
  return redis.call('ZCARD', PREFIX .. 'queue') + redis.call('ZCARD', PREFIX .. 'bumped')
end
