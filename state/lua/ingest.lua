-- include: move order song points wallet prices gifts earning handles linking
-- Books what happened on a live: points, coins, banks, Luxury Coins, the session's counters and curve, and what
-- songs do upon that. A message that was booked already counts for nothing; neither does the part of a streak
-- that was. Every key is written once a batch. Whoever does not listen any more (see the fence) may still book what
-- is so young that its id and its streak would be known.
-- ARGS: session  [skipped: messages that could not be read]
-- events, in order: list of { kind, message id, ms, viewer id or '0' for nobody, name, and for
--   gift: streak or '' for none, price of a unit, count   like: count, total of the room
--   viewers: now, all so far }
local session = 'session:' .. ARGS.session
local names = { 'state', 'host', 'connected_at', 'last_at', 'likes', 'likes_room', 'likes_seen', 'comments',
  'shares', 'follows', 'subscribes', 'gifts', 'coins', 'joins', 'points', 'viewers', 'viewers_at',
  'viewers_peak', 'visitors', 'viewer_ms', 'measured_ms', 'skipped', 'swept_at' }
local kept = redis.call('HMGET', PREFIX .. session, unpack(names))
local totals, before = {}, {}
for index, name in ipairs(names) do
  totals[name] = index < 3 and kept[index] or tonumber(kept[index] or '0')
  before[name] = totals[name]
end
if not totals.state or totals.state == 'ended' then
  return refuse('no_session', { session = ARGS.session })
end

if OUTDATED then
  -- Marks that had to make room for newer ones say nothing: what is older than the oldest kept one is unknown.
  local since = NOW - LATE_MS
  if redis.call('ZCARD', PREFIX .. 'seen') >= SEEN_MOST then
    since = math.max(since, tonumber(redis.call('ZRANGE', PREFIX .. 'seen', 0, 0, 'WITHSCORES')[2]) + AHEAD_MS)
  end
  local young = {}
  for _, event in ipairs(ARGS.events) do
    if event[3] > since then
      young[#young + 1] = event
    end
  end
  if #young == 0 then
    return refuse('fenced')
  end
  ARGS.events = young
end

local ids = {}
for index, event in ipairs(ARGS.events) do
  ids[index] = event[2]
end
if #ids == 0 then
  return refuse('empty')
end
local seen = redis.call('ZMSCORE', PREFIX .. 'seen', unpack(ids))
local heard = tonumber(redis.call('HGET', PREFIX .. 'heard', totals.host) or '0')
local events, marks, marked = {}, {}, {}
for index, event in ipairs(ARGS.events) do
  if not seen[index] and not marked[event[2]] and event[3] > heard then
    marked[event[2]] = true
    if event[3] > NOW + AHEAD_MS then
      event[3] = NOW
    end
    events[#events + 1] = event
    marks[#marks + 1] = AT
    marks[#marks + 1] = event[2]
  end
end
if #events == 0 then
  return refuse('empty')
end

-- Who is in it, and what is known of them, read at once.
local viewers, handles, minutes, minute_of, streaks, streak_of = {}, {}, {}, {}, {}, {}
for _, event in ipairs(events) do
  local handle = event[4]
  if handle ~= '0' and not viewers[handle] then
    viewers[handle] = { handle = handle }
    handles[#handles + 1] = handle
  end
  if event[1] == 'gift' and event[6] ~= '' and not streak_of[event[6]] then
    streak_of[event[6]] = {}
    streaks[#streaks + 1] = event[6]
  end
  if event[1] == 'gift' or event[1] == 'viewers' then
    local minute = digits(math.floor(event[3] / 60000))
    if not minute_of[minute] then
      minute_of[minute] = {}
      minutes[#minutes + 1] = minute
    end
  end
end
local ROW = { 'likes', 'comments', 'shares', 'follows', 'subscribes', 'gifts', 'coins', 'points', 'active_ms',
  'first_at', 'last_at' }
local ROW_FORMAT = string.sub(string.rep('%.0f ', #ROW), 1, -2)
if #handles > 0 then
  local rows = redis.call('HMGET', PREFIX .. session .. ':viewers', unpack(handles))
  local known_names = redis.call('HMGET', PREFIX .. 'viewers', unpack(handles))
  local owners = redis.call('HMGET', PREFIX .. 'links', unpack(handles))
  for index, handle in ipairs(handles) do
    local viewer, at = viewers[handle], 0
    for number in string.gmatch(rows[index] or '', '%d+') do
      at = at + 1
      viewer[ROW[at]] = tonumber(number)
    end
    while at < #ROW do
      at = at + 1
      viewer[ROW[at]] = 0
    end
    viewer.name, viewer.owner = known_names[index] or '', owners[index] or nil
    viewer.points_more, viewer.coins_more, viewer.active_more = 0, 0, 0
  end
end
if #streaks > 0 then
  for index, text in ipairs(redis.call('HMGET', PREFIX .. 'streaks', unpack(streaks))) do
    local streak = streak_of[streaks[index]]
    streak.counted = tonumber(string.match(text or '', '^%d+') or '0')
  end
end
if #minutes > 0 then
  for index, text in ipairs(redis.call('HMGET', PREFIX .. session .. ':curve', unpack(minutes))) do
    local minute, now, coins, songs = minute_of[minutes[index]], string.match(text or '', '^(%d+) (%d+) (%S+)$')
    minute.viewers, minute.coins, minute.songs = tonumber(now or '0'), tonumber(coins or '0'), songs or '-'
  end
end

local worth = {}
local function points_for(what)
  worth[what] = worth[what] or setting_number('points:' .. what, POINTS[what])
  return worth[what]
end

local promotions, linked, counts = {}, {}, {}
local COUNTED = { like = 'likes', comment = 'comments', share = 'shares', follow = 'follows',
  subscribe = 'subscribes' }

local function sign_of_life(viewer, at)
  local last, connected = viewer.last_at, totals.connected_at
  if last >= connected and at >= connected and at > last then
    viewer.active_more = viewer.active_more + math.min(at - last, ACTIVE_GAP_MS)
  end
  viewer.first_at = viewer.first_at > 0 and math.min(viewer.first_at, at) or at
  viewer.last_at = math.max(last, at)
end

local function earn(viewer, points)
  totals.points = totals.points + points
  if viewer then
    viewer.points_more = viewer.points_more + points
  end
end

local function book_gift(viewer, event)
  local streak, price, count = streak_of[event[6]], event[7], event[8]
  if streak then
    local more = math.max(0, count - streak.counted)
    streak.counted, streak.touched = streak.counted + more, true
    count = more
  end
  local coins = count * price
  totals.gifts, totals.coins = totals.gifts + count, totals.coins + coins
  if coins > 0 then
    local minute = minute_of[digits(math.floor(event[3] / 60000))]
    minute.coins, minute.touched = minute.coins + coins, true
  end
  local points = coins * points_for(price < setting_number('points:gift_limit', POINTS.gift_limit)
    and 'gift_small' or 'gift_large')
  earn(viewer, points)
  if viewer and count > 0 then
    viewer.gifts, viewer.coins = viewer.gifts + count, viewer.coins + coins
    viewer.coins_more = viewer.coins_more + coins
    if coins > 0 then
      change_bank(bank_of('handle', viewer.handle), coins)
      viewer.supported = viewer.supported or redis.call('HGET', PREFIX .. 'supports', viewer.handle)
      spend(viewer.owner, viewer.supported or nil, { viewer.handle, viewer.name }, promotions)
    end
  end
end

local function book_viewers(event)
  local at, now = event[3], event[6]
  if at > totals.viewers_at then
    if totals.viewers_at >= totals.connected_at and totals.viewers_at > 0 then
      local gap = math.min(at - totals.viewers_at, VIEWERS_GAP_MS)
      totals.viewer_ms = totals.viewer_ms + gap * totals.viewers
      totals.measured_ms = totals.measured_ms + gap
    end
    totals.viewers, totals.viewers_at = now, at
  end
  totals.viewers_peak = math.max(totals.viewers_peak, now)
  totals.visitors = math.max(totals.visitors, event[7])
  local minute = minute_of[digits(math.floor(at / 60000))]
  minute.viewers, minute.touched = math.max(minute.viewers, now), true
end

for _, event in ipairs(events) do
  local kind, at, viewer = event[1], event[3], viewers[event[4]]
  counts[kind] = (counts[kind] or 0) + 1
  totals.last_at = math.max(totals.last_at, at)
  if viewer then
    if event[5] ~= '' and event[5] ~= viewer.name then
      viewer.name = event[5]
      local owner = seen_viewer(viewer.handle, viewer.name)
      if owner then
        viewer.owner = owner
        bring_in(viewer.handle, owner, promotions)
        linked[#linked + 1] = { viewer.handle, viewer.name, owner }
      end
    end
    sign_of_life(viewer, at)
  end
  local counted = COUNTED[kind]
  if kind == 'gift' then
    book_gift(viewer, event)
  elseif kind == 'viewers' then
    book_viewers(event)
  elseif kind == 'join' then
    totals.joins = totals.joins + 1
  elseif counted then
    local count = kind == 'like' and event[6] or 1
    if kind == 'like' then
      totals.likes_seen = totals.likes_seen + count
      if event[7] > totals.likes_room then
        totals.likes, totals.likes_room = totals.likes + event[7] - totals.likes_room, event[7]
      end
    else
      totals[counted] = totals[counted] + 1
    end
    if viewer then
      viewer[counted] = viewer[counted] + count
    end
    earn(viewer, count * points_for(kind))
  end
end

-- From here on it is written, each key at once.
local function put_flat(name, flat)
  if #flat > 0 then
    hashes[name] = nil
    redis.call('HSET', PREFIX .. name, unpack(flat))
    for index = 1, #flat, 2 do
      effects[#effects + 1] = { 'h', name, flat[index], flat[index + 1] }
    end
  end
end

local function add_scores(name, members, more)
  if #members == 0 then
    return
  end
  local flat = {}
  for index, score in ipairs(redis.call('ZMSCORE', PREFIX .. name, unpack(members))) do
    local total = digits(math.min(tonumber(score or '0') + viewers[members[index]][more], SPAN - 1))
    flat[#flat + 1] = total
    flat[#flat + 1] = members[index]
    effects[#effects + 1] = { 'z', name, members[index], total }
  end
  redis.call('ZADD', PREFIX .. name, unpack(flat))
end

redis.call('ZADD', PREFIX .. 'seen', unpack(marks))
redis.call('ZREMRANGEBYSCORE', PREFIX .. 'seen', '-inf', digits(NOW - SEEN_MS))
redis.call('ZREMRANGEBYRANK', PREFIX .. 'seen', 0, 0 - SEEN_MOST - 1)

local flat = {}
for _, name in ipairs(streaks) do
  if streak_of[name].touched then
    flat[#flat + 1] = name
    flat[#flat + 1] = digits(streak_of[name].counted) .. ' ' .. AT
  end
end
put_flat('streaks', flat)
if NOW - totals.swept_at > SWEEP_MS then
  totals.swept_at = NOW
  local all = redis.call('HGETALL', PREFIX .. 'streaks')
  for index = 1, #all, 2 do
    if tonumber(string.match(all[index + 1], '%d+$')) < NOW - STREAK_MS then
      put_field('streaks', all[index], nil)
    end
  end
end

local rows, earned, given, moved = {}, {}, {}, {}
flat = {}
for _, handle in ipairs(handles) do
  local viewer = viewers[handle]
  viewer.points, viewer.active_ms = viewer.points + viewer.points_more, viewer.active_ms + viewer.active_more
  flat[#flat + 1] = handle
  flat[#flat + 1] = string.format(ROW_FORMAT, viewer.likes, viewer.comments, viewer.shares, viewer.follows,
    viewer.subscribes, viewer.gifts, viewer.coins, viewer.points, viewer.active_ms, viewer.first_at,
    viewer.last_at)
  if viewer.points_more > 0 then
    earned[#earned + 1] = handle
    if viewer.owner and not moved[viewer.owner] then
      moved[viewer.owner] = true
      moved[#moved + 1] = viewer.owner
    end
  end
  if viewer.coins_more > 0 then
    given[#given + 1] = handle
  end
  if viewer.points_more > 0 or viewer.coins_more > 0 then
    rows[#rows + 1] = { handle, viewer.points_more, viewer.coins_more }
  end
end
put_flat(session .. ':viewers', flat)
add_scores('points:handle', earned, 'points_more')
add_scores('coins', given, 'coins_more')
settle_banks()

-- Luxury Coins: a wallet changes once a batch and cause.
local pay, paid = {}, {}
local earners = {}
for _, handle in ipairs(handles) do
  if viewers[handle].coins_more > 0 or viewers[handle].active_more > 0 then
    earners[#earners + 1] = handle
  end
end
if #earners > 0 then
  flat = {}
  for index, text in ipairs(redis.call('HMGET', PREFIX .. 'earning', unpack(earners))) do
    local viewer = viewers[earners[index]]
    local coins, active = earning_of(text)
    coins, active = coins + viewer.coins_more, active + viewer.active_more
    if viewer.owner then
      local gifts, times
      gifts, times, coins, active = worth_of(coins, active)
      if gifts + times > 0 then
        if not paid[viewer.owner] then
          paid[viewer.owner] = { 0, 0 }
          pay[#pay + 1] = viewer.owner
        end
        local sums = paid[viewer.owner]
        sums[1], sums[2] = sums[1] + gifts, sums[2] + times
      end
    end
    if coins > 0 or active > 0 then
      flat[#flat + 1] = earners[index]
      flat[#flat + 1] = digits(coins) .. ' ' .. digits(active)
    elseif text then
      put_field('earning', earners[index], nil)
    end
  end
  put_flat('earning', flat)
end
for _, owner in ipairs(pay) do
  credit_wallet(owner, paid[owner][1], 'gifts')
  credit_wallet(owner, paid[owner][2], 'active')
end
for _, owner in ipairs(moved) do
  rescore(owner)
end

flat = {}
for _, name in ipairs(minutes) do
  local minute = minute_of[name]
  if minute.touched then
    flat[#flat + 1] = name
    flat[#flat + 1] = digits(minute.viewers) .. ' ' .. digits(minute.coins) .. ' ' .. minute.songs
  end
end
put_flat(session .. ':curve', flat)
totals.skipped = totals.skipped + (ARGS.skipped or 0)
flat = {}
for _, name in ipairs(names) do
  if totals[name] ~= before[name] then
    flat[#flat + 1] = name
    flat[#flat + 1] = digits(totals[name])
  end
end
put_flat(session, flat)

local function some(list)
  return #list > 0 and list or nil
end
return commit('live', '', { session = tonumber(ARGS.session), host = totals.host, counts = counts,
  rows = some(rows), linked = some(linked), promotions = some(promotions), wallet = wallet_changes() },
  { new = #events, coins = digits(totals.coins - before.coins), points = digits(totals.points - before.points),
    promotions = some(promotions), linked = some(linked) })
