-- include: move
-- Notes where cards stand and how they look, or forgets them, unless somebody noted something else meanwhile.
-- ARGS: values { field: JSON or false }, seen { field: JSON the caller saw }
for field, seen in pairs(ARGS.seen) do
  if redis.call('HGET', PREFIX .. 'cards', field) ~= seen then
    return refuse('changed', { field = field })
  end
end
local changes = {}
for field, value in pairs(ARGS.values) do
  changes[#changes + 1] = { field, nullable(redis.call('HGET', PREFIX .. 'cards', field)), nullable(value) }
  put_field('cards', field, value or nil)
end
return commit('cards', '', { changes = changes }, { changes = #changes })
