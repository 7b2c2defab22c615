-- TikTok handles by their numeric user id. `viewers` has the name each goes by now, `names` who bore a name
-- last; `awaited` keeps the names that managers gave to an account before anybody of that name was seen.
-- Needs song.lua.

local function own_handle(handle, user)
  local owner = redis.call('HGET', PREFIX .. 'links', handle) or nil
  if owner == user then
    return owner
  end
  put_field('links', handle, user)
  if owner then
    put_score('handles:' .. owner, handle, nil)
    rescore(owner)
  end
  if user then
    put_score('handles:' .. user, handle, NOW)
    rescore(user)
  end
  return owner
end

-- Keeps the name a viewer was seen under. Gives the account that awaited it, which owns the handle from now
-- on; else nil. A handle that somebody owns already stays theirs. Masked viewers, id 0, are nobody.
local function seen_viewer(handle, name)
  if handle == '0' or handle == '' or name == '' then
    return nil
  end
  if redis.call('HGET', PREFIX .. 'viewers', handle) == name then
    return nil
  end
  local lower = string.lower(name)
  put_field('viewers', handle, name)
  if redis.call('HGET', PREFIX .. 'names', lower) ~= handle then
    put_field('names', lower, handle)
  end
  local awaiting = redis.call('HGET', PREFIX .. 'awaited', lower)
  if not awaiting then
    return nil
  end
  put_field('awaited', lower, nil)
  if redis.call('HEXISTS', PREFIX .. 'links', handle) == 1 then
    return nil
  end
  own_handle(handle, awaiting)
  return awaiting
end
