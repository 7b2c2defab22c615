-- include: read order song notices
-- Claims what artists are to be told: each kind once a song, whoever asks and how often. What is claimed is
-- owed in `owed` until it was sent or given up. No move: nothing of the queue changes.
-- ARGS: reached (revision up to which events were looked at), candidates: list of { number, kind },
-- most (how many may be owed), [silent: claim all that is true now and owe nothing]
if not redis.call('GET', KEYS[1]) then
  return nil
end
local time = redis.call('TIME')
local now = string.format('%.0f', tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000))
redis.call('SET', PREFIX .. 'noticed', ARGS.reached)

-- Whoever was told the later one need not hear the earlier one any more.
local RANK = { two = 1, next = 2, playing = 3, played = 4 }
local dropped, room = 0, ARGS.most - redis.call('HLEN', PREFIX .. 'owed')

local function told(number, kind)
  return redis.call('HEXISTS', PREFIX .. 'told:' .. member_of(number), kind) == 1
end

local function overtaken(number, kind)
  for other, rank in pairs(RANK) do
    if RANK[kind] and rank > RANK[kind] and told(number, other) then
      return true
    end
  end
  return false
end

local function claim(number, kind)
  if told(number, kind) or overtaken(number, kind) then
    return
  end
  if room < 1 and not ARGS.silent then
    dropped = dropped + 1
    return
  end
  local key = PREFIX .. 'told:' .. member_of(number)
  redis.call('HSET', key, kind, now)
  redis.call('EXPIRE', key, TOLD_SECONDS)
  if not ARGS.silent then
    redis.call('HSET', PREFIX .. 'owed', number .. ':' .. kind, 'claimed')
    room = room - 1
  end
end

if setting('notices', DEFAULT_NOTICES) ~= 'off' then
  for _, candidate in ipairs(ARGS.candidates) do
    local number, kind = candidate[1], candidate[2]
    if notice_holds(number, kind) then
      claim(number, kind)
    end
  end
  local playing = redis.call('HGET', PREFIX .. 'now', 'song')
  -- Before the show has begun a place says nothing of when.
  if playing then
    if ARGS.silent then
      claim(playing, 'playing')
    end
    local first = play_order(0, 2)
    for place, kind in ipairs({ 'next', 'two' }) do
      local number = first[place] and song_field(first[place], 'number')
      if number and notice_holds(number, kind) then
        claim(number, kind)
      end
    end
  end
end
return cjson.encode({ owed = redis.call('HKEYS', PREFIX .. 'owed'), dropped = dropped })
