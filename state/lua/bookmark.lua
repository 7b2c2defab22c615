-- include: move order song cards
-- Marks a song to be found again, and owes the bookmarks channel, if there is one, its card; or takes the mark
-- off, after which the card is crossed out.
-- ARGS: song [to: 'on' or 'off'; else the other of what is] [guard: ms; a mark somebody else set less than
-- that ago is not taken off by `to` left out: both meant to set it]
local member = member_of(ARGS.song)
if not song_exists(member) then
  return refuse('unknown_song', { number = tonumber(ARGS.song) })
end
local song, key = facts_of(member), song_key(member)
local before, by, by_name = unpack(redis.call('HMGET', PREFIX .. key, 'bookmarked_at', 'bookmarked_by',
  'bookmarked_by_name'))
local marking = ARGS.to == 'on'
if not ARGS.to then
  local together = before and ARGS.guard and by ~= BY and NOW - tonumber(before) < ARGS.guard
  marking = not before or together == true
end
if marking and before then
  return refuse('bookmarked', { song = song, by = by, by_name = by_name, at = tonumber(before) })
end
if not marking and not before then
  return refuse('not_bookmarked', { song = song })
end
undoable()
change_field(key, 'bookmarked_at', marking and AT or nil)
change_field(key, 'bookmarked_by', marking and BY or nil)
change_field(key, 'bookmarked_by_name', marking and BY_NAME or nil)
if marking then
  owe_card('bookmarks', digits(song.number))
end
remember(marking and 'bookmark' or 'unbookmark', ARGS.song)
return commit(marking and 'bookmarked' or 'unbookmarked', ARGS.song, { song = song },
  { song = song, marked = marking, channel = card_channel('bookmarks') })
