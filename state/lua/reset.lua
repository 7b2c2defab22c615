-- include: move order song points
-- Takes all points, of one account with its handles or of everybody; Undo adds them to what was earned since.
-- ARGS: [user]
local rows = {}
undoable()
if ARGS.user then
  rows = take_points(ARGS.user)
  if #rows > 0 then
    rescore(ARGS.user)
  end
else
  local owners = {}
  for _, name in ipairs({ 'points:user', 'points:handle' }) do
    local flat = redis.call('ZRANGE', PREFIX .. name, 0, -1, 'WITHSCORES')
    for index = 1, #flat, 2 do
      local owner = owner_of(name, flat[index])
      rows[#rows + 1] = { name, flat[index], digits(tonumber(flat[index + 1])) }
      owners[#owners + 1] = owner
      put_score(name, flat[index], nil)
    end
  end
  for _, owner in ipairs(owners) do
    rescore(owner)
  end
end
if #rows == 0 then
  return refuse('empty')
end
local total = 0
for _, row in ipairs(rows) do
  total = total + tonumber(row[3])
end
remember('reset', '', { taken = rows })
return commit('points_reset', '', { user = ARGS.user, rows = rows },
  { rows = #rows, total = digits(total) })
