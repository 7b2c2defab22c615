-- Fairness by a pattern: so many paid songs, then a Free one, while there are both. Both wait in one sorted
-- set, paid ones first, so a place is arithmetic on ranks: nothing is copied or played through.

-- How such an order reads: `members(offset, count)`, and `place(member)` from 1 or nil.
local function by_pattern(every)
  -- Within a stretch the j-th Free song (from 1) goes where the pattern has it, or after the last paid one.
  local function free_at(stretch, j)
    return math.min(stretch.first + (j - 1) * (stretch.every + 1), stretch.paid_left + j - 1)
  end

  -- How many of the first `length` places of a stretch are Free.
  local function frees_in(stretch, length)
    local regular = 0
    if length > stretch.first then
      regular = math.floor((length - stretch.first - 1) / (stretch.every + 1)) + 1
    end
    return math.min(stretch.free_left, math.max(regular, length - stretch.paid_left, 0))
  end

  -- The whole order as a few stretches: single songs whose place is fixed, and runs of the pattern between.
  local function stretches()
    local locked, paid, free, since = standing()
    local list, at, seated, paid_gone, free_gone = {}, 0, 0, 0, 0
    local function fixed(member)
      list[#list + 1] = { at = at, length = 1, member = member }
      since = tier_of(member) == '0' and 0 or since + 1
      at = at + 1
    end
    local function run(length)
      while length > 0 and seated < #locked do
        seated, length = seated + 1, length - 1
        fixed(locked[seated])
      end
      if length < 1 then
        return
      end
      local stretch = { at = at, length = length, every = every, first = math.max(every - since, 0),
        paid_left = paid - paid_gone, free_left = free - free_gone,
        paid_rank = #locked + paid_gone, free_rank = #locked + paid + free_gone }
      local frees = frees_in(stretch, length)
      since = frees > 0 and length - 1 - free_at(stretch, frees) or since + length
      at, paid_gone, free_gone = at + length, paid_gone + length - frees, free_gone + frees
      list[#list + 1] = stretch
    end
    for _, entry in ipairs(woven()) do
      run(entry[1] - at)
      fixed(entry[2])
    end
    run(#locked + paid + free - seated - paid_gone - free_gone)
    return list
  end

  local list = stretches()

  local function range_of(rank, count)
    return count > 0 and redis.call('ZRANGE', PREFIX .. 'queue', rank, rank + count - 1) or {}
  end

  local function members(offset, count)
    local found = {}
    for _, stretch in ipairs(list) do
      local from = math.max(offset - stretch.at, 0)
      local to = math.min(offset + count - stretch.at, stretch.length)
      if from < to and stretch.member then
        found[#found + 1] = stretch.member
      elseif from < to then
        local gone = frees_in(stretch, from)
        local frees = frees_in(stretch, to) - gone
        local free = range_of(stretch.free_rank + gone, frees)
        local paid = range_of(stretch.paid_rank + from - gone, to - from - frees)
        local taken, turn = 0, frees > 0 and free_at(stretch, gone + 1)
        for at = from, to - 1 do
          if taken < frees and at == turn then
            taken = taken + 1
            found[#found + 1] = free[taken]
            turn = free_at(stretch, gone + taken + 1)
          else
            found[#found + 1] = paid[at - from - taken + 1]
          end
        end
      end
    end
    return found
  end

  local function place(member)
    local rank = redis.call('ZRANK', PREFIX .. 'queue', member)
    for _, stretch in ipairs(list) do
      if stretch.member == member then
        return stretch.at + 1
      elseif rank and not stretch.member then
        local frees = frees_in(stretch, stretch.length)
        local paid, free = rank - stretch.paid_rank, rank - stretch.free_rank
        if paid >= 0 and paid < stretch.length - frees then
          local before = 0
          if paid >= stretch.first then
            before = math.min(stretch.free_left, math.floor((paid - stretch.first) / stretch.every) + 1)
          end
          return stretch.at + paid + before + 1
        elseif free >= 0 and free < frees then
          return stretch.at + free_at(stretch, free + 1) + 1
        end
      end
    end
    return nil
  end

  return { members = members, place = place }
end
