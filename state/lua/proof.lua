-- include: read
-- Proofs that a TikTok handle is somebody's: a code that its viewer types in the live's chat. No move: a
-- proof that is lost is begun again.
-- ARGS: verb, then for 'start': user user_name code request [name: the claimed one, in lower case]
-- for 'look': code viewer name (in lower case); for 'done': user code
local function proof_of(user)
  local text = redis.call('GET', PREFIX .. 'proof:' .. user)
  return text and cjson.decode(text) or nil
end

local function count_try(name)
  local key = PREFIX .. 'proof:' .. name
  if redis.call('INCR', key) == 1 then
    redis.call('EXPIRE', key, PROOF_SECONDS)
  end
end

-- At most PROOF_TRIES of something within the life of a proof; gives the seconds to wait when it is too much.
local function tried_out(name)
  local key = PREFIX .. 'proof:' .. name
  if tonumber(redis.call('GET', key) or '0') >= PROOF_TRIES then
    return math.max(redis.call('TTL', key), 1)
  end
  return nil
end

if ARGS.verb == 'start' then
  local before = proof_of(ARGS.user)
  if before and before.request == ARGS.request then
    return cjson.encode({ code = before.code, seconds = redis.call('TTL', PREFIX .. 'proof:' .. ARGS.user) })
  end
  local wait = tried_out('starts:' .. ARGS.user)
  if wait then
    return cjson.encode({ wait = wait })
  end
  if redis.call('EXISTS', PREFIX .. 'proof:code:' .. ARGS.code) == 1 then
    return cjson.encode({ again = true })
  end
  count_try('starts:' .. ARGS.user)
  if before then
    redis.call('DEL', PREFIX .. 'proof:code:' .. before.code)
  end
  redis.call('SET', PREFIX .. 'proof:code:' .. ARGS.code, ARGS.user, 'EX', PROOF_SECONDS)
  redis.call('SET', PREFIX .. 'proof:' .. ARGS.user, cjson.encode({ code = ARGS.code, name = ARGS.name,
    user_name = ARGS.user_name, request = ARGS.request }), 'EX', PROOF_SECONDS)
  return cjson.encode({ code = ARGS.code, seconds = PROOF_SECONDS })
elseif ARGS.verb == 'look' then
  if tried_out('tries:' .. ARGS.viewer) then
    return cjson.encode({ outcome = 'too_many' })
  end
  local user = redis.call('GET', PREFIX .. 'proof:code:' .. ARGS.code)
  local proof = user and proof_of(user)
  if not proof or proof.code ~= ARGS.code then
    count_try('tries:' .. ARGS.viewer)
    return cjson.encode({ outcome = 'unknown' })
  end
  if proof.name and proof.name ~= ARGS.name then
    return cjson.encode({ outcome = 'other_name' })
  end
  return cjson.encode({ outcome = 'linked', user = user, user_name = proof.user_name })
end
local proof = proof_of(ARGS.user)
if proof and proof.code == ARGS.code then
  redis.call('DEL', PREFIX .. 'proof:' .. ARGS.user, PREFIX .. 'proof:code:' .. ARGS.code)
end
return cjson.encode({ outcome = 'done' })
