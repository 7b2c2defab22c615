-- Takes, renews or gives up a piece of work for one holder at a time.
-- KEYS[1] the lease   KEYS[2] the counter of its tokens   ARGV: verb holder milliseconds [token]
-- The token grows with every new holder; whoever acts shows it where the effect happens.
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
  local fresh = redis.call('INCR', KEYS[2])
  redis.call('SET', KEYS[1], string.format('%.0f', fresh) .. ' ' .. holder, 'PX', milliseconds)
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
