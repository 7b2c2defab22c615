-- include: move order song taking
-- Lets an artist take a claimed skip back: the song waits in Free, where its points put it.
-- ARGS: song owner
local member = member_of(ARGS.song)
if not song_exists(member) or song_field(member, 'user') ~= ARGS.owner then
  return refuse('unknown_song', { number = tonumber(ARGS.song) })
end
local song = facts_of(member)
if song.state ~= 'pending' then
  return refuse('not_pending', { song = song })
end
-- A song that waited in Free before it claimed comes back to its place, which was kept for it, even if Free has
-- closed since.
if not song_field(member, 'was_free') then
  local refused, facts = closed_to('0')
  if not refused then
    refused, facts = over_limit(ARGS.owner, '0')
  end
  if refused then
    return refuse(refused, facts)
  end
end
move_song(member, { state = 'waiting', tier = '0', claimed = false, was_free = false })
forget_moves_of(song_key(member))
song = facts_of(member)
return commit('withdrawn', ARGS.song, { song = song },
  { song = song, place = place_of(member), waiting = waiting_count() })
