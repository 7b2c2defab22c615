-- TikTok coins that were gifted and not spent yet, and how they lift songs. `bank:handle` holds those of handles
-- that nobody owns; what the handle of an account gives is in `bank:user`. A move changes banks in memory, so
-- that many gifts cost one write, and ends with `settle_banks`. Needs song.lua, prices.lua.
local banks, touched_banks = {}, {}

-- Where the coins of an account or a handle are: those of a handle that has an owner are the owner's.
local function bank_of(kind, id)
  if kind == 'handle' then
    local owner = redis.call('HGET', PREFIX .. 'links', id)
    if owner then
      kind, id = 'user', owner
    end
  end
  local name = kind .. ':' .. id
  local bank = banks[name]
  if not bank then
    bank = { kind = kind, id = id,
      coins = tonumber(redis.call('ZSCORE', PREFIX .. 'bank:' .. kind, id) or '0') }
    banks[name] = bank
  end
  return bank
end

local function change_bank(bank, delta)
  bank.coins = bank.coins + delta
  if not bank.touched then
    bank.touched = true
    touched_banks[#touched_banks + 1] = bank
  end
end

local function settle_banks()
  for _, bank in ipairs(touched_banks) do
    put_score('bank:' .. bank.kind, bank.id, bank.coins > 0 and bank.coins or nil)
    bank.touched = false
  end
  touched_banks = {}
end

local function lower_id(one, other)
  if #one ~= #other then
    return #one < #other
  end
  return one < other
end

-- Handles whose gifts go to a song, by its number as text; read once a move.
local supporters
local function supporters_of(number)
  if not supporters then
    supporters = {}
    local flat = redis.call('HGETALL', PREFIX .. 'supports')
    for index = 1, #flat, 2 do
      local handles = supporters[flat[index + 1]] or {}
      supporters[flat[index + 1]] = handles
      handles[#handles + 1] = flat[index]
    end
    for _, handles in pairs(supporters) do
      table.sort(handles, lower_id)
    end
  end
  return supporters[number] or {}
end

-- Paid tiers that gifts reach, cheapest label first: { label, coins, open }.
local gift_ladder
local function gift_tiers()
  if gift_ladder then
    return gift_ladder
  end
  gift_ladder = {}
  local labels = redis.call('HKEYS', PREFIX .. 'ladder')
  if #labels == 0 then
    for label in pairs(DEFAULT_LADDER) do
      labels[#labels + 1] = label
    end
  end
  for _, label in ipairs(labels) do
    local coins = label ~= '0' and gift_threshold(label) or 0
    if coins > 0 then
      gift_ladder[#gift_ladder + 1] = { label = tonumber(label), coins = coins,
        open = setting('closed:' .. label, '0') ~= '1' }
    end
  end
  table.sort(gift_ladder, function(one, other)
    return one.label < other.label
  end)
  return gift_ladder
end

local function coins_of_tier(label)
  for _, tier in ipairs(gift_tiers()) do
    if tier.label == label then
      return tier.coins
    end
  end
  return 0
end

-- Whoever pays for a song, in this order: its artist, then its supporters by the number of their handle.
local function payers_of(number, user)
  local payers, known, total = {}, {}, 0
  local function ask(bank)
    if not known[bank] and bank.coins > 0 then
      known[bank], total = true, total + bank.coins
      payers[#payers + 1] = bank
    end
  end
  if user ~= '0' then
    ask(bank_of('user', user))
  end
  for _, handle in ipairs(supporters_of(number)) do
    ask(bank_of('handle', handle))
  end
  return payers, total
end

local function contribute(gifts, bank, amount)
  for _, row in ipairs(gifts) do
    if row[1] == bank.kind and row[2] == bank.id then
      row[3] = row[3] + amount
      return
    end
  end
  gifts[#gifts + 1] = { bank.kind, bank.id, amount }
end

-- Lifts a waiting song to the highest open tier its payers cover. What was spent on it, or its tier's own worth,
-- counts. Gives what came of it; false when more coins are needed; nil when no coins could lift it.
local function lift_song(member)
  local state, tier, locked, credit, gifts, user, number = unpack(redis.call('HMGET',
    PREFIX .. song_key(member), 'state', 'tier', 'locked', 'credit', 'gifts', 'user', 'number'))
  if state ~= 'waiting' or locked then
    return nil
  end
  tier, credit = tonumber(tier), tonumber(credit or '0')
  local worth, above = math.max(credit, coins_of_tier(tier)), {}
  for _, rung in ipairs(gift_tiers()) do
    if rung.open and rung.label > tier and rung.coins > worth then
      above[#above + 1] = rung
    end
  end
  if #above == 0 then
    return nil
  end
  local payers, total = payers_of(number, user)
  local reached
  for _, rung in ipairs(above) do
    if rung.coins - worth <= total then
      reached = rung
    end
  end
  if not reached then
    return false
  end
  local cost, paid = reached.coins - worth, {}
  gifts = gifts and cjson.decode(gifts) or {}
  local left = cost
  for _, bank in ipairs(payers) do
    local amount = math.min(left, bank.coins)
    if amount > 0 then
      change_bank(bank, 0 - amount)
      contribute(gifts, bank, amount)
      paid[#paid + 1] = { bank.kind, bank.id, amount }
      left = left - amount
    end
  end
  move_song(member, { tier = digits(reached.label), entered_at = AT, seq = digits(next_in('seq')),
    credit = digits(credit + cost), gifts = cjson.encode(gifts), promoted_by = BY, promoted_by_name = BY_NAME })
  -- What a reviewer did to this song alone can no longer be taken back, and would stand before other moves.
  forget_moves_of(song_key(member))
  -- Each lift is told.
  redis.call('HDEL', PREFIX .. 'told:' .. member, 'gifted')
  return { song = facts_of(member), from = tier, to = reached.label, coins = cost, gifts = paid }
end

-- Spends what covers: on the song that is supported while it can be lifted, else on the artist's own, oldest
-- first. `by` is who gave last, for those who are told. Adds what came of it to `promotions`.
local function spend(user, supported, by, promotions)
  -- Who has nothing gets nothing, which is nearly everybody who submits.
  if not supported and user and bank_of('user', user).coins == 0
      and redis.call('EXISTS', PREFIX .. 'supports') == 0 then
    return
  end
  while true do
    local lifted
    if supported then
      lifted = lift_song(member_of(supported))
    end
    if lifted == nil and user and user ~= '0' then
      for _, member in ipairs(redis.call('ZRANGE', PREFIX .. 'artist:' .. user, 0, -1)) do
        lifted = lift_song(member)
        if lifted ~= nil then
          break
        end
      end
    end
    if not lifted then
      return
    end
    lifted.by = by
    promotions[#promotions + 1] = lifted
  end
end

-- A song that leaves without being played gives back what was spent on it, each coin to its own bank. Adds the
-- rows { 'user' or 'handle', id, amount } to `rows`, as they must be taken again when the move is undone.
local function return_gifts(member, rows)
  local gifts = song_field(member, 'gifts')
  if not gifts then
    return
  end
  for _, row in ipairs(cjson.decode(gifts)) do
    local bank = bank_of(row[1], row[2])
    change_bank(bank, row[3])
    contribute(rows, bank, row[3])
  end
  change_field(song_key(member), 'gifts', nil)
  change_field(song_key(member), 'credit', nil)
end

-- Whether every bank still has what those rows would take.
local function banks_cover(rows)
  local taken = {}
  for _, row in ipairs(rows) do
    local bank = bank_of(row[1], row[2])
    taken[bank] = (taken[bank] or 0) + row[3]
    if taken[bank] > bank.coins then
      return false
    end
  end
  return true
end

local function take_back_gifts(rows)
  for _, row in ipairs(rows) do
    change_bank(bank_of(row[1], row[2]), 0 - row[3])
  end
  settle_banks()
end

-- The coins of a handle that got an owner go to the owner's bank.
local function move_bank(handle, user)
  local coins = tonumber(redis.call('ZSCORE', PREFIX .. 'bank:handle', handle) or '0')
  local kept = banks['handle:' .. handle]
  if kept then
    coins = kept.coins
  end
  if coins > 0 then
    kept = kept or { kind = 'handle', id = handle, coins = coins }
    banks['handle:' .. handle] = kept
    change_bank(kept, 0 - coins)
    change_bank(bank_of('user', user), coins)
  end
  return coins
end
