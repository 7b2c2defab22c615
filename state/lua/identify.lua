-- Lets one shard of a bucket identify at a time; Discord refuses whoever comes too soon after another.
-- KEYS[1] the bucket's turn   ARGV: claimant, milliseconds until the next one may
-- Gives 0 to whoever may identify now, and again when its first answer was lost; else the milliseconds to wait.
-- Asked again after the IDENTIFY went out, it counts the time from then.
local claimant, milliseconds = ARGV[1], ARGV[2]
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= claimant then
  return math.max(redis.call('PTTL', KEYS[1]), 1)
end
redis.call('SET', KEYS[1], claimant, 'PX', milliseconds)
return 0
