-- include: move song handles
-- Gives a TikTok name that nobody was seen under yet to an account, to be linked when its viewer appears; or
-- lets go of it. ARGS: name in lower case [user: absent to let go] [force: bool, over whoever awaits it]
-- [owner: who must await it, when it is let go]
local seen = redis.call('HGET', PREFIX .. 'names', ARGS.name)
local current = seen and redis.call('HGET', PREFIX .. 'viewers', seen)
if ARGS.user and current and string.lower(current) == ARGS.name then
  return refuse('seen', { handle = seen })
end
local before = redis.call('HGET', PREFIX .. 'awaited', ARGS.name) or nil
if ARGS.owner and before ~= ARGS.owner then
  return refuse('unknown_handle')
end
if before == ARGS.user then
  return refuse('same_owner')
end
if before and ARGS.user and not ARGS.force then
  return refuse('taken')
end
if ARGS.user and not ARGS.force then
  local count = 0
  for _, user in ipairs(redis.call('HVALS', PREFIX .. 'awaited')) do
    count = count + (user == ARGS.user and 1 or 0)
  end
  if count >= MOST_AWAITED then
    return refuse('limit', { limit = MOST_AWAITED })
  end
end
put_field('awaited', ARGS.name, ARGS.user)
return commit(ARGS.user and 'awaited' or 'unawaited', '',
  { name = ARGS.name, user = ARGS.user, from = before }, { user = ARGS.user })
