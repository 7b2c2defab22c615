-- The frame of a reading script. KEYS[1] sl:{guild}:rev, ARGV[1] arguments, a JSON object.
local PREFIX = string.sub(KEYS[1], 1, -4)
local ARGS = cjson.decode(ARGV[1])
