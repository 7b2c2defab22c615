-- include: move
-- Private addresses of overlays. Only the digest of a secret passes through here, since events are kept.
-- ARGS: verb ('create', 'rotate' or 'remove'), name, [digest: of the new secret]
local there = redis.call('HEXISTS', PREFIX .. 'overlays', ARGS.name) == 1

if ARGS.verb == 'create' then
  if there then
    return refuse('taken')
  end
  if redis.call('HLEN', PREFIX .. 'overlays') >= MOST_OVERLAYS then
    return refuse('limit', { limit = MOST_OVERLAYS })
  end
elseif not there then
  return refuse('unchanged')
end
local kept = ARGS.verb ~= 'remove' and cjson.encode({ digest = ARGS.digest, at = AT }) or nil
put_field('overlays', ARGS.name, kept)
local KINDS = { create = 'overlay_created', rotate = 'overlay_rotated', remove = 'overlay_removed' }
return commit(KINDS[ARGS.verb], '', { name = ARGS.name }, { digest = ARGS.digest })
