-- include: move
-- Which TikTok hosts a guild wants to hear, and whether one was lost against its wish.
-- ARGS: verb ('connect', 'disconnect', 'lost', 'told', 'back' or 'known'), handle in lower case,
-- [id: the host's TikTok user id] [why: a word] [since: ms: names the outage]
local text = redis.call('HGET', PREFIX .. 'hosts', ARGS.handle)
local host = text and cjson.decode(text) or nil

local function keep()
  put_field('hosts', ARGS.handle, host and cjson.encode(host) or nil)
end

-- A guild may hear so many at a time; of those it heard before, the newest are kept for the lists.
local function make_room()
  local wanted, oldest, count = 0, nil, 0
  local all = redis.call('HGETALL', PREFIX .. 'hosts')
  for i = 1, #all, 2 do
    local other = cjson.decode(all[i + 1])
    count = count + 1
    if other.wanted then
      wanted = wanted + 1
    elseif all[i] ~= ARGS.handle and (not oldest or tonumber(other.at) < tonumber(oldest.at)) then
      oldest = { field = all[i], at = other.at }
    end
  end
  if wanted >= MOST_HOSTS then
    return false
  end
  if not host and count >= HOSTS_KEPT and oldest then
    put_field('hosts', oldest.field, nil)
  end
  return true
end

if ARGS.verb == 'connect' then
  if host and host.wanted then
    return refuse('unchanged')
  end
  if not make_room() then
    return refuse('limit', { limit = MOST_HOSTS })
  end
  host = { wanted = true, by = BY, by_name = BY_NAME, at = AT, id = host and host.id or nil }
elseif not host or not host.wanted then
  return refuse('unchanged')
elseif ARGS.verb == 'disconnect' then
  host.wanted, host.by, host.by_name, host.at = false, BY, BY_NAME, AT
  host.outage, host.over = nil, nil
elseif ARGS.verb == 'lost' then
  if host.outage then
    return refuse('unchanged')
  end
  host.outage = { since = digits(ARGS.since), why = ARGS.why }
elseif ARGS.verb == 'told' then
  -- Of an outage first that it is, then that it is over.
  if host.outage and host.outage.since == digits(ARGS.since) and not host.outage.told then
    host.outage.told = true
  elseif host.over and host.over.since == digits(ARGS.since) then
    host.over = nil
  else
    return refuse('unchanged')
  end
elseif ARGS.verb == 'back' then
  if not host.outage then
    return refuse('unchanged')
  end
  -- Nobody is told of the end of what nobody was told of.
  host.over = host.outage.told and { since = host.outage.since, at = AT } or nil
  host.outage = nil
elseif ARGS.verb == 'known' then
  if host.id == ARGS.id then
    return refuse('unchanged')
  end
  host.id = ARGS.id
else
  return refuse('unchanged')
end
keep()
local KINDS = { connect = 'host_connected', disconnect = 'host_disconnected', lost = 'host_lost',
  back = 'host_back', known = 'host_known', told = 'host_told' }
return commit(KINDS[ARGS.verb], '', { handle = ARGS.handle, why = ARGS.why, since = ARGS.since, id = ARGS.id },
  {})
