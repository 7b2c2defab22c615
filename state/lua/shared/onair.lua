-- Sessions of lives that are on: `live` has the newest of each host. Which songs began is part of their curve.

local function curve_row(session, minute)
  local row = redis.call('HGET', PREFIX .. 'session:' .. session .. ':curve', minute)
  local viewers, coins, songs = string.match(row or '', '^(%d+) (%d+) (%S+)$')
  return viewers or '0', coins or '0', songs or '-'
end

-- Notes on every live that is on that a song begins; gives what Undo takes away again: { session, minute }.
local function mark_song(number)
  local marks, minute = {}, digits(math.floor(NOW / 60000))
  for _, session in ipairs(redis.call('HVALS', PREFIX .. 'live')) do
    if redis.call('HGET', PREFIX .. 'session:' .. session, 'state') == 'live' then
      local viewers, coins, songs = curve_row(session, minute)
      songs = songs == '-' and number or songs .. ',' .. number
      put_field('session:' .. session .. ':curve', minute, viewers .. ' ' .. coins .. ' ' .. songs)
      marks[#marks + 1] = { session, minute }
    end
  end
  return marks
end

local function unmark_song(marks, number)
  for _, mark in ipairs(marks) do
    local viewers, coins, songs = curve_row(mark[1], mark[2])
    local kept, gone = {}, false
    for each in string.gmatch(songs, '%d+') do
      if each == number and not gone then
        gone = true
      else
        kept[#kept + 1] = each
      end
    end
    if gone then
      songs = #kept > 0 and table.concat(kept, ',') or '-'
      put_field('session:' .. mark[1] .. ':curve', mark[2], viewers .. ' ' .. coins .. ' ' .. songs)
    end
  end
end
