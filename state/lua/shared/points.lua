-- Points live in two sorted sets, by Discord account and by TikTok user id; whole numbers from 0 to
-- SPAN - 1. A row at zero is removed. Needs song.lua.

local function add_points(name, id, delta)
  local total = tonumber(redis.call('ZSCORE', PREFIX .. name, id) or '0') + delta
  total = math.max(0, math.min(total, SPAN - 1))
  put_score(name, id, total > 0 and total or nil)
  return total
end

-- Takes every point of an account and its handles; gives what was taken as a list of { set, id, amount }.
local function take_points(user)
  local taken = {}
  local function take(name, id)
    local amount = redis.call('ZSCORE', PREFIX .. name, id)
    if amount then
      taken[#taken + 1] = { name, id, digits(tonumber(amount)) }
      put_score(name, id, nil)
    end
  end
  take('points:user', user)
  for _, handle in ipairs(redis.call('ZRANGE', PREFIX .. 'handles:' .. user, 0, -1)) do
    take('points:handle', handle)
  end
  return taken
end

-- The account whose songs a row of points moves: itself, or the one its handle is linked to now.
local function owner_of(name, id)
  if name == 'points:user' then
    return id
  end
  return redis.call('HGET', PREFIX .. 'links', id) or nil
end

-- Adds (sign 1) or takes (sign -1) rows of { set, id, amount }, to whatever was earned since.
local function apply_points(rows, sign)
  for _, row in ipairs(rows) do
    add_points(row[1], row[2], sign * tonumber(row[3]))
  end
  for _, row in ipairs(rows) do
    local owner = owner_of(row[1], row[2])
    if owner then
      rescore(owner)
    end
  end
end

-- A song that leaves the stage unplayed gives back the points that starting it had taken.
local function return_stake(member)
  local stake = song_field(member, 'stake')
  if stake then
    apply_points(cjson.decode(stake), 1)
  end
end
