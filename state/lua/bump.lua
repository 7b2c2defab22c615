-- include: move order song points
-- Lets a number of songs go first: the song is due at a fixed turn and is shown at exactly that place.
-- ARGS: song places
local member = member_of(ARGS.song)
if not song_exists(member) then
  return refuse('unknown_song', { number = tonumber(ARGS.song) })
end
local song = facts_of(member)
if song.state ~= 'waiting' and song.state ~= 'bumped' and song.state ~= 'playing' then
  return refuse('not_waiting', { song = song })
end
if not known_tier(song_field(member, 'tier')) then
  return refuse('unknown_tier', { tier = song.tier })
end
local places = tonumber(ARGS.places)
undoable()
local place = place_of(member) or 1
if song.state == 'playing' then
  return_stake(member)
  leave_stage('bump')
end
move_song(member, { state = 'bumped', due = digits(turn_now() + place + places), locked = false,
  stake = false })
remember('bump', ARGS.song)
song = facts_of(member)
return commit('bumped', ARGS.song, { song = song, places = places },
  { song = song, place = place_of(member), waiting = waiting_count() })
