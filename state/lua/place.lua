-- include: read order
-- Where songs are. ARGS: songs, a list of numbers. Answers { number: place from 1 }, waiting ones only.
local places = {}
for _, number in ipairs(ARGS.songs) do
  places[number] = place_of(string.format('%012.0f', tonumber(number)))
end
local revision = redis.call('GET', KEYS[1])
return cjson.encode({ revision = revision or cjson.null, places = places, waiting = redis.call('ZCARD', PREFIX .. 'queue')
  + redis.call('ZCARD', PREFIX .. 'bumped') })
