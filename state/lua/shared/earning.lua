-- How handles earn Luxury Coins for the account that owns them: `earning` keeps, by handle, the coins it gave and
-- the ms it was active that were not converted yet. A handle that nobody owns keeps all. Needs wallet.lua.

local function earning_of(text)
  local coins, active = string.match(text or '', '^(%d+) (%d+)$')
  return tonumber(coins or '0'), tonumber(active or '0')
end

-- The Luxury Coins in them, by gifts and by time, and what is left of both.
local function worth_of(coins, active)
  local gifts, times = math.floor(coins / LUXURY_GIFT_COINS), math.floor(active / LUXURY_ACTIVE_MS)
  return gifts * LUXURY_A_GIFT, times * LUXURY_AN_ACTIVE, coins - gifts * LUXURY_GIFT_COINS,
    active - times * LUXURY_ACTIVE_MS
end

local function put_earning(handle, coins, active)
  put_field('earning', handle, (coins > 0 or active > 0) and digits(coins) .. ' ' .. digits(active) or nil)
end

-- Pays an account what a handle that it owns now has earned until now.
local function pay_earning(handle, user)
  local kept = redis.call('HGET', PREFIX .. 'earning', handle)
  if kept then
    local gifts, active, coins_left, active_left = worth_of(earning_of(kept))
    if gifts + active > 0 then
      credit_wallet(user, gifts, 'gifts')
      credit_wallet(user, active, 'active')
      put_earning(handle, coins_left, active_left)
    end
  end
end
