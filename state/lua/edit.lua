-- include: move order song taking
-- Lets an artist put right what they wrote. The song keeps its place, and who moved it last stays who did:
-- an edit is no move of a reviewer, and stands in the way of none that is to be taken back.
-- ARGS: song owner fields: { title artist link note track file file_name file_size, each a string or false }
local member = member_of(ARGS.song)
if not song_exists(member) or song_field(member, 'user') ~= ARGS.owner then
  return refuse('unknown_song', { number = tonumber(ARGS.song) })
end
local song = facts_of(member)
if not ACTIVE[song.state] then
  return refuse('ended', { song = song })
end
if song.state == 'playing' then
  return refuse('playing', { song = song })
end
local key, changes = song_key(member), {}
for _, field in ipairs({ 'title', 'artist', 'link', 'note', 'track', 'file', 'file_name', 'file_size' }) do
  local value = ARGS.fields[field]
  if value ~= nil then
    local before = song_field(member, field)
    if (before or false) ~= value then
      changes[#changes + 1] = { field, nullable(before), nullable(value) }
    end
  end
end
if #changes == 0 then
  return refuse('unchanged')
end
local track = song_field(member, 'track')
local new = ARGS.fields.track
if new and new ~= track then
  local refused, facts = known_track(new)
  if refused then
    return refuse(refused, facts)
  end
end

for _, change in ipairs(changes) do
  if change[1] == 'track' and track and redis.call('HGET', PREFIX .. 'tracks', track) == member then
    put_field('tracks', track, nil)
  end
  put_field(key, change[1], change[3] ~= cjson.null and change[3] or nil)
end
seat(member)
song = facts_of(member)
return commit('edited', ARGS.song, { song = song, changes = changes },
  { song = song, place = place_of(member), waiting = waiting_count() })
