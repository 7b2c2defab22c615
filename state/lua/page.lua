-- include: move
-- The link of the guild's public page: made once, then kept, so that it can be told again, until it is renewed.
-- ARGS: token (what a new link holds), [renew: bool]
-- Refuses with 'unchanged' where a link is kept and none is to be renewed.
local kept = redis.call('HEXISTS', PREFIX .. 'page', 'token') == 1
if kept and not ARGS.renew then
  return refuse('unchanged')
end
put_field('page', 'token', ARGS.token)
put_field('page', 'at', AT)
return commit(kept and 'page_renewed' or 'page_linked', '', {}, { token = ARGS.token })
