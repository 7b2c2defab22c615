-- The leaderboard, `points:total`: accounts with the points of their handles, and `@<id>` for handles that
-- nobody owns. It follows from other keys, so no event tells of it; whoever asks first has it made
-- (leaderboard.lua), and from then on each move keeps it by its own effects.

local function total_of(prefix, user)
  local total = tonumber(redis.call('ZSCORE', prefix .. 'points:user', user) or '0')
  for _, handle in ipairs(redis.call('ZRANGE', prefix .. 'handles:' .. user, 0, -1)) do
    total = total + tonumber(redis.call('ZSCORE', prefix .. 'points:handle', handle) or '0')
  end
  return total
end

local function put_total(prefix, member, total)
  if total > 0 then
    redis.call('ZADD', prefix .. 'points:total', string.format('%.0f', total), member)
  else
    redis.call('ZREM', prefix .. 'points:total', member)
  end
end

local function total_handle(prefix, handle, users)
  local owner = redis.call('HGET', prefix .. 'links', handle)
  if owner then
    users[owner] = true
    put_total(prefix, '@' .. handle, 0)
  else
    put_total(prefix, '@' .. handle, tonumber(redis.call('ZSCORE', prefix .. 'points:handle', handle) or '0'))
  end
end

local function total_users(prefix, users)
  for user in pairs(users) do
    put_total(prefix, user, total_of(prefix, user))
  end
end

local function keep_totals(prefix, effects)
  if redis.call('EXISTS', prefix .. 'points:total') == 0 then
    return
  end
  local users, handles, any = {}, {}, false
  for _, effect in ipairs(effects) do
    local name, field = effect[2], effect[3]
    if name == 'points:user' then
      users[field], any = true, true
    elseif name == 'points:handle' or name == 'links' then
      handles[field], any = true, true
    elseif string.sub(name, 1, 8) == 'handles:' then
      users[string.sub(name, 9)], any = true, true
    end
  end
  if not any then
    return
  end
  for handle in pairs(handles) do
    total_handle(prefix, handle, users)
  end
  total_users(prefix, users)
end
