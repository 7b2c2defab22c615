-- include: move order song points cards onair
-- Ends the song that plays and starts the first in order of play.
-- ARGS: [expected: number or 'none'] [guard: ms] [guard_self: bool]
-- A stale expectation, or a Next of a moment ago, moves nothing and tells who advanced.
local now = redis.call('HMGET', PREFIX .. 'now', 'song', 'since', 'mover', 'mover_name', 'moved', 'moved_at',
  'durations', 'paid')
local playing, since, durations, paid = now[1], now[2], now[7], now[8]
local mover = { by = now[3] or '0', by_name = now[4] or '', moved = now[5] or '',
  ago = now[6] and NOW - tonumber(now[6]) or 0, song = playing and facts_of(member_of(playing)) or nil }
if ARGS.expected and ARGS.expected ~= (playing or 'none') then
  return refuse('stale', mover)
end
if ARGS.guard and mover.moved == 'next' and mover.ago < ARGS.guard
    and (ARGS.guard_self or mover.by ~= BY) then
  return refuse('recent', mover)
end
local member = play_order(0, 1)[1]
if not member and not playing then
  return refuse('empty', { pending = redis.call('ZCARD', PREFIX .. 'pending'),
    held = redis.call('ZCARD', PREFIX .. 'held') })
end

undoable()
local before, seconds, recent
if playing then
  local ended = member_of(playing)
  move_song(ended, { state = 'played', ended_at = AT })
  before = facts_of(ended)
  seconds = math.max(0, math.floor((NOW - tonumber(since or AT)) / 1000))
  before.seconds = seconds
  local track = song_field(ended, 'track')
  if track then
    recent = { track, nullable(redis.call('ZSCORE', PREFIX .. 'recent', track)) }
    put_score('recent', track, NOW)
    trim_recent()
  end
  count_in('stats:' .. before.user, 'plays', 1)
  local played = { playing }
  for number in string.gmatch(redis.call('HGET', PREFIX .. 'now', 'played') or '', '%d+') do
    if #played < PLAYED_KEPT and number ~= playing then
      played[#played + 1] = number
    end
  end
  change_field('now', 'played', table.concat(played, ','))
  -- A song passed over in a few seconds says nothing of how long a review takes.
  if seconds >= SHORTEST_REVIEW then
    local kept = { digits(seconds) }
    for value in string.gmatch(durations or '', '%d+') do
      if #kept < DURATIONS_KEPT then
        kept[#kept + 1] = value
      end
    end
    change_field('now', 'durations', table.concat(kept, ','))
  end
end

local turn = turn_now() + 1
local song, stake
if member then
  local user = song_field(member, 'user')
  local fields = { state = 'playing', started_at = AT, locked = false, due = false }
  if song_field(member, 'tier') == '0' then
    stake = take_points(user)
    if #stake > 0 then
      fields.stake = cjson.encode(stake)
    end
  end
  move_song(member, fields)
  if stake then
    rescore(user)
  end
  song = facts_of(member)
  change_field('now', 'paid', song.tier == 0 and '0' or digits((tonumber(paid or '0') or 0) + 1))
  if setting('fair:round_robin', '0') == '1' then
    -- Behind everybody who waits by now; without another song there the artist is as good as new.
    local others = false
    for _, other in ipairs(redis.call('ZRANGE', PREFIX .. 'artist:' .. user, 0, -1)) do
      others = others or (other ~= member and tonumber(song_field(other, 'tier')) == song.tier)
    end
    local counter = redis.call('GET', PREFIX .. (song.tier == 0 and 'number' or 'seq')) or '0'
    change_field('served', digits(song.tier) .. ':' .. user, others and counter .. ' ' .. digits(turn) or nil)
  end
end
change_field('now', 'song', song and digits(song.number) or nil)
change_field('now', 'title', song and song.title or nil)
change_field('now', 'artist', song and song.artist or nil)
change_field('now', 'since', song and AT or nil)
change_field('now', 'turn', digits(turn))
mark_mover('next')
local locks = {}
for _, locked in ipairs(lock_announced()) do
  locks[#locks + 1] = { locked, song_field(locked, 'locked') }
end
local number = song and digits(song.number) or ''
if song then
  owe_card('now_playing', number)
end
local marks = song and mark_song(number) or nil
remember('next', number, { locks = locks, recent = recent, marks = marks and #marks > 0 and marks or nil })
return commit('next', number, { ended = before, song = song, seconds = seconds, stake = stake },
  { ended = before, song = song, waiting = waiting_count() })
