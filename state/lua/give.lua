-- include: move wallet
-- Gives Luxury Coins to an account or takes some, with the reason that stands in the history.
-- ARGS: user delta [reason]
local before = wallet_of(ARGS.user)
local balance = credit_wallet(ARGS.user, ARGS.delta, 'given')
if not balance then
  return refuse('short', { price = math.abs(ARGS.delta), balance = before })
end
return commit('coins', '', { user = ARGS.user, change = ARGS.delta, reason = ARGS.reason,
  wallet = wallet_changes() }, { balance = balance })
