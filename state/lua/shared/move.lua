-- include: hashes totals fence
-- The frame of every move: answers a repeated request with its first answer, refuses on a guild whose
-- live state is unknown, records what is written, and commits one revision with one event.
--
-- KEYS[1]  sl:{guild}:rev          ARGV[1]  request id, '' for none
-- ARGV[2]  acting user's id        ARGV[3]  acting user's name        ARGV[4]  arguments, a JSON object
local REQUEST, BY, BY_NAME = ARGV[1], ARGV[2], ARGV[3]
local ARGS = cjson.decode(ARGV[4])

local REVISION = redis.call('GET', KEYS[1])
if not REVISION then
  return cjson.encode({ refused = 'unopened' })
end
-- One interaction may make several kinds of moves; only the same kind again is a repetition.
local ANSWER = PREFIX .. 'req:' .. REQUEST .. ':' .. MOVE
if REQUEST ~= '' then
  local first = redis.call('GET', ANSWER)
  if first then
    return first
  end
end
-- A live is booked by the ids of its messages, so an old holder's news are as good as anybody's while these are known.
local OUTDATED = outdated(PREFIX, ARGS.fence)
if OUTDATED and MOVE ~= 'ingest' then
  return cjson.encode({ refused = 'fenced' })
end
REVISION = string.format('%.0f', tonumber(REVISION) + 1)

local time = redis.call('TIME')
local NOW = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)

-- Scores and sequences pass through here, never through tostring: %.14g would round them.
local function digits(number)
  return string.format('%.0f', number)
end

local AT = digits(NOW)
local effects = {}
local undo_log = nil

local function refuse(code, facts)
  facts = facts or {}
  facts.refused = code
  return cjson.encode(facts)
end

local function nullable(value)
  if value == nil or value == false then
    return cjson.null
  end
  return value
end

local function put_string(name, value)
  redis.call('SET', PREFIX .. name, value)
  effects[#effects + 1] = { 's', name, cjson.null, value }
end

local function put_score(name, member, score)
  if score == nil then
    if redis.call('ZREM', PREFIX .. name, member) == 1 then
      effects[#effects + 1] = { 'z', name, member, cjson.null }
    end
    return
  end
  local text = digits(score)
  redis.call('ZADD', PREFIX .. name, text, member)
  effects[#effects + 1] = { 'z', name, member, text }
end

-- Writes fields of a hash at once; `false` removes one.
local function put_fields(name, values)
  local known, given, gone = hashes[name], {}, nil
  for field, value in pairs(values) do
    if value == false then
      gone = gone or {}
      gone[#gone + 1] = field
      effects[#effects + 1] = { 'h', name, field, cjson.null }
    else
      local count = #given
      given[count + 1], given[count + 2] = field, value
      effects[#effects + 1] = { 'h', name, field, value }
    end
    if known then
      known[field] = value or nil
    end
  end
  if #given > 0 then
    redis.call('HSET', PREFIX .. name, unpack(given))
  end
  if gone then
    redis.call('HDEL', PREFIX .. name, unpack(gone))
  end
end

local function put_field(name, field, value)
  put_fields(name, { [field] = value or false })
end

-- Fields that Undo puts back, and by which it sees that the world has moved on. Reads the hash whole.
local function change_fields(name, values)
  local known, changed = hash(name), {}
  for field, value in pairs(values) do
    local before = known[field] or false
    if before ~= value then
      changed[field] = value
      if undo_log then
        undo_log[#undo_log + 1] = { name, field, nullable(before), nullable(value) }
      end
    end
  end
  put_fields(name, changed)
end

local function change_field(name, field, value)
  local before = field_of(name, field)
  if before ~= value then
    put_field(name, field, value)
    if undo_log then
      undo_log[#undo_log + 1] = { name, field, nullable(before), nullable(value) }
    end
  end
end

-- A count in a hash, absent at zero.
local function count_in(name, field, delta)
  local total = tonumber(field_of(name, field) or '0') + delta
  change_field(name, field, total > 0 and digits(total) or nil)
end

local function next_in(name)
  local value = digits(redis.call('INCR', PREFIX .. name))
  effects[#effects + 1] = { 's', name, cjson.null, value }
  return tonumber(value)
end

local function undoable()
  undo_log = {}
end

local function drop_move(revision)
  put_fields('undo', { [revision] = false, ['head:' .. revision] = false })
end

-- Keeps the newest moves on a stack, named by revision. `extra` is what Undo needs beyond the fields. Who
-- made which move stands apart, since every list shows it and the record of a clear is long.
local function remember(kind, song, extra)
  local stack, fields = redis.call('HGET', PREFIX .. 'undo', 'stack'), {}
  stack = stack and stack .. ',' .. REVISION or REVISION
  local _, commas = string.gsub(stack, ',', ',')
  for _ = UNDO_DEPTH, commas do
    local oldest, rest = string.match(stack, '^(%d+),(.*)$')
    fields[oldest], fields['head:' .. oldest], stack = false, false, rest
  end
  fields.stack = stack
  local head = { revision = REVISION, kind = kind, song = song, by = BY, by_name = BY_NAME, at = AT }
  fields['head:' .. REVISION] = cjson.encode(head)
  local record = { kind = kind, song = song, by = BY, by_name = BY_NAME, at = AT, fields = undo_log }
  for name, value in pairs(extra or {}) do
    record[name] = value
  end
  fields[REVISION] = cjson.encode(record)
  put_fields('undo', fields)
end

-- Takes a song that its artist moved out of the moves of the stack: nobody can put it back any more, and it
-- would stand in the way of all that came before. A move that concerned no other song is dropped.
local function forget_moves_of(key)
  -- Fields that say where a song is; a move that wrote none of them (a score, a bookmark) stands in nobody's way.
  local WHEREABOUTS = { state = true, tier = true, seq = true, due = true, hold = true }

  -- Hands what a dropped move wrote on the stage to the last kept move of the stage, which goes back past it.
  local function absorb(kept, changes)
    for index = #kept, 1, -1 do
      local own, staged = {}, false
      for _, change in ipairs(kept[index].record.fields) do
        own[change[1] .. ' ' .. change[2]] = change
        staged = staged or change[1] == 'now'
      end
      if staged then
        for _, change in ipairs(changes) do
          local earlier = own[change[1] .. ' ' .. change[2]]
          if earlier then
            earlier[4] = change[4]
          else
            table.insert(kept[index].record.fields, change)
          end
        end
        kept[index].changed = true
        return
      end
    end
  end

  local kept, revisions = {}, {}
  for revision in string.gmatch(redis.call('HGET', PREFIX .. 'undo', 'stack') or '', '%d+') do
    local text = redis.call('HGET', PREFIX .. 'undo', revision)
    local record, concerned = cjson.decode(text), false
    local fields, songs, staged = {}, false, false
    for _, change in ipairs(record.fields) do
      concerned = concerned or (change[1] == key and WHEREABOUTS[change[2]] == true)
      if change[1] ~= key then
        fields[#fields + 1] = change
        songs = songs or string.find(change[1], '^song:%d+$') ~= nil
        staged = staged or change[1] == 'now'
      end
    end
    if not concerned then
      kept[#kept + 1] = { revision = revision, record = record }
    elseif songs then
      record.fields = fields
      kept[#kept + 1] = { revision = revision, record = record, changed = true }
    else
      if staged then
        absorb(kept, fields)
      end
      drop_move(revision)
    end
  end
  for index, each in ipairs(kept) do
    revisions[index] = each.revision
    if each.changed then
      put_field('undo', each.revision, cjson.encode(each.record))
    end
  end
  local stack = table.concat(revisions, ',')
  put_field('undo', 'stack', stack ~= '' and stack or nil)
end

-- Names the one who moved last, for whoever comes a moment later. Never undone.
local function mark_mover(kind)
  put_fields('now', { mover = BY, mover_name = BY_NAME, moved = kind, moved_at = AT })
end

local function commit(kind, song, data, answer)
  redis.call('XADD', PREFIX .. 'events', REVISION .. '-0',
    'kind', kind, 'at', AT, 'by', BY, 'by_name', BY_NAME, 'song', song or '', 'req', REQUEST,
    'data', cjson.encode(data), 'effects', cjson.encode(effects))
  redis.call('SET', KEYS[1], REVISION)
  keep_totals(PREFIX, effects)
  answer.revision = tonumber(REVISION)
  answer.kind = kind
  local text = cjson.encode(answer)
  if REQUEST ~= '' then
    redis.call('SET', ANSWER, text, 'EX', REQUEST_SECONDS)
  end
  local guild = string.match(PREFIX, '{(.-)}')
  redis.call('PUBLISH', 'sl:changes', guild .. ' ' .. REVISION .. ' ' .. kind)
  return text
end
