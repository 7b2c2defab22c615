-- One gate before the service that signs connections, for all processes together.
-- KEYS[1]  passes: held for the spacing between two     KEYS[2]  closed: held for as long as the service said
-- ARGV[1]  'pass', 'close' or 'look'    ARGV[2]  milliseconds
-- 'pass' gives 0 when the caller may go, else the milliseconds to wait; 'look' those for which it is closed.
local closed = redis.call('PTTL', KEYS[2])
if ARGV[1] == 'close' then
  -- A shorter time never opens the gate earlier.
  if tonumber(ARGV[2]) > closed then
    redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[2])
  end
  return 0
end
if closed > 0 or ARGV[1] == 'look' then
  return math.max(closed, 0)
end
if redis.call('SET', KEYS[1], '1', 'NX', 'PX', ARGV[2]) then
  return 0
end
return math.max(redis.call('PTTL', KEYS[1]), 1)
