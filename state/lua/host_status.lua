-- include: read fence
-- Takes a connection to a host over from whoever had it, or shows how it goes. No move: nothing of the queue changes.
-- ARGS: handle, seconds (how long it is shown), [values: fields and values in turn], [fence]
-- 0 when somebody newer has the connection.
if outdated(PREFIX, ARGS.fence) then
  return 0
end
if ARGS.fence then
  redis.call('EXPIRE', PREFIX .. 'fence:' .. ARGS.fence[1], FENCE_SECONDS)
end
if ARGS.values then
  local key = PREFIX .. 'host:' .. ARGS.handle
  redis.call('DEL', key)
  redis.call('HSET', key, unpack(ARGS.values))
  redis.call('EXPIRE', key, ARGS.seconds)
end
return 1
