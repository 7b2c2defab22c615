-- include: move order song wallet prices gifts handles
-- Lets the gifts of handles go to a song from now on, and what they have banked too; without a song, to their own
-- owner's again. ARGS: handles  [song]
local member = ARGS.song and member_of(ARGS.song)
if member and not song_exists(member) then
  return refuse('unknown_song', { number = tonumber(ARGS.song) })
end
if member and not ACTIVE[song_field(member, 'state')] then
  return refuse('ended', { song = facts_of(member) })
end
local changed = false
for _, handle in ipairs(ARGS.handles) do
  if (redis.call('HGET', PREFIX .. 'supports', handle) or nil) ~= ARGS.song then
    put_field('supports', handle, ARGS.song)
    changed = true
  end
end
if not changed then
  return refuse('unchanged')
end
local promotions, song = {}, nil
if member then
  local first = ARGS.handles[1]
  spend(nil, ARGS.song, { first, redis.call('HGET', PREFIX .. 'viewers', first) or '' }, promotions)
  settle_banks()
  song = facts_of(member)
end
local lifted = #promotions > 0 and promotions or nil
return commit('supported', ARGS.song or '', { handles = ARGS.handles, song = song, promotions = lifted },
  { song = song, promotions = lifted })
