-- include: read order song wallet prices
-- What each paid tier costs somebody's song in Luxury Coins, what they have, and which songs of theirs may rise.
-- ARGS: user
local ladder = redis.call('HKEYS', PREFIX .. 'ladder')
if #ladder == 0 then
  for label in pairs(DEFAULT_LADDER) do
    ladder[#ladder + 1] = label
  end
end
local prices, songs = {}, {}
for _, label in ipairs(ladder) do
  if label ~= '0' then
    prices[#prices + 1] = { tonumber(label), price_of(label) }
  end
end
for _, member in ipairs(redis.call('ZRANGE', PREFIX .. 'artist:' .. ARGS.user, 0, -1)) do
  local state, locked, luxury = unpack(redis.call('HMGET', PREFIX .. song_key(member),
    'state', 'locked', 'luxury'))
  if not locked and (state == 'waiting' or state == 'held' or state == 'bumped') then
    songs[#songs + 1] = { song = facts_of(member), luxury = tonumber(luxury or '0') }
  end
end
return cjson.encode({ revision = redis.call('GET', KEYS[1]), balance = wallet_of(ARGS.user),
  prices = prices, songs = songs })
