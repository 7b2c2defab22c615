-- What every script of a guild begins with: its prefix, and hashes that are read once.
-- KEYS[1]  sl:{guild}:rev
local PREFIX = string.sub(KEYS[1], 1, -4)

-- Hashes that this script has read whole, as they are now: whatever writes a field (move.lua) changes it here too.
local hashes = {}

local function hash(name)
  local known = hashes[name]
  if not known then
    known = {}
    local flat = redis.call('HGETALL', PREFIX .. name)
    for index = 1, #flat, 2 do
      known[flat[index]] = flat[index + 1]
    end
    hashes[name] = known
  end
  return known
end

local function field_of(name, field)
  local known = hashes[name]
  if known then
    return known[field]
  end
  return redis.call('HGET', PREFIX .. name, field) or nil
end
