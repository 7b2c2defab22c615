-- Work whose lease is in another slot: whoever does it shows its token with all it writes in the guild. The first
-- word of a newer holder makes what older ones say void, for as long as any process may have slept.

-- Whether somebody newer does this work. `fence` is { work, token }; nil: it is nobody's alone.
local function outdated(prefix, fence)
  if not fence then
    return false
  end
  local name, token = prefix .. 'fence:' .. fence[1], tonumber(fence[2])
  local newest = tonumber(redis.call('GET', name) or '0')
  if token > newest then
    redis.call('SET', name, fence[2], 'EX', FENCE_SECONDS)
  end
  return token < newest
end
