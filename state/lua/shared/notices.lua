-- Whether what a notice says is true now. Needs order.lua and song.lua.
local function notice_holds(number, kind)
  local member = member_of(number)
  local state, user, by, score, note, turned_down = unpack(redis.call('HMGET', PREFIX .. song_key(member),
    'state', 'user', 'by', 'score', 'review_note', 'turned_down_at'))
  if not state or user == '0' then
    return false
  end
  if kind == 'two' or kind == 'next' then
    local wanted = kind == 'two' and 2 or 1
    return redis.call('HEXISTS', PREFIX .. 'now', 'song') == 1 and place_of(member) == wanted
  elseif kind == 'playing' or kind == 'played' then
    return state == kind
  elseif kind == 'rejected' then
    return state == 'rejected' or (turned_down and ACTIVE[state] ~= nil and state ~= 'pending')
  elseif kind == 'removed' then
    -- Nobody is told what they did themselves.
    return state == 'removed' and by ~= user
  elseif kind == 'approved' then
    return ACTIVE[state] ~= nil and state ~= 'pending'
  end
  if kind == 'gifted' then
    return ACTIVE[state] ~= nil and redis.call('HEXISTS', PREFIX .. song_key(member), 'credit') == 1
  end
  local told = PREFIX .. 'told:' .. member
  if kind == 'reviewed' then
    return state == 'played' and (score or note) and redis.call('HEXISTS', told, 'played') == 1
  elseif kind == 'back' then
    return ACTIVE[state] ~= nil
      and (redis.call('HEXISTS', told, 'removed') == 1
        or (not turned_down and redis.call('HEXISTS', told, 'rejected') == 1))
  end
  return false
end
