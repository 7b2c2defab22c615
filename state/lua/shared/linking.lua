-- What a handle brings the account that owns it from now on: its banked coins, the Luxury Coins it has earned, and
-- perhaps a lifted song. Needs handles.lua, gifts.lua, earning.lua.
local function bring_in(handle, user, promotions)
  local banked = move_bank(handle, user)
  pay_earning(handle, user)
  spend(user, redis.call('HGET', PREFIX .. 'supports', handle) or nil,
    { handle, redis.call('HGET', PREFIX .. 'viewers', handle) or '' }, promotions)
  return banked
end
