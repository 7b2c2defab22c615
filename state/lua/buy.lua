-- include: move order song taking wallet prices
-- Lets an artist pay a skip for a waiting song of theirs from the wallet. What the song had before, and what
-- the tier it is in costs, counts: only the rest is paid. Undo puts song and coins back.
-- ARGS: song owner tier expected (coins the artist was told it costs)
local member = member_of(ARGS.song)
if not song_exists(member) or song_field(member, 'user') ~= ARGS.owner then
  return refuse('unknown_song', { number = tonumber(ARGS.song) })
end
local song = facts_of(member)
if song.state ~= 'waiting' and song.state ~= 'held' and song.state ~= 'bumped' then
  return refuse('not_waiting', { song = song })
end
if ARGS.tier == '0' or not known_tier(ARGS.tier) then
  return refuse('unknown_tier', { tier = ARGS.tier })
end
local from, to = song.tier, tonumber(ARGS.tier)
if to <= from then
  return refuse('not_higher', { song = song })
end
if song_field(member, 'locked') then
  return refuse('announced', { song = song })
end
local closed, facts = closed_to(ARGS.tier)
if closed then
  return refuse(closed, facts)
end
local price = price_of(ARGS.tier)
if price == 0 then
  return refuse('not_for_sale', { tier = to })
end
local had = tonumber(song_field(member, 'luxury') or '0')
local cost = math.max(0, price - math.max(had, price_of(digits(from))))
if cost ~= ARGS.expected then
  return refuse('price', { price = cost, tier = to })
end
local balance = credit_wallet(ARGS.owner, 0 - cost, 'bought')
if not balance then
  return refuse('short', { price = cost, balance = wallet_of(ARGS.owner) })
end
undoable()
local fields = { tier = ARGS.tier, entered_at = AT, seq = digits(next_in('seq')), promoted_by = BY,
  promoted_by_name = BY_NAME }
if had + cost > 0 then
  fields.luxury = digits(had + cost)
end
if song.state == 'bumped' then
  fields.state, fields.due = 'waiting', false
end
move_song(member, fields)
remember('buy', ARGS.song, { wallet = wallet_changes() })
song = facts_of(member)
return commit('bought', ARGS.song,
  { song = song, from = from, to = to, price = cost, wallet = wallet_changes() },
  { song = song, from = from, to = to, price = cost, balance = balance, place = place_of(member),
    waiting = waiting_count() })
