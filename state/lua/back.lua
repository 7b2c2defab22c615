-- include: move order song
-- Brings a held song back to the place its tier and order key give it.
-- ARGS: song
local member = member_of(ARGS.song)
if not song_exists(member) then
  return refuse('unknown_song', { number = tonumber(ARGS.song) })
end
local song = facts_of(member)
if song.state ~= 'held' then
  return refuse('not_held', { song = song })
end
if not known_tier(song_field(member, 'tier')) then
  return refuse('unknown_tier', { tier = song.tier })
end
undoable()
move_song(member, { state = 'waiting', hold = false })
remember('back', ARGS.song)
song = facts_of(member)
return commit('back', ARGS.song, { song = song },
  { song = song, place = place_of(member), waiting = waiting_count() })
