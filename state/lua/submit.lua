-- include: move order song taking
-- Takes a song in: Free songs wait at once, claimed skips wait for a reviewer's approval.
-- ARGS: title artist user user_name [link file file_name file_size note track claimed]
if ARGS.claimed == '0' then
  ARGS.claimed = nil
end
local tier = ARGS.claimed or '0'
if not known_tier(tier) then
  return refuse('unknown_tier', { tier = tier })
end
local refused, facts = closed_to(tier)
if refused then
  return refuse(refused, facts)
end
local cap = setting_number('cap', DEFAULT_CAP)
if cap > 0 and waiting_count() + redis.call('ZCARD', PREFIX .. 'pending') >= cap then
  return refuse('full', { cap = cap })
end

refused, facts = over_limit(ARGS.user, tier)
if not refused and ARGS.track then
  refused, facts = known_track(ARGS.track)
end
if refused then
  return refuse(refused, facts)
end

local number = digits(next_in('number'))
local member = member_of(number)
local key = song_key(member)
ARGS.number, ARGS.tier, ARGS.submitted_at, ARGS.entered_at = number, tier, AT, AT
ARGS.state = ARGS.claimed and 'pending' or 'waiting'
ARGS.seq = digits(next_in('seq'))
ARGS.by, ARGS.by_name, ARGS.at = BY, BY_NAME, AT
for field, value in pairs(ARGS) do
  put_field(key, field, value)
end
seat(member)
local song = facts_of(member)
return commit('submitted', number, { song = song },
  { song = song, place = place_of(member), waiting = waiting_count() })
