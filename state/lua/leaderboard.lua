-- include: read totals
-- A page of the leaderboard, most points first. ARGS: offset count user
if redis.call('EXISTS', KEYS[1]) == 0 then
  return cjson.encode({ opened = false })
end
local TOTAL = PREFIX .. 'points:total'
if redis.call('EXISTS', TOTAL) == 0 then
  local users = {}
  for _, user in ipairs(redis.call('ZRANGE', PREFIX .. 'points:user', 0, -1)) do
    users[user] = true
  end
  for _, handle in ipairs(redis.call('ZRANGE', PREFIX .. 'points:handle', 0, -1)) do
    total_handle(PREFIX, handle, users)
  end
  total_users(PREFIX, users)
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
