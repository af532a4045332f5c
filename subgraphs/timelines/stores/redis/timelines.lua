-- The verbs of the timelines' store. A home timeline is one list:
--
--   header    the life of the data that it was put in (40 bytes), then the ids of whom it pulls
--   block     its older entries in columns: their number; positions, the top bit telling a retweet; posters; then the tweet and
--             the author of each retweet
--   entry ... its newest entries, rising and above those of the block: position and poster, and of a retweet tweet and author
--   build     while it is being built: the build's number, a life, when it ends in ms, and what came since it began
--   'B'       stands behind a build
--
-- Numbers are 64-bit little-endian. Positions are compared by halves, as a number of Lua holds 53 bits.
--
-- The life is the server's replication id. It is another one after each start and each failover, when what was pushed last may
-- be missing: a timeline of an earlier life is not read any more.

local KEPT, LOOSE, LOOKED_AT, JOURNAL = 800, 100, 16, 65536
local NOT_HELD = string.rep('-', 40)
local EMPTY = string.rep('\0', 8)
local FLAG = 2147483648
local call, unpack_words = redis.call, struct.unpack

local function life()
  return string.match(call('INFO', 'replication'), 'master_replid:(%x+)')
end

local function now()
  local time = call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

-- The position that stands at a byte of a text, as two numbers, without its flag.
local function position(text, at)
  local low, high = unpack_words('<I4I4', text, at)
  if high >= FLAG then high = high - FLAG end
  return high, low
end

local function is_entry(element)
  return #element == 16 or #element == 32
end

-- The position of the last entry up to an element: an entry, or the block.
local function newest(element)
  if is_entry(element) then return position(element, 1) end
  local count = unpack_words('<I4', element)
  if count == 0 then return -1, 0 end
  return position(element, 1 + 8 * count)
end

-- A set of the ids in a text.
local function ids(text, from)
  local found = {}
  for at = from, #text, 8 do found[string.sub(text, at, at + 7)] = true end
  return found
end

local function with_pulled(header, pulled)
  local already = ids(header, 41)
  for at = 1, #pulled, 8 do
    local id = string.sub(pulled, at, at + 7)
    if not already[id] then header = header .. id end
  end
  return header
end

local function without_pulled(header, gone)
  local kept = {string.sub(header, 1, 40)}
  for at = 41, #header, 8 do
    local id = string.sub(header, at, at + 7)
    if not gone[id] then kept[#kept + 1] = id end
  end
  return table.concat(kept)
end

-- The entries of a block, with room for more behind them.
local function entries_of(block)
  local count = unpack_words('<I4', block)
  local entries, other = {}, 9 + 16 * count
  for i = 1, count do
    local place, poster = string.sub(block, 1 + 8 * i, 8 + 8 * i), string.sub(block, 1 + 8 * (count + i), 8 + 8 * (count + i))
    local top = string.byte(place, 8)
    if top >= 128 then
      entries[i] = string.sub(place, 1, 7) .. string.char(top - 128) .. poster .. string.sub(block, other, other + 15)
      other = other + 16
    else
      entries[i] = place .. poster
    end
  end
  return entries
end

-- The columns of some of the entries of a list.
local function columns(entries, first)
  local places, posters, others = {}, {}, {}
  for i = first, #entries do
    local entry = entries[i]
    if #entry == 32 then
      places[#places + 1] = string.sub(entry, 1, 7) .. string.char(string.byte(entry, 8) + 128)
      others[#others + 1] = string.sub(entry, 17)
    else
      places[#places + 1] = string.sub(entry, 1, 8)
    end
    posters[#posters + 1] = string.sub(entry, 9, 16)
  end
  return #places, table.concat(places), table.concat(posters), table.concat(others)
end

local function block_of(entries)
  local count, places, posters, others = columns(entries, math.max(1, #entries - KEPT + 1))
  return struct.pack('<I4I4', count, 0) .. places .. posters .. others
end

-- How many of the first entries of a block are retweets.
local function retweets(block, count)
  local found = 0
  for i = 1, count do
    if string.byte(block, 8 + 8 * i) >= 128 then found = found + 1 end
  end
  return found
end

-- Put the newest entries into the block, and let the oldest go.
local function compact(key)
  local elements = call('LRANGE', key, 1, -1)
  local block = elements[1]
  local count = unpack_words('<I4', block)
  local more, places, posters, others = columns(elements, 2)
  local gone = math.max(0, count + more - KEPT)
  call('LTRIM', key, 0, 0)
  call('RPUSH', key, struct.pack('<I4I4', count + more - gone, 0)
    .. string.sub(block, 9 + 8 * gone, 8 + 8 * count) .. places
    .. string.sub(block, 9 + 8 * (count + gone), 8 + 16 * count) .. posters
    .. string.sub(block, 9 + 16 * count + 16 * retweets(block, gone)) .. others)
end

-- Insert entries, rising, into a list of them; how many are new, those too old to be kept left out.
local function merge(state, added)
  local entries, merged, places, i = state.entries, {}, {}, 1
  for _, entry in ipairs(added) do
    local high, low = position(entry, 1)
    while i <= #entries do
      local at_high, at_low = position(entries[i], 1)
      if at_high > high or (at_high == high and at_low > low) then break end
      merged[#merged + 1] = entries[i]
      i = i + 1
    end
    local before = merged[#merged]
    if not before or string.sub(before, 1, 8) ~= string.sub(entry, 1, 8) then
      merged[#merged + 1] = entry
      places[#places + 1] = #merged
    end
  end
  for rest = i, #entries do merged[#merged + 1] = entries[rest] end
  state.entries = merged
  local new = 0
  for _, place in ipairs(places) do
    if place > #merged - KEPT then new = new + 1 end
  end
  return new
end

local CHANGES = {
  add = function(state, added, pulled)
    state.header = with_pulled(state.header, pulled)
    return merge(state, added)
  end,
  withdraw = function(state, place)
    for i, entry in ipairs(state.entries) do
      if string.sub(entry, 1, 8) == place then
        table.remove(state.entries, i)
        break
      end
    end
    return 0
  end,
  unfollow = function(state, users)
    local gone, kept = ids(users, 1), {}
    for _, entry in ipairs(state.entries) do
      if not gone[string.sub(entry, 9, 16)] then kept[#kept + 1] = entry end
    end
    state.entries = kept
    state.header = without_pulled(state.header, gone)
    return 0
  end,
}

-- Change a timeline that is held, and note the change for one that is being built. Returns how many entries are new.
local function change(key, kind, first, second)
  local elements = call('LRANGE', key, 0, -1)
  local last = #elements
  if last == 0 then return 0 end
  local state = {header = elements[1], build = nil}
  if elements[last] == 'B' then
    state.build = elements[last - 1]
    last = last - 2
    if #state.build > JOURNAL or unpack_words('<d', state.build, 49) < now() then
      -- Whoever builds this has died or is far too slow; the next reader begins anew.
      state.build = nil
    end
  end
  local held = string.sub(state.header, 1, 40) ~= NOT_HELD
  if not held and not state.build then
    call('DEL', key)
    return 0
  end
  local new = 1
  call('LTRIM', key, 0, 0)
  if held then
    state.entries = entries_of(elements[2])
    for i = 3, last do state.entries[#state.entries + 1] = elements[i] end
    new = CHANGES[kind](state, first, second)
    call('LSET', key, 0, state.header)
    call('RPUSH', key, block_of(state.entries))
  else
    call('RPUSH', key, EMPTY)
  end
  if state.build then call('RPUSH', key, state.build .. cmsgpack.pack({kind, first, second}), 'B') end
  return new
end

-- Insert an entry that does not belong on top; how many are new.
local function insert(key, entry)
  local elements = call('LRANGE', key, -LOOKED_AT, -1)
  local high, low = position(entry, 1)
  for i = #elements, 1, -1 do
    local other = elements[i]
    if not is_entry(other) then break end
    local at_high, at_low = position(other, 1)
    if at_high == high and at_low == low then return 0 end
    if at_high < high or (at_high == high and at_low < low) then
      if call('LINSERT', key, 'AFTER', other, entry) > LOOSE + 2 then compact(key) end
      return 1
    end
  end
  return change(key, 'add', {entry}, '')
end

-- The index of a position in a block.
local function find(block, place)
  local high, low = position(place, 1)
  local first, last = 1, unpack_words('<I4', block)
  while first <= last do
    local middle = math.floor((first + last) / 2)
    local at_high, at_low = position(block, 1 + 8 * middle)
    if at_high == high and at_low == low then return middle end
    if at_high < high or (at_high == high and at_low < low) then first = middle + 1 else last = middle - 1 end
  end
end

local function withdraw(key, place)
  local elements = call('LRANGE', key, 1, -1)
  if #elements == 0 then return end
  if elements[#elements] == 'B' then return change(key, 'withdraw', place) end
  for i = 2, #elements do
    if string.sub(elements[i], 1, 8) == place then return call('LREM', key, -1, elements[i]) end
  end
  if find(elements[1], place) then change(key, 'withdraw', place) end
end

-- The build of a timeline, when it is of this life and has not ended.
local function build_of(key)
  if call('LINDEX', key, -1) ~= 'B' then return nil end
  local build = call('LINDEX', key, -2)
  if string.sub(build, 9, 48) == life() and unpack_words('<d', build, 49) >= now() then return build end
end

local VERBS = {}

-- KEYS: a timeline. ARGV: for how many ms it is kept. Its elements, or nothing.
function VERBS.read()
  local elements = call('LRANGE', KEYS[1], 0, -1)
  if #elements == 0 or string.sub(elements[1], 1, 40) ~= life() then return false end
  call('PEXPIRE', KEYS[1], ARGV[2])
  return elements
end

-- KEYS: a timeline. ARGV: the build's number, for how many ms it may run.
function VERBS.begin()
  local key, number, ms = KEYS[1], ARGV[2], tonumber(ARGV[3])
  local build = build_of(key)
  local start = number .. life() .. struct.pack('<d', now() + ms)
  if build then
    call('LSET', key, -2, start .. string.sub(build, 57))
  else
    if call('LINDEX', key, -1) == 'B' then call('RPOP', key, 2) end
    if call('EXISTS', key) == 0 then call('RPUSH', key, NOT_HELD, EMPTY) end
    call('RPUSH', key, start, 'B')
  end
  if call('PTTL', key) < ms then call('PEXPIRE', key, ms) end
end

-- KEYS: a timeline. ARGV: the build's number, for how many ms it is kept, whom it pulls, its block.
-- Nothing when the build does not count any more; 1 when it is held as it was given; else its elements.
function VERBS.put()
  local key, number, ms, pulled, block = KEYS[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
  local build = build_of(key)
  if not build or string.sub(build, 1, 8) ~= number then return false end
  local state = {header = with_pulled(life(), pulled)}
  if #build > 56 then
    state.entries = entries_of(block)
    local at, noted = 56, nil
    while at ~= -1 and at < #build do
      at, noted = cmsgpack.unpack_one(build, at)
      CHANGES[noted[1]](state, noted[2], noted[3])
    end
    block = block_of(state.entries)
  end
  call('DEL', key)
  call('RPUSH', key, state.header, block)
  call('PEXPIRE', key, ms)
  if #build > 56 then return {state.header, block} end
  return 1
end

-- KEYS: timelines. Those that are held or being built.
function VERBS.held()
  local current, held = life(), {}
  for _, key in ipairs(KEYS) do
    local header = call('LINDEX', key, 0)
    if header and (string.sub(header, 1, 40) == current or build_of(key)) then held[#held + 1] = key end
  end
  return held
end

-- KEYS: timelines, those of the first delivery first. ARGV: for each delivery how many timelines it is for, the entry, and whom
-- they pull from then on or nothing. How many entries are new.
function VERBS.push()
  local new, k = 0, 0
  for i = 2, #ARGV, 3 do
    local entry, pulled = ARGV[i + 1], ARGV[i + 2]
    local high, low = position(entry, 1)
    -- Many timelines end with the same entry.
    local below
    for _ = 1, tonumber(ARGV[i]) do
      k = k + 1
      local key = KEYS[k]
      local last = call('LINDEX', key, -1)
      if last == 'B' then
        new = new + change(key, 'add', {entry}, pulled)
      elseif last then
        if pulled ~= '' then call('LSET', key, 0, with_pulled(call('LINDEX', key, 0), pulled)) end
        local on_top = last == below
        if not on_top then
          local last_high, last_low = newest(last)
          on_top = last_high < high or (last_high == high and last_low < low)
          if on_top then below = last end
        end
        if not on_top then
          new = new + insert(key, entry)
        else
          new = new + 1
          if call('RPUSH', key, entry) > LOOSE + 2 then compact(key) end
        end
      end
    end
  end
  return new
end

-- KEYS: timelines. ARGV: for each withdrawal how many timelines it is for, and the position.
function VERBS.withdraw()
  local k = 0
  for i = 2, #ARGV, 2 do
    for _ = 1, tonumber(ARGV[i]) do
      k = k + 1
      withdraw(KEYS[k], ARGV[i + 1])
    end
  end
end

-- KEYS: a timeline. ARGV: whom it pulls from now on, then entries, rising.
function VERBS.follow()
  local added = {}
  for i = 3, #ARGV do added[i - 2] = ARGV[i] end
  return change(KEYS[1], 'add', added, ARGV[2])
end

-- KEYS: a timeline. ARGV: whose entries go, and who is pulled no more.
function VERBS.unfollow()
  return change(KEYS[1], 'unfollow', ARGV[2])
end

return VERBS[ARGV[1]]()
