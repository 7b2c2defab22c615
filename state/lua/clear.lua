-- include: move order song
-- Removes every waiting song of a tier in one move, which Undo takes back in one.
-- ARGS: tier [reason]
local members = {}
for _, name in ipairs({ 'queue', 'bumped' }) do
  for _, member in ipairs(redis.call('ZRANGE', PREFIX .. name, 0, -1)) do
    if song_field(member, 'tier') == ARGS.tier then
      members[#members + 1] = member
    end
  end
end
if #members == 0 then
  return refuse('empty', { tier = tonumber(ARGS.tier) })
end
undoable()
for _, member in ipairs(members) do
  move_song(member, { state = 'removed', ended_at = AT, reason = ARGS.reason or false, locked = false,
    due = false })
end
remember('clear', '')
return commit('cleared', '', { tier = tonumber(ARGS.tier), count = #members, reason = ARGS.reason },
  { count = #members, waiting = waiting_count() })
