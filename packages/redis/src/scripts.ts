/*
 * The steps of the limit store as Redis runs them, each in one call. KEYS[1] is the reservation,
 * KEYS[2] until when instances are believed to be there, KEYS[3] what the instance of the
 * reservation holds; the others are the counters. All are in one slot. What a draw is made of is
 * said at `Draw` of @postern/core; here it is `kind amount limit floor a b`: for `p` (period) the
 * first and the first following millisecond (-1: for ever), for `s` (sliding) the length of a
 * bucket, for `c` (leases) how long one lasts.
 *
 * What is used is said in text, for clients lose the last digit of the largest integers.
 *
 * A script that fails is not undone. So each reads all it needs, and fails where it must, before it
 * writes; and what it writes cannot fail, whatever the numbers are: a counter that is full stays
 * full.
 */

/** Shared by all steps: the clock is the server's, the same for every instance. */
const PRELUDE = `
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local BUCKETS, GRACE, FOR_EVER, HELD, MOST = 10, 3600000, 34560000000, 2592000000, 9007199254740991
local function whole(value) return string.format('%.0f', value) end
local function within(value) return math.max(0, math.min(MOST, value)) end
local function numberIn(text, key)
  if not string.match(text, '^-?%d+$') then error('WRONGTYPE ' .. key .. ' holds no whole number') end
  return tonumber(text)
end
local function bucketsOf(key, a)
  local oldest, all, buckets = math.floor(now / a) - BUCKETS, redis.call('HGETALL', key), {}
  for j = 1, #all, 2 do
    if (tonumber(all[j]) or -1) >= oldest then buckets[#buckets + 1] = { tonumber(all[j]), numberIn(all[j + 1], key) } end
  end
  return buckets
end
local function usedOf(kind, key, a)
  if kind == 'p' then return within(numberIn(redis.call('GET', key) or '0', key)) end
  if kind == 'c' then return redis.call('ZCOUNT', key, '(' .. whole(now), '+inf') end
  local sum = 0
  for _, bucket in ipairs(bucketsOf(key, a)) do sum = sum + bucket[2] end
  return within(sum)
end
local function keep(kind, key, a, b)
  if kind == 'p' then redis.call('PEXPIREAT', key, whole(b < 0 and now + FOR_EVER or b + GRACE))
  else redis.call('PEXPIRE', key, whole((BUCKETS + 2) * a)) end
end
local function anyEnded() return #redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', whole(now), 'LIMIT', 0, 1) end
local function renew(instance, lease)
  if redis.call('ZADD', KEYS[2], whole(now + lease), instance) == 1 then redis.call('PEXPIRE', KEYS[2], HELD) end
end
`

/** ARGV: id, ttl, instance (or nothing) and how long its lease is, then each draw. */
export const RESERVE = `${PRELUDE}
local id, ttl, instance, n = ARGV[1], ARGV[2], ARGV[3], #KEYS - 3
local draws, used = {}, {}
for i = 1, n do
  local at = 4 + (i - 1) * 6
  local draw = { kind = ARGV[at + 1], amount = tonumber(ARGV[at + 2]), limit = tonumber(ARGV[at + 3]), floor = ARGV[at + 4], a = tonumber(ARGV[at + 5]), b = tonumber(ARGV[at + 6]), key = KEYS[i + 3], bucket = 0 }
  if draw.kind == 'p' and (now < draw.a or (draw.b >= 0 and now >= draw.b)) then return { 'time', now } end
  if draw.kind == 's' then draw.bucket = math.floor(now / draw.a) end
  draws[i] = draw
end
for i, draw in ipairs(draws) do used[i] = usedOf(draw.kind, draw.key, draw.a) end
local known = redis.call('EXISTS', KEYS[1]) == 1
local ended = 0
if instance ~= '' then
  local until_ = redis.call('ZSCORE', KEYS[2], instance)
  ended = #redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', whole(now), 'LIMIT', 0, 2)
  if until_ and tonumber(until_) <= now then ended = ended - 1 end
end
for i, draw in ipairs(draws) do
  if not known and draw.limit < MOST and used[i] + draw.amount > draw.limit then
    local retry = -1
    if draw.kind == 'p' then retry = draw.b
    elseif draw.kind == 's' then
      local buckets, left = bucketsOf(draw.key, draw.a), used[i]
      table.sort(buckets, function(x, y) return x[1] < y[1] end)
      retry = now + draw.a * BUCKETS
      for _, bucket in ipairs(buckets) do
        left = left - bucket[2]
        if left + draw.amount <= draw.limit then
          retry = (bucket[1] + BUCKETS + 1) * draw.a
          break
        end
      end
    end
    return { 'no', now, ended, i - 1, whole(used[i]), retry }
  end
end
local answer, held = { 'ok', now, ended, math.max(1, redis.call('ZCARD', KEYS[2]) - ended) }, {}
for i, draw in ipairs(draws) do
  if not known then
    if draw.kind == 'c' then
      redis.call('ZREMRANGEBYSCORE', draw.key, '-inf', whole(now))
      redis.call('ZADD', draw.key, whole(now + draw.a), id)
      redis.call('PEXPIRE', draw.key, whole(draw.a))
    else
      local more = whole(within(used[i] + draw.amount) - used[i])
      if draw.kind == 'p' then redis.call('INCRBY', draw.key, more)
      else
        redis.call('HINCRBY', draw.key, draw.bucket, more)
        for _, field in ipairs(redis.call('HKEYS', draw.key)) do
          if (tonumber(field) or -1) < draw.bucket - BUCKETS then redis.call('HDEL', draw.key, field) end
        end
      end
      keep(draw.kind, draw.key, draw.a, draw.b)
    end
    used[i] = within(used[i] + draw.amount)
    held[i] = table.concat({ draw.key, draw.kind, whole(draw.amount), draw.floor, whole(draw.a), whole(draw.b), draw.bucket }, ' ')
  end
  answer[#answer + 1] = whole(used[i])
  answer[#answer + 1] = draw.bucket
end
if not known then
  redis.call('SET', KEYS[1], 'o', 'PX', instance == '' and ttl or HELD)
  if instance ~= '' then
    redis.call('HSET', KEYS[3], id, table.concat(held, '\\n'))
    redis.call('PEXPIRE', KEYS[3], HELD)
  end
end
if instance ~= '' then renew(instance, tonumber(ARGV[4])) end
return answer
`

/**
 * ARGV: id, how long to remember, the instance that holds it (or nothing), `settle` or `give-back`,
 * then of each draw \`kind actual amount floor a b bucket\`; the bucket is empty where it is not
 * known. To give back is to settle at the floors what is open and whose instance has ended: a
 * settlement that comes after all replaces them.
 */
export const SETTLE = `${PRELUDE}
local id, instance, isGivenBack = ARGV[1], ARGV[3], ARGV[4] == 'give-back'
local state = redis.call('GET', KEYS[1])
if isGivenBack then
  local until_ = redis.call('ZSCORE', KEYS[2], instance)
  if until_ and tonumber(until_) > now then return 'known' end
  if state ~= 'o' then
    redis.call('HDEL', KEYS[3], id)
    return 'known'
  end
elseif state == 's' then return 'known' end
local function bucketOf(i, bucket)
  if bucket ~= '' or instance == '' then return bucket end
  local lines, at = redis.call('HGET', KEYS[3], id) or '', 0
  for line in string.gmatch(lines, '[^\\n]+') do
    at = at + 1
    if at == i then return string.match(line, '%S+$') end
  end
  return ''
end
local function valueIn(value)
  if type(value) == 'string' and string.match(value, '^-?%d+$') then return tonumber(value) end
  return type(value) == 'string' or type(value) == 'table'
end
local steps = {}
for i = 1, #KEYS - 3 do
  local at, key = 4 + (i - 1) * 7, KEYS[i + 3]
  local kind, actual, amount, floor, a, b = ARGV[at + 1], tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3]), tonumber(ARGV[at + 4]), tonumber(ARGV[at + 5]), tonumber(ARGV[at + 6])
  if isGivenBack then actual = floor end
  local counted = state and (state == 'r' and floor or amount) or 0
  local value, bucket = false, ''
  if kind == 's' then
    bucket = state and bucketOf(i, ARGV[at + 7]) or whole(math.floor(now / a))
    value = valueIn(redis.pcall('HGET', key, bucket))
  elseif kind == 'p' then value = valueIn(redis.pcall('GET', key)) end
  -- What holds no number is left alone, and so is what is over; what is lost is counted where it belongs now.
  if not state then
    if kind == 'p' and b >= 0 and now >= b then value = false
    elseif value == false then value = 0 end
  end
  steps[i] = { kind = kind, key = key, bucket = bucket, a = a, b = b, isNew = not state, more = type(value) == 'number' and whole(within(value + actual - counted) - value) }
end
for _, step in ipairs(steps) do
  if step.kind == 'c' then redis.pcall('ZREM', step.key, id)
  elseif step.more then
    local done
    if step.kind == 'p' then done = redis.pcall('INCRBY', step.key, step.more) else done = redis.pcall('HINCRBY', step.key, step.bucket, step.more) end
    if type(done) == 'number' and step.isNew then keep(step.kind, step.key, step.a, step.b) end
  end
end
redis.call('SET', KEYS[1], isGivenBack and 'r' or 's', 'PX', isGivenBack and HELD or ARGV[2])
if instance ~= '' then
  redis.call('HDEL', KEYS[3], id)
  -- It stays known until its lease is over: others share limits with it.
end
return state and 'settled' or 'lost'
`

/** KEYS: the counters. ARGV: of each \`kind a\`. */
export const READ = `${PRELUDE}
local used = {}
for i, key in ipairs(KEYS) do used[i] = whole(usedOf(ARGV[i * 2 - 1], key, tonumber(ARGV[i * 2]))) end
return used
`

/**
 * KEYS as ever, without counters. ARGV: the instance, and how long its lease is. Gives whether the
 * lease of another is over.
 */
export const RENEW = `${PRELUDE}
if redis.call('EXISTS', KEYS[3]) == 1 then
  renew(ARGV[1], tonumber(ARGV[2]))
  redis.call('PEXPIRE', KEYS[3], HELD)
end
return anyEnded()
`

/** KEYS[2] only. Gives an instance whose lease is over, or nothing. */
export const ENDED = `${PRELUDE}
return redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', whole(now), 'LIMIT', 0, 1)
`

/**
 * KEYS as ever, without counters. ARGV: the instance, how many at most. Gives \`id draws\` of some
 * of what it holds, and forgets it when it holds nothing.
 */
export const HELD = `${PRELUDE}
local cursor, found = '0', {}
repeat
  local some = redis.call('HSCAN', KEYS[3], cursor, 'COUNT', ARGV[2])
  cursor = some[1]
  for j = 1, #some[2] do found[#found + 1] = some[2][j] end
until #found > 0 or cursor == '0'
local until_ = redis.call('ZSCORE', KEYS[2], ARGV[1])
if #found == 0 and until_ and tonumber(until_) <= now then redis.call('ZREM', KEYS[2], ARGV[1]) end
return found
`
