-- include: move order song
-- Moves a song to the back of another tier, up or down. The same tier again changes nothing.
-- ARGS: song tier
local member = member_of(ARGS.song)
if not song_exists(member) then
  return refuse('unknown_song', { number = tonumber(ARGS.song) })
end
local song = facts_of(member)
if not known_tier(ARGS.tier) then
  return refuse('unknown_tier', { tier = ARGS.tier })
end
if song.state ~= 'waiting' and song.state ~= 'held' and song.state ~= 'bumped' then
  return refuse('not_waiting', { song = song })
end
local from, to = song.tier, tonumber(ARGS.tier)
if from == to then
  return refuse('same_tier', { song = song })
end
undoable()
local fields = { tier = ARGS.tier, entered_at = AT, seq = digits(next_in('seq')), promoted_by = BY,
  promoted_by_name = BY_NAME }
if song.state == 'bumped' then
  fields.state, fields.due = 'waiting', false
end
-- A song announced as the next keeps its place when it is lifted, and gives it up when it is lowered.
if to < from then
  fields.locked = false
end
move_song(member, fields)
remember('promote', ARGS.song)
song = facts_of(member)
local kind = to > from and 'promoted' or 'demoted'
return commit(kind, ARGS.song, { song = song, from = from, to = to },
  { song = song, from = from, to = to, place = place_of(member), waiting = waiting_count() })
