-- A card is a message that tells of one song, once. A worker posts what is owed here and notes where it
-- stands. Undo leaves the note alone, so a song that comes again has its card already. Needs song.lua.
local function card_channel(kind)
  local channel = setting('channel:' .. kind)
  return channel and string.find(channel, '^[1-9]%d*$') and channel or nil
end

local function owe_card(kind, number)
  local channel, field = card_channel(kind), kind .. ':' .. number
  if channel and redis.call('HEXISTS', PREFIX .. 'cards', field) == 0 then
    put_field('cards', field, cjson.encode({ channel = channel, message = '0', at = AT }))
  end
end
