-- include: move order song
-- Turns a claimed skip away, with the reason the artist is told.
-- ARGS: song [reason]
local member = member_of(ARGS.song)
if not song_exists(member) then
  return refuse('unknown_song', { number = tonumber(ARGS.song) })
end
local song = facts_of(member)
if song.state ~= 'pending' then
  return refuse('not_pending', { song = song })
end
undoable()
move_song(member, { state = 'rejected', ended_at = AT, reason = ARGS.reason or false })
remember('reject', ARGS.song)
song = facts_of(member)
return commit('rejected', ARGS.song, { song = song, reason = ARGS.reason }, { song = song })
