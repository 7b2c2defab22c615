-- include: move order song taking wallet prices gifts
-- Turns a claimed skip away, with the reason the artist is told. The song waits in Free, where its points put
-- it: always when it came from there, else unless Free is closed or the artist's Free songs are at their limit.
-- ARGS: song [reason]
local member = member_of(ARGS.song)
if not song_exists(member) then
  return refuse('unknown_song', { number = tonumber(ARGS.song) })
end
local song = facts_of(member)
if song.state ~= 'pending' then
  return refuse('not_pending', { song = song })
end
-- It was taken in before submissions were paused: a pause does not stand against it.
local barred
if not song_field(member, 'was_free') then
  barred = setting('closed:0', '0') == '1' and 'closed' or over_limit(song.user, '0')
end
undoable()
local banked = {}
if barred then
  return_luxury(member)
  return_gifts(member, banked)
  settle_banks()
  move_song(member, { state = 'rejected', ended_at = AT, reason = ARGS.reason or false, barred = barred })
else
  move_song(member, { state = 'waiting', tier = '0', claimed = false, was_free = false, turned_down_at = AT,
    turned_down_for = ARGS.reason or false })
end
remember('reject', ARGS.song, { wallet = wallet_changes(), banked = #banked > 0 and banked or nil })
song = facts_of(member)
return commit('rejected', ARGS.song,
  { song = song, reason = ARGS.reason, barred = barred, wallet = wallet_changes() },
  { song = song, barred = barred, place = place_of(member), waiting = waiting_count() })
