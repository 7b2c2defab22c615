-- Keeps what is needed to go on with a shard's session, for whoever runs the shard and for nobody else.
-- KEYS[1] the shard's lease   KEYS[2] its session   ARGV: verb, claim, seconds, then fields and values
-- keep: write it   hand_over: write it and give the lease up   evict: give up the lease of a dead process
-- Without fields there is no session to go on with. 0 when the lease is not the claimant's any more.
local verb, claim, seconds = ARGV[1], ARGV[2], ARGV[3]
if redis.call('GET', KEYS[1]) ~= claim then
  return 0
end
if verb ~= 'evict' then
  redis.call('DEL', KEYS[2])
  if #ARGV > 3 then
    redis.call('HSET', KEYS[2], unpack(ARGV, 4))
    redis.call('EXPIRE', KEYS[2], seconds)
  end
end
if verb ~= 'keep' then
  redis.call('DEL', KEYS[1])
end
return 1
