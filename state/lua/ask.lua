-- include: read
-- Who asked in a live's chat where their songs are, until they are answered. No move: nothing of the queue changes.
-- ARGS: verb, and for 'ask': handle at (ms of the message); for 'done': user at
-- A handle's owner may ask once a minute by the chat's own clock, so that a message told again is no new question.
local revision = redis.call('GET', KEYS[1])
if not revision then
  return nil
end
if ARGS.verb == 'done' then
  if redis.call('HGET', PREFIX .. 'asked', ARGS.user) == ARGS.at then
    redis.call('HDEL', PREFIX .. 'asked', ARGS.user)
  end
  return 1
end
local owner = redis.call('HGET', PREFIX .. 'links', ARGS.handle)
local now, at = tonumber(redis.call('TIME')[1]) * 1000, tonumber(ARGS.at)
if not owner or now - at > ASK_STALE_MS then
  return 0
end
local last = redis.call('GET', PREFIX .. 'asked:' .. owner)
if last and at < tonumber(last) + ASK_PAUSE_MS then
  return 0
end
redis.call('SET', PREFIX .. 'asked:' .. owner, ARGS.at, 'EX', ASKED_SECONDS)
redis.call('HSET', PREFIX .. 'asked', owner, ARGS.at)
redis.call('PUBLISH', 'sl:changes', string.match(PREFIX, '{(.-)}') .. ' ' .. revision .. ' asked')
return 1
