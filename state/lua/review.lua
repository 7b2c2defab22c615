-- include: move order song
-- Keeps what a reviewer thought of a song that plays or has played. What is not given stays as it was.
-- ARGS: song [score: 0 to 10, or false to take it away] [review_note: text, or false]
local member = member_of(ARGS.song)
if not song_exists(member) then
  return refuse('unknown_song', { number = tonumber(ARGS.song) })
end
local song = facts_of(member)
if song.state ~= 'playing' and (ACTIVE[song.state] or not song_field(member, 'started_at')) then
  return refuse('not_played', { song = song })
end
local score, note = song_field(member, 'score'), song_field(member, 'review_note')
local new_score, new_note = score, note
if ARGS.score ~= nil then
  new_score = ARGS.score or nil
end
if ARGS.review_note ~= nil then
  new_note = ARGS.review_note or nil
end
if new_score == score and new_note == note then
  return refuse('unchanged', { song = song })
end
undoable()
if new_score ~= score then
  local stats = 'stats:' .. song.user
  if score then
    count_in(stats, 'score:' .. score, -1)
  end
  if new_score then
    count_in(stats, 'score:' .. new_score, 1)
  end
end
local key, reviewed = song_key(member), new_score or new_note
change_field(key, 'score', new_score)
change_field(key, 'review_note', new_note)
change_field(key, 'reviewer', reviewed and BY or nil)
change_field(key, 'reviewer_name', reviewed and BY_NAME or nil)
change_field(key, 'reviewed_at', reviewed and AT or nil)
remember('review', ARGS.song)
return commit('reviewed', ARGS.song, { song = song, score = new_score, review_note = new_note },
  { song = song, score = new_score, review_note = new_note })
