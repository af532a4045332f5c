-- The verbs of the timelines' store. A home timeline is one list:
--
--   header      the life of the data that it was put in (40 bytes), then the ids of whom it pulls
--   block       entries by rising position: how many; of each its place (16 bytes: position and poster); then of each retweet
--               among them, in the same order, tweet and author
--   build       while it is being built: number, life, when that ends in ms, and what was removed since it began; else nothing
--   entry ...   what came since it was last tidied up, in any order and some of it twice: a place, of a retweet tweet and author
--
-- Numbers are 64-bit little-endian. The top bit of a position tells a retweet. Positions are compared by halves, as a number of
-- Lua holds 53 bits. Numbers among the words of a command are written as texts, which costs half a microsecond less each.
--
-- The life is the server's replication id. It is another one after each start and each failover, when what came last may be
-- missing: a timeline of an earlier life is not read any more.
--
-- While a timeline is built that is not held, it is an empty one that fills with what comes; what is removed meanwhile is
-- removed from it at once, and from what is put in the end.

local KEPT = 800
-- How many entries may stand outside the block, and how many are left there, among which a late one finds its place.
local LOOSE, LEFT = 160, 32
local NOT_HELD = string.rep('-', 40)
local EMPTY = string.rep('\0', 8)
local REMOVALS = 65536
local FLAG = 2147483648
local call, sub, byte, unpack_words = redis.call, string.sub, string.byte, struct.unpack

local function life()
  return string.match(call('INFO', 'replication'), 'master_replid:(%x+)')
end

local function now()
  local time = call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

-- The position that stands at a byte of a text, as two numbers.
local function position(text, at)
  local low, high = unpack_words('<I4I4', text, at)
  if high >= FLAG then high = high - FLAG end
  return high, low
end

local function count_of(block)
  return (unpack_words('<I4', block))
end

-- A set of the ids in a text.
local function ids(text, from)
  local found = {}
  for at = from, #text, 8 do found[sub(text, at, at + 7)] = true end
  return found
end

local function with_pulled(header, pulled)
  local already = ids(header, 41)
  for at = 1, #pulled, 8 do
    local id = sub(pulled, at, at + 7)
    if not already[id] then header = header .. id end
  end
  return header
end

local function without_pulled(header, gone)
  local kept = {sub(header, 1, 40)}
  for at = 41, #header, 8 do
    local id = sub(header, at, at + 7)
    if not gone[id] then kept[#kept + 1] = id end
  end
  return table.concat(kept)
end

local function entries_of(block)
  local count = count_of(block)
  local entries, other = {}, 9 + 16 * count
  for i = 1, count do
    local place = sub(block, 16 * i - 7, 16 * i + 8)
    if byte(place, 8) >= 128 then
      place = place .. sub(block, other, other + 15)
      other = other + 16
    end
    entries[i] = place
  end
  return entries
end

-- The places of some of the entries of a list, and what there is more of the retweets among them.
local function columns(entries, first, last)
  local places, others = {}, {}
  for i = first, last do
    local entry = entries[i]
    if #entry == 32 then
      others[#others + 1] = sub(entry, 17)
      entry = sub(entry, 1, 16)
    end
    places[#places + 1] = entry
  end
  return table.concat(places), table.concat(others)
end

local function block_of(entries)
  local first = math.max(1, #entries - KEPT + 1)
  local places, others = columns(entries, first, #entries)
  return struct.pack('<I4I4', #entries - first + 1, 0) .. places .. others
end

-- Entries by rising position, each once. They are nearly in order, so each is moved down to where it belongs.
local function in_order(entries)
  local sorted, highs, lows, length = {}, {}, {}, 0
  for _, entry in ipairs(entries) do
    local high, low = position(entry, 1)
    local i = length
    while i > 0 and (highs[i] > high or (highs[i] == high and lows[i] > low)) do i = i - 1 end
    if i == 0 or highs[i] ~= high or lows[i] ~= low then
      if i == length then
        length = length + 1
        sorted[length], highs[length], lows[length] = entry, high, low
      else
        table.insert(sorted, i + 1, entry)
        table.insert(highs, i + 1, high)
        table.insert(lows, i + 1, low)
        length = length + 1
      end
    end
  end
  return sorted
end

-- All entries of two lists of which each is in order.
local function merged(ones, others)
  local entries, i = {}, 1
  for _, other in ipairs(others) do
    local high, low = position(other, 1)
    while i <= #ones do
      local one_high, one_low = position(ones[i], 1)
      if one_high > high or (one_high == high and one_low >= low) then break end
      entries[#entries + 1] = ones[i]
      i = i + 1
    end
    if i <= #ones and sub(ones[i], 1, 8) == sub(other, 1, 8) then i = i + 1 end
    entries[#entries + 1] = other
  end
  for rest = i, #ones do entries[#entries + 1] = ones[rest] end
  return entries
end

-- How many of the first entries of a block are retweets.
local function retweets(block, count)
  local found = 0
  for i = 1, count do
    if byte(block, 16 * i) >= 128 then found = found + 1 end
  end
  return found
end

-- Whether some places stand by rising position. They nearly always do, and this finds it at a tenth of the cost of sorting.
local function rising(places)
  local halves = {unpack_words('<' .. string.rep('I4I4xxxxxxxx', #places / 16), places)}
  local last_high, last_low = -1, 0
  for i = 2, #halves, 2 do
    local high, low = halves[i], halves[i - 1]
    if high >= FLAG then high = high - FLAG end
    if high < last_high or (high == last_high and low <= last_low) then return false end
    last_high, last_low = high, low
  end
  return true
end

-- Whether a block ends below the first of some entries.
local function ends_below(block, entries)
  local count = count_of(block)
  if count == 0 or #entries == 0 then return true end
  local high, low = position(block, 16 * count - 7)
  local first_high, first_low = position(entries[1], 1)
  return high < first_high or (high == first_high and low < first_low)
end

-- Write what stands behind a timeline's header anew.
local function write(key, block, build, loose, first)
  call('LTRIM', key, '0', '0')
  call('RPUSH', key, block, build, unpack(loose, first))
end

-- Bring loose entries into the block, all but `left` of the newest, and let the oldest of all go.
local function tidy(key, left)
  local elements = call('LRANGE', key, '0', '-1')
  local header, block, build = elements[1], elements[2], elements[3]
  -- What has come for one that is held all the same would not be told any more from what stood there before.
  if sub(header, 1, 40) ~= NOT_HELD then build = '' end
  local loose = {unpack(elements, 4)}
  local moved = math.max(0, #loose - left)
  local places, others = columns(loose, 1, moved)
  if not rising(places .. columns(loose, moved + 1, #loose)) then
    loose = in_order(loose)
    moved = math.max(0, #loose - left)
    places, others = columns(loose, 1, moved)
  end
  if not ends_below(block, loose) then
    write(key, block_of(merged(entries_of(block), loose)), build, {}, 1)
    return
  end
  local count = count_of(block)
  local gone = math.max(0, count + moved - KEPT)
  write(key, struct.pack('<I4I4', count + moved - gone, 0)
    .. sub(block, 9 + 16 * gone, 8 + 16 * count) .. places
    .. sub(block, 9 + 16 * count + 16 * retweets(block, gone)) .. others, build, loose, moved + 1)
end

-- The build of a timeline when it is of this life and has not ended, and the life.
local function build_of(key)
  local current, build = life(), call('LINDEX', key, '2')
  if build and sub(build, 9, 48) == current and unpack_words('<d', build, 49) >= now() then return build, current end
  return nil, current
end

-- Note for a timeline's build what was removed, if it is being built.
local function note(key, build, kind, removed)
  if build == '' then return end
  -- Whoever must remove so much began long ago; the next reader begins anew.
  call('LSET', key, '2', #build > REMOVALS and '' or build .. cmsgpack.pack({kind, removed}))
end

-- Where a position stands in a block.
local function find(block, place)
  local high, low = position(place, 1)
  local first, last = 1, count_of(block)
  while first <= last do
    local middle = math.floor((first + last) / 2)
    local at_high, at_low = position(block, 16 * middle - 7)
    if at_high == high and at_low == low then return middle end
    if at_high < high or (at_high == high and at_low < low) then first = middle + 1 else last = middle - 1 end
  end
end

local function without_place(entries, place)
  local high, low = position(place, 1)
  local kept = {}
  for _, entry in ipairs(entries) do
    local at_high, at_low = position(entry, 1)
    if at_high ~= high or at_low ~= low then kept[#kept + 1] = entry end
  end
  return kept
end

local function without_posters(entries, gone)
  local kept = {}
  for _, entry in ipairs(entries) do
    if not gone[sub(entry, 9, 16)] then kept[#kept + 1] = entry end
  end
  return kept
end

local function withdraw(key, place)
  local elements = call('LRANGE', key, '1', '-1')
  if #elements == 0 then return end
  local high, low = position(place, 1)
  for i = 3, #elements do
    local at_high, at_low = position(elements[i], 1)
    if at_high == high and at_low == low then call('LREM', key, '0', elements[i]) end
  end
  if find(elements[1], place) then call('LSET', key, '1', block_of(without_place(entries_of(elements[1]), place))) end
  note(key, elements[2], 'position', place)
end

-- What to take from what was loaded for a build, by what was removed since it began.
local function removals(build)
  local places, posters, at, noted = {}, {}, 56, nil
  while at ~= -1 and at < #build do
    at, noted = cmsgpack.unpack_one(build, at)
    if noted[1] == 'position' then
      places[#places + 1] = noted[2]
    else
      for id in pairs(ids(noted[2], 1)) do posters[id] = true end
    end
  end
  return places, posters
end

local VERBS = {}

-- KEYS: a timeline. ARGV: for how many ms it is kept. Its elements, or nothing.
function VERBS.read()
  local elements = call('LRANGE', KEYS[1], '0', '-1')
  if #elements == 0 or sub(elements[1], 1, 40) ~= life() then return false end
  call('PEXPIRE', KEYS[1], ARGV[2])
  return elements
end

-- KEYS: a timeline. ARGV: the build's number, for how many ms it may run.
function VERBS.begin()
  local key, number, ms = KEYS[1], ARGV[2], tonumber(ARGV[3])
  local build, current = build_of(key)
  local start = number .. current .. struct.pack('<d', now() + ms)
  if build then
    call('LSET', key, '2', start .. sub(build, 57))
  elseif sub(call('LINDEX', key, '0') or '', 1, 40) == current then
    -- It is held all the same. What is loose from now on came after the beginning.
    tidy(key, 0)
    call('LSET', key, '2', start)
  else
    call('DEL', key)
    call('RPUSH', key, NOT_HELD, EMPTY, start)
  end
  if call('PTTL', key) < ms then call('PEXPIRE', key, ARGV[3]) end
end

-- KEYS: a timeline. ARGV: the build's number, for how many ms it is kept, whom it pulls, its block.
-- Nothing when the build does not count any more; 1 when it is held as it was given; else its elements.
function VERBS.put()
  local key, number, ms, pulled, block = KEYS[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
  local build, current = build_of(key)
  if not build or sub(build, 1, 8) ~= number then return false end
  local elements = call('LRANGE', key, '0', '-1')
  local places, posters = removals(build)
  local header = with_pulled(without_pulled(current .. pulled, posters), sub(elements[1], 41))
  local came = in_order({unpack(elements, 4)})
  if sub(elements[1], 1, 40) == NOT_HELD then came = merged(entries_of(elements[2]), came) end
  local as_given = #build == 56 and #came == 0
  if not as_given then
    local entries = without_posters(entries_of(block), posters)
    for _, place in ipairs(places) do entries = without_place(entries, place) end
    block = block_of(merged(entries, came))
  end
  call('DEL', key)
  call('RPUSH', key, header, block, '')
  call('PEXPIRE', key, ms)
  if as_given and #header == 40 + #pulled then return 1 end
  return {header, block, ''}
end

-- KEYS: timelines. Those that are held or being built.
function VERBS.held()
  local current, held = life(), {}
  for _, key in ipairs(KEYS) do
    local header = call('LINDEX', key, '0')
    if header and (sub(header, 1, 40) == current or build_of(key)) then held[#held + 1] = key end
  end
  return held
end

-- Of the verbs for many timelines. KEYS: timelines. ARGV: for each run of them to which the same is done how many they are, how
-- many items, and the items. Returns the sum of what `work` returns.
local function each_run(work)
  local k, at, sum = 0, 2, 0
  while at < #ARGV do
    local timelines, items = tonumber(ARGV[at]), tonumber(ARGV[at + 1])
    for i = k + 1, k + timelines do sum = sum + work(KEYS[i], at + 2, at + 1 + items, items) end
    k, at = k + timelines, at + items + 2
  end
  return sum
end

-- The items are entries. How many were written.
function VERBS.push()
  return each_run(function(key, first, last, items)
    local length = call('RPUSHX', key, unpack(ARGV, first, last))
    if length > LOOSE + 3 then tidy(key, LEFT) end
    return length > 0 and items or 0
  end)
end

-- The items are ids of whom they pull from now on.
function VERBS.pull()
  return each_run(function(key, first, last)
    local header = call('LINDEX', key, '0')
    if header then call('LSET', key, '0', with_pulled(header, table.concat(ARGV, '', first, last))) end
    return 0
  end)
end

-- The items are positions.
function VERBS.withdraw()
  return each_run(function(key, first, last)
    for i = first, last do withdraw(key, ARGV[i]) end
    return 0
  end)
end

-- KEYS: a timeline. ARGV: whom it pulls from now on, then entries, rising.
function VERBS.follow()
  local key = KEYS[1]
  local elements = call('LRANGE', key, '0', '-1')
  if #elements == 0 then return end
  call('LSET', key, '0', with_pulled(elements[1], ARGV[2]))
  write(key, elements[2], elements[3], merged(in_order({unpack(elements, 4)}), {unpack(ARGV, 3)}), 1)
  if call('LLEN', key) > LOOSE + 3 then tidy(key, LEFT) end
end

-- KEYS: a timeline. ARGV: whose entries go, and who is pulled no more.
function VERBS.unfollow()
  local key, users = KEYS[1], ARGV[2]
  local elements = call('LRANGE', key, '0', '-1')
  if #elements == 0 then return end
  local gone, loose = ids(users, 1), {unpack(elements, 4)}
  call('LSET', key, '0', without_pulled(elements[1], gone))
  write(key, block_of(without_posters(entries_of(elements[2]), gone)), elements[3], without_posters(loose, gone), 1)
  note(key, elements[3], 'posters', users)
end

return VERBS[ARGV[1]]()
