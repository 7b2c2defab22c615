-- include: move order song points
-- Adds points to accounts and handles and re-scores the waiting songs they move.
-- ARGS: rows, a list of { 'user' or 'handle', id, delta }  [reason]
local rows = {}
for _, row in ipairs(ARGS.rows) do
  rows[#rows + 1] = { 'points:' .. row[1], row[2], row[3] }
end
if #rows == 0 then
  return refuse('empty')
end
apply_points(rows, 1)
local totals = {}
for index, row in ipairs(rows) do
  totals[index] = { row[2], digits(tonumber(redis.call('ZSCORE', PREFIX .. row[1], row[2]) or '0')) }
end
return commit('points', '', { rows = ARGS.rows, reason = ARGS.reason }, { totals = totals })
