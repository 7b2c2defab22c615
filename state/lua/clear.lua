-- include: move order song wallet prices gifts
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
local banked = {}
for _, member in ipairs(members) do
  return_luxury(member)
  return_gifts(member, banked)
  move_song(member, { state = 'removed', ended_at = AT, reason = ARGS.reason or false, locked = false,
    due = false })
end
settle_banks()
remember('clear', '', { wallet = wallet_changes(), banked = #banked > 0 and banked or nil })
return commit('cleared', '', { tier = tonumber(ARGS.tier), count = #members, reason = ARGS.reason,
  wallet = wallet_changes() },
  { count = #members, waiting = waiting_count() })
