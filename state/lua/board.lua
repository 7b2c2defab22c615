-- include: read order
-- All that a list of the queue shows, read in one trip and so of one moment.
-- ARGS: offset and count of the waiting songs wanted; pending, held: how many of those, from the first
-- Answers a flat list: revision, now, settings, ladder, counts by tier, waiting total, songs of the page,
-- pending total, pending songs, held total, held songs, the last undoable move as JSON, the playing song, the record of its artist.
local function songs(members)
  local rows = {}
  for index, member in ipairs(members) do
    rows[index] = redis.call('HGETALL', PREFIX .. 'song:' .. member)
  end
  return rows
end

local labels = {}
local ladder = redis.call('HGETALL', PREFIX .. 'ladder')
for index = 1, #ladder, 2 do
  labels[#labels + 1] = ladder[index]
end
if #labels == 0 then
  for label in pairs(DEFAULT_LADDER) do
    labels[#labels + 1] = label
  end
end
local counts = {}
for _, label in ipairs(labels) do
  local low = tonumber(label)
  local from = low > 0 and '(' .. string.format('%.0f', 0 - (low + 1) * SPAN) or string.format('%.0f', 1 - SPAN)
  counts[label] = redis.call('ZCOUNT', PREFIX .. 'queue', from, string.format('%.0f', 0 - low * SPAN))
end
local function count_by_tier(members)
  for _, member in ipairs(members) do
    local tier = redis.call('HGET', PREFIX .. 'song:' .. member, 'tier')
    counts[tier] = (counts[tier] or 0) + 1
  end
end
count_by_tier(redis.call('ZRANGEBYSCORE', PREFIX .. 'queue', '-inf', string.format('%.0f', 0 - LOCK * SPAN)))
count_by_tier(redis.call('ZRANGE', PREFIX .. 'bumped', 0, -1))
local tiers = {}
for label, count in pairs(counts) do
  tiers[#tiers + 1] = label
  tiers[#tiers + 1] = count
end

local playing = redis.call('HGET', PREFIX .. 'now', 'song')
local song = playing and PREFIX .. 'song:' .. string.format('%012.0f', tonumber(playing))
local stack = redis.call('HGET', PREFIX .. 'undo', 'stack')
local top = stack and string.match(stack, '(%d+)$')
local undo = top and redis.call('HGET', PREFIX .. 'undo', 'head:' .. top) or ''
local function first(name, count)
  return count > 0 and redis.call('ZRANGE', PREFIX .. name, 0, count - 1) or {}
end
local waiting = redis.call('ZCARD', PREFIX .. 'queue') + redis.call('ZCARD', PREFIX .. 'bumped')
return {
  redis.call('GET', KEYS[1]),
  redis.call('HGETALL', PREFIX .. 'now'),
  redis.call('HGETALL', PREFIX .. 'settings'),
  ladder,
  tiers,
  waiting,
  songs(ARGS.count > 0 and play_order(ARGS.offset, ARGS.count) or {}),
  redis.call('ZCARD', PREFIX .. 'pending'),
  songs(first('pending', ARGS.pending)),
  redis.call('ZCARD', PREFIX .. 'held'),
  songs(first('held', ARGS.held)),
  undo,
  song and redis.call('HGETALL', song) or {},
  song and redis.call('HGETALL', PREFIX .. 'stats:' .. (redis.call('HGET', song, 'user') or '')) or {},
}
