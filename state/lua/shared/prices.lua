-- What a tier costs in coins, TikTok's and ours, and what a song had from its artist's wallet. Needs song.lua,
-- wallet.lua.

-- TikTok coins that a gift must reach: as set, else by the rank of the paid tier from the cheapest. 0: never.
local function gift_threshold(label)
  local given = setting('gift:' .. label, '')
  if string.find(given, '^%d+$') and #given <= 14 then
    return tonumber(given)
  end
  local ladder = redis.call('HKEYS', PREFIX .. 'ladder')
  if #ladder == 0 then
    for each in pairs(DEFAULT_LADDER) do
      ladder[#ladder + 1] = each
    end
  end
  local rank = 0
  for _, each in ipairs(ladder) do
    if each ~= '0' and tonumber(each) <= tonumber(label) then
      rank = rank + 1
    end
  end
  if rank == 0 or label == '0' then
    return 0
  end
  return DEFAULT_GIFTS[math.min(rank, #DEFAULT_GIFTS)]
end

-- 0: not for coins.
local function price_of(label)
  local given = setting('price:' .. label, '')
  if string.find(given, '^%d+$') and #given <= 14 then
    return tonumber(given)
  end
  return math.floor(gift_threshold(label) / COINS_A_LUXURY_COIN)
end

-- A song that leaves without being played gives its artist back what it had from the wallet.
local function return_luxury(member)
  local user, paid = unpack(redis.call('HMGET', PREFIX .. song_key(member), 'user', 'luxury'))
  if paid and user ~= '0' and credit_wallet(user, tonumber(paid), 'returned') then
    change_field(song_key(member), 'luxury', nil)
  end
end
