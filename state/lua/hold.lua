-- include: move order song points
-- Sets a song aside (its artist is not here) without losing anything it had.
-- ARGS: song
local member = member_of(ARGS.song)
if not song_exists(member) then
  return refuse('unknown_song', { number = tonumber(ARGS.song) })
end
local song = facts_of(member)
if song.state ~= 'waiting' and song.state ~= 'bumped' and song.state ~= 'playing' then
  return refuse('not_waiting', { song = song })
end
undoable()
local was = song.state
if was == 'playing' then
  return_stake(member)
  leave_stage('hold')
end
move_song(member, { state = 'held', hold = digits(next_in('seq')), locked = false, due = false, stake = false })
remember('hold', ARGS.song)
song = facts_of(member)
return commit('held', ARGS.song, { song = song, was = was }, { song = song, was = was })
