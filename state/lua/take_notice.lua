-- include: read order song notices
-- Takes an owed notice up right before it is sent, if it is still true then and its artist wants it.
-- ARGS: number kind
-- `claimed` was never sent: when it is untrue now, it was never claimed. `sending <ms>` may have been sent:
-- within TWICE_SECONDS Discord tells a repetition by its nonce, after that nobody can, and it is given up.
local field = ARGS.number .. ':' .. ARGS.kind
local member = member_of(ARGS.number)
local told = PREFIX .. 'told:' .. member
local standing = redis.call('HGET', PREFIX .. 'owed', field)
if not standing then
  return nil
end
local function settle(outcome)
  redis.call('HDEL', PREFIX .. 'owed', field)
  return cjson.encode({ outcome = outcome })
end

local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local since = tonumber(string.match(standing, '^sending (%d+)$') or '')
if since and now - since > TWICE_SECONDS * 1000 then
  return settle('lost')
end
if not notice_holds(ARGS.number, ARGS.kind) then
  if not since then
    redis.call('HDEL', told, ARGS.kind)
  end
  return settle('untrue')
end
local mode = setting('notices', DEFAULT_NOTICES)
local user = song_field(member, 'user')
if mode == 'off' or redis.call('HEXISTS', PREFIX .. 'quiet', user) == 1 then
  return settle('unwanted')
end
if not since then
  redis.call('HSET', PREFIX .. 'owed', field, 'sending ' .. string.format('%.0f', now))
end
if ARGS.kind == 'played' and (song_field(member, 'score') or song_field(member, 'review_note')) then
  redis.call('HSET', told, 'reviewed', string.format('%.0f', now))
end
local givers
if ARGS.kind == 'gifted' then
  givers = cjson.decode(song_field(member, 'gifts') or '[]')
  for _, row in ipairs(givers) do
    row[4] = row[1] == 'handle' and redis.call('HGET', PREFIX .. 'viewers', row[2]) or ''
  end
end
local song, flat = {}, redis.call('HGETALL', PREFIX .. song_key(member))
for index = 1, #flat, 2 do
  song[flat[index]] = flat[index + 1]
end
return cjson.encode({ outcome = 'send', song = song, mode = mode, channel = setting('channel:notices', '0'),
  language = setting('language', 'en'), givers = givers, place = ARGS.kind == 'rejected' and place_of(member) or nil,
  tier = redis.call('HGET', PREFIX .. 'ladder', song.tier) or DEFAULT_LADDER[song.tier] or song.tier })
