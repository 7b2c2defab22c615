-- include: read
-- A page of the leaderboard, most points first. ARGS: offset count user
if redis.call('EXISTS', KEYS[1]) == 0 then
  return cjson.encode({ opened = false })
end
local TOTAL = PREFIX .. 'points:total'
local CHUNK = 1000

local function put_all(flat)
  for first = 1, #flat, 2 * CHUNK do
    redis.call('ZADD', TOTAL, unpack(flat, first, math.min(first + 2 * CHUNK - 1, #flat)))
  end
end

-- In few calls, since there may be 100,000 handles and nobody else is served meanwhile.
local function make_totals()
  local users, rows, handles = {}, {}, redis.call('ZRANGE', PREFIX .. 'points:handle', 0, -1, 'WITHSCORES')
  for first = 1, #handles, 2 * CHUNK do
    local ids, last = {}, math.min(first + 2 * CHUNK - 1, #handles)
    for index = first, last, 2 do
      ids[#ids + 1] = handles[index]
    end
    local owners = redis.call('HMGET', PREFIX .. 'links', unpack(ids))
    for place, id in ipairs(ids) do
      local owner, points = owners[place], handles[first + 2 * place - 1]
      if owner then
        users[owner] = (users[owner] or 0) + tonumber(points)
      else
        rows[#rows + 1] = points
        rows[#rows + 1] = '@' .. id
      end
    end
  end
  local own = redis.call('ZRANGE', PREFIX .. 'points:user', 0, -1, 'WITHSCORES')
  for index = 1, #own, 2 do
    users[own[index]] = (users[own[index]] or 0) + tonumber(own[index + 1])
  end
  for user, points in pairs(users) do
    rows[#rows + 1] = string.format('%.0f', points)
    rows[#rows + 1] = user
  end
  put_all(rows)
end

if redis.call('EXISTS', TOTAL) == 0 then
  make_totals()
end
local flat = redis.call('ZREVRANGE', TOTAL, ARGS.offset, ARGS.offset + ARGS.count - 1, 'WITHSCORES')
local rows = {}
for index = 1, #flat, 2 do
  local handle = string.match(flat[index], '^@(.+)$')
  rows[#rows + 1] = { id = handle or flat[index], handle = handle ~= nil,
    name = handle and redis.call('HGET', PREFIX .. 'viewers', handle) or nil,
    points = string.format('%.0f', tonumber(flat[index + 1])) }
end
local rank = redis.call('ZREVRANK', TOTAL, ARGS.user)
return cjson.encode({ opened = true, count = redis.call('ZCARD', TOTAL), rows = rows,
  own = rank and { place = rank + 1,
    points = string.format('%.0f', tonumber(redis.call('ZSCORE', TOTAL, ARGS.user))) } or nil })
