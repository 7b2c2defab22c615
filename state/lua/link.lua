-- include: move order song
-- Gives a TikTok handle (by its numeric user id) to a Discord account, or takes it away; the points of
-- the handle count for its owner from then on. A handle has one owner.
-- ARGS: handle [name] [user: absent to unlink] [force: bool]
local owner = redis.call('HGET', PREFIX .. 'links', ARGS.handle) or nil
if owner == ARGS.user then
  return refuse('same_owner', { owner = owner })
end
if owner and ARGS.user and not ARGS.force then
  return refuse('taken', { owner = owner })
end
put_field('links', ARGS.handle, ARGS.user)
if owner then
  put_score('handles:' .. owner, ARGS.handle, nil)
  rescore(owner)
end
if ARGS.user then
  put_score('handles:' .. ARGS.user, ARGS.handle, NOW)
  rescore(ARGS.user)
end
local kind = ARGS.user and 'linked' or 'unlinked'
return commit(kind, '', { handle = ARGS.handle, name = ARGS.name, user = ARGS.user, from = owner },
  { owner = ARGS.user, from = owner })
