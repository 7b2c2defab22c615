-- include: move order song
-- Deletes songs that ended long ago and that no Undo can bring back, and plays that no cool-down needs. The
-- archive keeps them all. ARGS: songs, at most PRUNE_MOST numbers; those that must stay are passed by.
local days = setting_number('keep_days', DEFAULT_KEEP_DAYS)
local before = NOW - days * 24 * 3600 * 1000
local undoable_songs = {}
for revision in string.gmatch(redis.call('HGET', PREFIX .. 'undo', 'stack') or '', '%d+') do
  -- As a key in what the move changed, or as a member among the songs it locked.
  local record = redis.call('HGET', PREFIX .. 'undo', revision) or ''
  for member in string.gmatch(record, '"s?o?n?g?:?(%d%d%d%d%d%d%d%d%d%d%d%d)"') do
    undoable_songs[member] = true
  end
end

local pruned = {}
for index = 1, math.min(#ARGS.songs, PRUNE_MOST) do
  local member = member_of(ARGS.songs[index])
  local state, ended_at = unpack(redis.call('HMGET', PREFIX .. song_key(member), 'state', 'ended_at'))
  local ended = state and not ACTIVE[state] and tonumber(ended_at or nil)
  if days > 0 and ended and ended < before and not undoable_songs[member] then
    redis.call('UNLINK', PREFIX .. song_key(member))
    effects[#effects + 1] = { 'h', song_key(member), cjson.null, cjson.null }
    pruned[#pruned + 1] = tonumber(member)
  end
end
-- Nobody's gifts can go to them any more.
if #pruned > 0 then
  local gone = {}
  for _, number in ipairs(pruned) do
    gone[digits(number)] = true
  end
  local flat = redis.call('HGETALL', PREFIX .. 'supports')
  for index = 1, #flat, 2 do
    if gone[flat[index + 1]] then
      put_field('supports', flat[index], nil)
    end
  end
end
local tracks = trim_recent()
if #pruned == 0 and tracks == 0 then
  return refuse('unchanged')
end
return commit('pruned', '', { songs = #pruned > 0 and pruned or nil, tracks = tracks },
  { songs = #pruned, tracks = tracks })
