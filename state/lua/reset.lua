-- include: move order song points
-- Takes points: those of an account itself, of all its handles, of one handle, or everybody's. Undo adds them
-- to what was earned since. ARGS: one of user (own points), handles_of (a user), handle; none for everybody
local rows, owners = {}, {}

local function take(name, id)
  local amount = redis.call('ZSCORE', PREFIX .. name, id)
  if amount then
    rows[#rows + 1] = { name, id, digits(tonumber(amount)) }
    put_score(name, id, nil)
    local owner = owner_of(name, id)
    if owner then
      owners[owner] = true
    end
  end
end

undoable()
if ARGS.user then
  take('points:user', ARGS.user)
elseif ARGS.handle then
  take('points:handle', ARGS.handle)
elseif ARGS.handles_of then
  for _, handle in ipairs(redis.call('ZRANGE', PREFIX .. 'handles:' .. ARGS.handles_of, 0, -1)) do
    take('points:handle', handle)
  end
else
  for _, name in ipairs({ 'points:user', 'points:handle' }) do
    for _, id in ipairs(redis.call('ZRANGE', PREFIX .. name, 0, -1)) do
      take(name, id)
    end
  end
end
if #rows == 0 then
  return refuse('empty')
end
for owner in pairs(owners) do
  rescore(owner)
end
local total = 0
for _, row in ipairs(rows) do
  total = total + tonumber(row[3])
end
remember('reset', '', { taken = rows })
return commit('points_reset', '', { user = ARGS.user, handles_of = ARGS.handles_of, handle = ARGS.handle,
  rows = rows }, { rows = #rows, total = digits(total) })
