-- include: move order song cards
-- Marks a song to be found again, and owes the bookmarks channel, if there is one, its card.
-- ARGS: song
local member = member_of(ARGS.song)
if not song_exists(member) then
  return refuse('unknown_song', { number = tonumber(ARGS.song) })
end
local song = facts_of(member)
local before, by, by_name = unpack(redis.call('HMGET', PREFIX .. song_key(member), 'bookmarked_at',
  'bookmarked_by', 'bookmarked_by_name'))
if before then
  return refuse('bookmarked', { song = song, by = by, by_name = by_name, at = tonumber(before) })
end
undoable()
change_field(song_key(member), 'bookmarked_at', AT)
change_field(song_key(member), 'bookmarked_by', BY)
change_field(song_key(member), 'bookmarked_by_name', BY_NAME)
owe_card('bookmarks', digits(song.number))
remember('bookmark', ARGS.song)
return commit('bookmarked', ARGS.song, { song = song },
  { song = song, channel = card_channel('bookmarks') })
