-- include: move timers
-- Which TikTok hosts a guild wants to hear, and whether one was lost against its wish.
-- ARGS: verb ('connect', 'disconnect', 'broke', 'lost', 'told', 'back' or 'known'), handle in lower case,
-- [id: the host's TikTok user id] [why: a word] [since: ms: names the outage; lost without it: what broke]
-- [left: ms until a connection that broke is lost]
local text = redis.call('HGET', PREFIX .. 'hosts', ARGS.handle)
local host, kind = text and cjson.decode(text) or nil, nil

local OUTAGE = 'outage:' .. ARGS.handle

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
  host.outage, host.over, host.broken = nil, nil, nil
  cancel_timer(OUTAGE)
elseif ARGS.verb == 'broke' then
  if host.outage or host.broken then
    return refuse('unchanged')
  end
  host.broken = { since = digits(ARGS.since), why = ARGS.why }
  set_timer(OUTAGE, NOW + ARGS.left)
elseif ARGS.verb == 'lost' then
  local since = ARGS.since and digits(ARGS.since) or host.broken and host.broken.since
  if host.outage or not since then
    return refuse('unchanged')
  end
  ARGS.since, ARGS.why = tonumber(since), ARGS.why or host.broken.why
  host.outage, host.broken = { since = since, why = ARGS.why }, nil
  cancel_timer(OUTAGE)
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
  if not host.outage and not host.broken then
    return refuse('unchanged')
  end
  kind = host.outage and 'host_back' or 'host_mended'
  -- Nobody is told of the end of what nobody was told of.
  host.over = host.outage and host.outage.told and { since = host.outage.since, at = AT } or host.over
  host.outage, host.broken = nil, nil
  cancel_timer(OUTAGE)
elseif ARGS.verb == 'known' then
  if host.id == ARGS.id then
    return refuse('unchanged')
  end
  host.id = ARGS.id
else
  return refuse('unchanged')
end
keep()
local KINDS = { connect = 'host_connected', disconnect = 'host_disconnected', broke = 'host_broke',
  lost = 'host_lost', known = 'host_known', told = 'host_told' }
return commit(kind or KINDS[ARGS.verb], '', { handle = ARGS.handle, why = ARGS.why, since = ARGS.since, id = ARGS.id },
  {})
