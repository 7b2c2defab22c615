-- Takes, renews or gives up a piece of work for one holder at a time.
-- KEYS[1] the lease   KEYS[2] the counter of its tokens   ARGV: verb holder milliseconds [token]
-- The token grows with every new holder; whoever acts shows it where the effect happens. It is never below the
-- time in ms, so that it goes on growing where the counter was lost.
local verb, holder, milliseconds, token = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local current = redis.call('GET', KEYS[1])
if verb == 'take' then
  if current then
    -- The same claim again: its first answer was lost on the way.
    local mine, owner = string.match(current, '^(%d+) (.*)$')
    if owner ~= holder then
      return 0
    end
    redis.call('PEXPIRE', KEYS[1], milliseconds)
    return tonumber(mine)
  end
  local time = redis.call('TIME')
  local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
  local fresh = math.max(tonumber(redis.call('GET', KEYS[2]) or '0') + 1, now)
  local digits = string.format('%.0f', fresh)
  redis.call('SET', KEYS[2], digits)
  redis.call('SET', KEYS[1], digits .. ' ' .. holder, 'PX', milliseconds)
  return fresh
end
if current ~= token .. ' ' .. holder then
  return 0
end
if verb == 'renew' then
  redis.call('PEXPIRE', KEYS[1], milliseconds)
elseif verb == 'release' then
  redis.call('DEL', KEYS[1])
end
return 1
