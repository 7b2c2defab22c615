-- Fairness by rounds: the artists of a tier take turns, one song each. Who was on goes behind everybody who
-- waits by then. The order is played through in memory, only as far as asked for; reading 10,000 songs for
-- their artists is what it costs at worst.

local CHUNK = 100

-- The functions within are made only where they are needed: nearly every move includes this, few use it.

-- Plays the order through from the first place, until `enough(place from 0, member)` says so.
local function in_turns(every, enough)
  -- One tier, read from rank `from` to `to` of `queue` only as far as needed. An artist who was on stands in
  -- `tail`, behind everybody whose first song is yet to come; `late` are those who were on before this list.
  local function new_ring(tier)
    return { tier = tier, songs = {}, served = {}, late = {}, tail = {}, tail_at = 1, chunk = {}, index = 1 }
  end

  local function head_of(ring)
    if ring.index > #ring.chunk and ring.from <= ring.to then
      local flat = redis.call('ZRANGE', PREFIX .. 'queue', ring.from, math.min(ring.from + CHUNK - 1, ring.to),
        'WITHSCORES')
      ring.chunk, ring.index = {}, 1
      for i = 1, #flat, 2 do
        local score = tonumber(flat[i + 1])
        if ring.tier ~= '0' and math.floor(-score / SPAN) ~= tonumber(ring.tier) then
          ring.to = ring.from - 1
          break
        end
        ring.chunk[#ring.chunk + 1] = { member = flat[i], score = score }
        ring.from = ring.from + 1
      end
    end
    return ring.chunk[ring.index]
  end

  local function serve(ring, user)
    ring.tail[#ring.tail + 1] = user
    ring.served[user] = #ring.tail
  end

  local function first_song(ring, user)
    local songs = ring.songs[user]
    if not songs or songs.taken == #songs then
      return nil
    end
    songs.taken = songs.taken + 1
    serve(ring, user)
    return songs[songs.taken]
  end

  -- Where an artist who was on before stands among those who wait: behind all that had come by then.
  local function late_entry(ring, head, user)
    local stamp = redis.call('HGET', PREFIX .. 'served', ring.tier .. ':' .. user)
    if not stamp then
      return nil
    end
    local count, turn = string.match(stamp, '^(%d+) (%d+)$')
    count = tonumber(count)
    local entry = { user = user, turn = tonumber(turn), score = head.score, number = count }
    if ring.tier ~= '0' then
      entry.score, entry.number = 0 - (tonumber(ring.tier) * SPAN + (SPAN - 1 - count)), math.huge
    end
    if head.score < entry.score or (head.score == entry.score and tonumber(head.member) <= entry.number) then
      return entry
    end
    return nil
  end

  local function sooner(one, other)
    if one.score ~= other.score then
      return one.score < other.score
    elseif one.number ~= other.number then
      return one.number < other.number
    end
    return one.turn < other.turn
  end

  local function take(ring)
    while true do
      local head, late = head_of(ring), ring.late[1]
      local member
      if late and (not head or head.score > late.score
          or (head.score == late.score and tonumber(head.member) > late.number)) then
        table.remove(ring.late, 1)
        member = not ring.served[late.user] and first_song(ring, late.user)
      elseif head then
        ring.index = ring.index + 1
        local user = redis.call('HGET', PREFIX .. 'song:' .. head.member, 'user')
        local songs = ring.songs[user] or { taken = 0 }
        ring.songs[user] = songs
        songs[#songs + 1] = head.member
        if #songs == 1 and not ring.served[user] then
          local entry = late_entry(ring, head, user)
          if entry then
            local index = 1
            while ring.late[index] and sooner(ring.late[index], entry) do
              index = index + 1
            end
            table.insert(ring.late, index, entry)
          else
            member = first_song(ring, user)
          end
        end
      else
        local user = ring.tail[ring.tail_at]
        if not user then
          return nil
        end
        ring.tail_at = ring.tail_at + 1
        member = ring.served[user] == ring.tail_at - 1 and first_song(ring, user)
      end
      if member then
        return member
      end
    end
  end

  local locked, paid, free, since = standing()
  local bumped, rings, rank = woven(), {}, #locked
  local function ring_of(tier)
    rings[tier] = rings[tier] or new_ring(tier)
    return rings[tier]
  end
  local open = ring_of('0')
  open.from, open.to = #locked + paid, #locked + paid + free - 1
  local last_paid, tier = #locked + paid - 1, nil
  local function take_paid()
    local member = tier and take(rings[tier])
    if not member then
      rank = tier and rings[tier].from or rank
      local score = redis.call('ZRANGE', PREFIX .. 'queue', rank, rank, 'WITHSCORES')[2]
      tier = score_text(math.floor(-tonumber(score) / SPAN))
      local ring = ring_of(tier)
      ring.from, ring.to = rank, last_paid
      member = take(ring)
    end
    return member
  end
  local next_locked, next_bumped = 1, 1
  for place = 0, #locked + paid + free + #bumped - 1 do
    local due, member, fixed = bumped[next_bumped], nil, nil
    if due and due[1] == place then
      member, fixed, next_bumped = due[2], true, next_bumped + 1
    elseif locked[next_locked] then
      member, fixed, next_locked = locked[next_locked], true, next_locked + 1
    elseif free > 0 and (paid == 0 or (every > 0 and since >= every)) then
      member, free, since = take(open), free - 1, 0
    else
      member, paid, since = take_paid(), paid - 1, since + 1
    end
    if fixed then
      local its_tier, user = unpack(redis.call('HMGET', PREFIX .. 'song:' .. member, 'tier', 'user'))
      since = its_tier == '0' and 0 or since + 1
      serve(ring_of(its_tier), user)
    end
    if enough(place, member) then
      return
    end
  end
end
