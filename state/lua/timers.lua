-- include: read
-- Works off what is due, by the server's clock. No move: what moves set is in `timers`, and stays there until a move
-- takes it away. ARGS: verb, and
-- set: timer in (ms from now) [new: leave it as it is where it is known]   cancel: timer
-- claim: kinds for (ms until another may claim the same); gives { claimed: list of [timer, token], next: ms until
--   more is due or false }
-- renew: timer token for   done: timer token [again: ms from now]; both give whether the token is the newest
local DUE, CLAIMS, TIMERS = PREFIX .. 'due', PREFIX .. 'due:claims', PREFIX .. 'timers'
local AGAIN_MS = 60000
local GUILD = string.match(PREFIX, '{(.-)}')
local revision = redis.call('GET', KEYS[1])
if not revision and GUILD ~= '0' then
  return nil
end
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)

local function put(timer, after)
  redis.call('ZADD', DUE, string.format('%.0f', now + after), timer)
end

if ARGS.verb == 'set' then
  if ARGS.new and redis.call('ZSCORE', DUE, ARGS.timer) then
    return 0
  end
  redis.call('HDEL', CLAIMS, ARGS.timer)
  put(ARGS.timer, ARGS['in'])
  if revision then
    redis.call('PUBLISH', 'sl:changes', GUILD .. ' ' .. revision .. ' timer')
  end
  return 1
elseif ARGS.verb == 'cancel' then
  redis.call('HDEL', CLAIMS, ARGS.timer)
  return redis.call('ZREM', DUE, ARGS.timer)
elseif ARGS.verb == 'claim' then
  -- After a rebuild or a restored backup: what was due meanwhile is due now.
  local archived = redis.call('ZRANGE', TIMERS, 0, -1, 'WITHSCORES')
  for i = 1, #archived, 2 do
    redis.call('ZADD', DUE, 'NX', archived[i + 1], archived[i])
  end
  local kinds = {}
  for _, kind in ipairs(ARGS.kinds) do
    kinds[kind] = true
  end
  local claimed, following = {}, nil
  local known = redis.call('ZRANGE', DUE, 0, -1, 'WITHSCORES')
  for i = 1, #known, 2 do
    local timer, at = known[i], tonumber(known[i + 1])
    if kinds[string.match(timer, '^[^:]+')] then
      if at <= now then
        local token = math.max(tonumber(redis.call('HGET', CLAIMS, 'token') or '0') + 1, now)
        redis.call('HSET', CLAIMS, 'token', string.format('%.0f', token), timer, string.format('%.0f', token))
        put(timer, ARGS['for'])
        claimed[#claimed + 1] = { timer, string.format('%.0f', token) }
        at = now + ARGS['for']
      end
      following = math.min(following or at, at)
    end
  end
  return cjson.encode({ claimed = claimed, next = following and following - now or false })
end

if redis.call('HGET', CLAIMS, ARGS.timer) ~= ARGS.token then
  return 0
end
if ARGS.verb == 'renew' then
  put(ARGS.timer, ARGS['for'])
  return 1
end
redis.call('HDEL', CLAIMS, ARGS.timer)
-- What a move set is there until a move takes it away.
local again = ARGS.again or (redis.call('ZSCORE', TIMERS, ARGS.timer) and AGAIN_MS)
if again then
  put(ARGS.timer, again)
else
  redis.call('ZREM', DUE, ARGS.timer)
end
return 1
