-- include: move order song taking
-- Lets the artist of a waiting Free song claim a skip for it: it leaves its place and waits for approval.
-- ARGS: song owner tier
local member = member_of(ARGS.song)
if not song_exists(member) or song_field(member, 'user') ~= ARGS.owner then
  return refuse('unknown_song', { number = tonumber(ARGS.song) })
end
local song = facts_of(member)
if song.state ~= 'waiting' then
  return refuse('not_waiting', { song = song })
end
if song.tier ~= 0 then
  return refuse('not_free', { song = song })
end
if song_field(member, 'locked') then
  return refuse('announced', { song = song })
end
if ARGS.tier == '0' or not known_tier(ARGS.tier) then
  return refuse('unknown_tier', { tier = ARGS.tier })
end
local refused, facts = closed_to(ARGS.tier)
if not refused then
  refused, facts = over_limit(ARGS.owner, ARGS.tier)
end
if refused then
  return refuse(refused, facts)
end
move_song(member, { state = 'pending', tier = ARGS.tier, claimed = ARGS.tier, seq = digits(next_in('seq')),
  was_free = '1', turned_down_at = false, turned_down_for = false })
-- Another decision is to come, and is told like the first.
redis.call('HDEL', PREFIX .. 'told:' .. member, 'rejected')
-- An artist's own move is not a reviewer's: Undo passes it by.
forget_moves_of(song_key(member))
song = facts_of(member)
return commit('claimed', ARGS.song, { song = song }, { song = song, waiting = waiting_count() })
