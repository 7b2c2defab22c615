-- include: move order song wallet prices gifts earning handles linking
-- Gives a TikTok handle (by its numeric user id) to a Discord account, or takes it away; the points of
-- the handle count for its owner from then on, and its banked coins go to the owner. A handle has one owner.
-- ARGS: handle [name] [user: absent to unlink] [force: bool] [owner: whose it must be, when one is unlinked]
local owner = redis.call('HGET', PREFIX .. 'links', ARGS.handle) or nil
if ARGS.owner and owner ~= ARGS.owner then
  return refuse('unknown_handle')
end
if owner == ARGS.user then
  return refuse('same_owner', { owner = owner })
end
if owner and ARGS.user and not ARGS.force then
  return refuse('taken', { owner = owner })
end
own_handle(ARGS.handle, ARGS.user)
local promotions, banked = {}, nil
if ARGS.user then
  banked = bring_in(ARGS.handle, ARGS.user, promotions)
  settle_banks()
end
local lifted = #promotions > 0 and promotions or nil
local kind = ARGS.user and 'linked' or 'unlinked'
return commit(kind, '', { handle = ARGS.handle, name = ARGS.name, user = ARGS.user, from = owner,
  coins = banked and banked > 0 and banked or nil, promotions = lifted, wallet = wallet_changes() },
  { owner = ARGS.user, from = owner, promotions = lifted })
