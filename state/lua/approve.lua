-- include: move order song
-- Lets a claimed skip in, at the back of the tier the reviewer chose.
-- ARGS: song tier [method] [amount]
local member = member_of(ARGS.song)
if not song_exists(member) then
  return refuse('unknown_song', { number = tonumber(ARGS.song) })
end
local song = facts_of(member)
if song.state ~= 'pending' then
  return refuse('not_pending', { song = song })
end
if not known_tier(ARGS.tier) then
  return refuse('unknown_tier', { tier = ARGS.tier })
end
undoable()
move_song(member, { state = 'waiting', tier = ARGS.tier, seq = digits(next_in('seq')), entered_at = AT,
  method = ARGS.method or false, amount = ARGS.amount or false, approved_by = BY, approved_by_name = BY_NAME,
  was_free = false })
remember('approve', ARGS.song)
song = facts_of(member)
return commit('approved', ARGS.song, { song = song, method = ARGS.method, amount = ARGS.amount },
  { song = song, place = place_of(member), waiting = waiting_count() })
