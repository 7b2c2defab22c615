-- include: hashes
-- The frame of a reading script. KEYS[1] sl:{guild}:rev, ARGV[1] arguments, a JSON object.
local ARGS = cjson.decode(ARGV[1])
