-- include: read order
-- Where songs are. ARGS: songs, a list of numbers. Answers { number: place from 1 }, waiting ones only.
local members = {}
for index, number in ipairs(ARGS.songs) do
  members[index] = string.format('%012.0f', tonumber(number))
end
local found, places = places_of(members), {}
for index, number in ipairs(ARGS.songs) do
  places[number] = found[members[index]]
end
local revision = redis.call('GET', KEYS[1])
return cjson.encode({ revision = revision or cjson.null, places = places, waiting = redis.call('ZCARD', PREFIX .. 'queue')
  + redis.call('ZCARD', PREFIX .. 'bumped') })
