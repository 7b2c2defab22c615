-- include: move order song points wallet prices gifts
-- Takes a song out for good, keeping it with who, when and why.
-- ARGS: song [reason] [owner: the account that must own it, when an artist removes]
local member = member_of(ARGS.song)
if not song_exists(member) or (ARGS.owner and song_field(member, 'user') ~= ARGS.owner) then
  return refuse('unknown_song', { number = tonumber(ARGS.song) })
end
local song = facts_of(member)
if not ACTIVE[song.state] then
  return refuse('ended', { song = song })
end
if ARGS.owner and song.state == 'playing' then
  return refuse('playing', { song = song })
end
-- An artist's own removal is not a reviewer's move: Undo passes it by.
if not ARGS.owner then
  undoable()
end
local was = song.state
if was == 'playing' then
  leave_stage('remove')
end
return_luxury(member)
local banked = {}
return_gifts(member, banked)
settle_banks()
move_song(member, { state = 'removed', ended_at = AT, reason = ARGS.reason or false, locked = false,
  due = false })
if undo_log then
  remember('remove', ARGS.song, { wallet = wallet_changes(), banked = #banked > 0 and banked or nil })
else
  forget_moves_of(song_key(member))
end
song = facts_of(member)
return commit('removed', ARGS.song,
  { song = song, was = was, reason = ARGS.reason, wallet = wallet_changes() },
  { song = song, was = was, waiting = waiting_count() })
