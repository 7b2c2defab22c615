-- Luxury Coins, in the sorted set `wallet` by Discord account: whole numbers from 0 to SPAN - 1, a row at zero
-- is removed. Every change is a row { user, delta, cause, balance after } of `wallet_rows`, which the move puts
-- into its event's data as `wallet`: the ledger is the sum of those rows.
local wallet_rows = {}

local function wallet_of(user)
  return tonumber(redis.call('ZSCORE', PREFIX .. 'wallet', user) or '0')
end

-- Adds (or, negative, takes) coins; gives the balance after. nil, with nothing written, when the balance would
-- leave its range: whoever spends asks first or refuses then.
local function credit_wallet(user, delta, cause)
  local balance = wallet_of(user) + delta
  if balance < 0 or balance >= SPAN then
    return nil
  end
  if delta ~= 0 then
    put_score('wallet', user, balance > 0 and balance or nil)
    wallet_rows[#wallet_rows + 1] = { user, delta, cause, balance }
  end
  return balance
end

-- For the event's data: nil when nothing changed.
local function wallet_changes()
  return #wallet_rows > 0 and wallet_rows or nil
end
