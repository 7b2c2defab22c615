-- include: move order song points cards onair
-- Ends the song that plays and starts the first in order of play.
-- ARGS: [expected: number or 'none'] [guard: ms] [guard_self: bool]
-- A stale expectation, or a Next of a moment ago, moves nothing and tells who advanced.
local now = hash('now')
local playing, ago = now.song, now.moved_at and NOW - tonumber(now.moved_at) or 0
local stale = ARGS.expected and ARGS.expected ~= (playing or 'none')
if stale or (ARGS.guard and now.moved == 'next' and ago < ARGS.guard and (ARGS.guard_self or now.mover ~= BY)) then
  return refuse(stale and 'stale' or 'recent', { by = now.mover or '0', by_name = now.mover_name or '',
    moved = now.moved or '', ago = ago, song = playing and facts_of(member_of(playing)) or nil })
end
local member = play_order(0, 1)[1]
if not member and not playing then
  return refuse('empty', { pending = redis.call('ZCARD', PREFIX .. 'pending'),
    held = redis.call('ZCARD', PREFIX .. 'held') })
end

undoable()
local stage = { turn = digits(tonumber(now.turn or '0') + 1) }
local before, seconds, recent
if playing then
  local ended = member_of(playing)
  move_song(ended, { state = 'played', ended_at = AT })
  before = facts_of(ended)
  seconds = math.max(0, math.floor((NOW - tonumber(now.since or AT)) / 1000))
  before.seconds = seconds
  local track = song_field(ended, 'track')
  if track then
    recent = { track, nullable(redis.call('ZSCORE', PREFIX .. 'recent', track)) }
    put_score('recent', track, NOW)
    trim_recent()
  end
  count_in('stats:' .. before.user, 'plays', 1)
  -- Each once, the newest first.
  local played = string.gsub(',' .. (now.played or '') .. ',', ',' .. playing .. ',', ',', 1)
  played = string.match(playing .. played, '^(.-),*$')
  local _, commas = string.gsub(played, ',', ',')
  for _ = PLAYED_KEPT, commas do
    played = string.match(played, '^(.*),')
  end
  stage.played = played
  -- A song passed over in a few seconds says nothing of how long a review takes.
  if seconds >= SHORTEST_REVIEW then
    local kept = { digits(seconds) }
    for value in string.gmatch(now.durations or '', '%d+') do
      if #kept < DURATIONS_KEPT then
        kept[#kept + 1] = value
      end
    end
    stage.durations = table.concat(kept, ',')
  end
end

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
  stage.paid = song.tier == 0 and '0' or digits((tonumber(now.paid or '0') or 0) + 1)
  if setting('fair:round_robin', '0') == '1' then
    -- Behind everybody who waits by now; without another song there the artist is as good as new.
    local others = false
    for _, other in ipairs(redis.call('ZRANGE', PREFIX .. 'artist:' .. user, 0, -1)) do
      others = others or (other ~= member and tonumber(song_field(other, 'tier')) == song.tier)
    end
    local counter = redis.call('GET', PREFIX .. (song.tier == 0 and 'number' or 'seq')) or '0'
    change_field('served', digits(song.tier) .. ':' .. user, others and counter .. ' ' .. stage.turn or nil)
  end
end
stage.song, stage.since = song and digits(song.number) or false, song and AT or false
stage.title, stage.artist = song and song.title or false, song and song.artist or false
change_fields('now', stage)
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
