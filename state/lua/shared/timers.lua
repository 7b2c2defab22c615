-- What a move leaves to be done later. `timers` is as the moves say and comes back from the archive; `due` is what
-- is worked from (timers.lua), and takes up from there what it lacks.

-- Whoever works on it already has missed this: its token is refused.
local function drop_claim(member)
  redis.call('HDEL', PREFIX .. 'due:claims', member)
end

local function set_timer(member, due)
  drop_claim(member)
  put_score('timers', member, due)
  redis.call('ZADD', PREFIX .. 'due', digits(due), member)
  redis.call('PUBLISH', 'sl:changes', string.match(PREFIX, '{(.-)}') .. ' ' .. REVISION .. ' timer')
end

local function cancel_timer(member)
  drop_claim(member)
  if redis.call('ZSCORE', PREFIX .. 'timers', member) then
    put_score('timers', member, nil)
  end
  redis.call('ZREM', PREFIX .. 'due', member)
end
