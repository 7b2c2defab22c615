-- Runs commands for whoever holds a lease, and others for whoever holds it no more.
-- KEYS[1] the lease, then the keys of the commands   ARGV: the lease's value as the holder has it (token and name),
-- how many commands are the holder's, list of [name, key, ...]. 1 for the holder, 0 otherwise
local held, mine = redis.call('GET', KEYS[1]) == ARGV[1], tonumber(ARGV[2])
for index, command in ipairs(cjson.decode(ARGV[3])) do
  if (index <= mine) == held then
    redis.call(unpack(command))
  end
end
return held and 1 or 0
