-- include: move
-- Keeps whether a person wants notices about their songs here. ARGS: user [quiet: bool]
local before = redis.call('HEXISTS', PREFIX .. 'quiet', ARGS.user) == 1
if before == (ARGS.quiet == true) then
  return refuse('unchanged')
end
put_field('quiet', ARGS.user, ARGS.quiet and AT or nil)
return commit('quieted', '', { user = ARGS.user, quiet = ARGS.quiet == true }, {})
