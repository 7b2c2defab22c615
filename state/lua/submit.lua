-- include: move order song taking points wallet prices gifts
-- Takes a song in: Free songs wait at once, claimed skips wait for a reviewer's approval. The first of a UTC day
-- earns points, and what was banked for its artist may lift it at once.
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
hashes[key] = {}
put_fields(key, ARGS)
seat(member, 'new')
local reward, today = setting_number('points:submission', POINTS.submission), digits(math.floor(NOW / DAY_MS))
if reward > 0 and redis.call('HGET', PREFIX .. 'rewarded', ARGS.user) ~= today then
  put_field('rewarded', ARGS.user, today)
  add_points('points:user', ARGS.user, reward)
  rescore(ARGS.user)
else
  reward = nil
end
local promotions = {}
spend(ARGS.user, nil, nil, promotions)
settle_banks()
local lifted = #promotions > 0 and promotions or nil
local song = facts_of(member)
return commit('submitted', number, { song = song, points = reward, promotions = lifted },
  { song = song, points = reward, promotions = lifted, place = place_of(member), waiting = waiting_count() })
