/*
 * The steps of the ledger as Redis runs them, each in one call. KEYS[1] is the reservation, the others are the counters,
 * all in one slot. What a draw is made of is said at `Draw` of @postern/core; here it is
 * `kind amount limit a b`: for `p` (period) the first and the first following millisecond (-1: for ever), for `s`
 * (sliding) the length of a bucket, for `c` (leases) how long one lasts.
 */

/** Shared by all steps: the clock is the server's, the same for every instance. */
const PRELUDE = `
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local BUCKETS, GRACE, FOR_EVER = 10, 3600000, 34560000000
local function usedOf(kind, key, a)
  if kind == 'p' then return tonumber(redis.call('GET', key) or '0') or 0 end
  if kind == 'c' then
    redis.call('ZREMRANGEBYSCORE', key, '-inf', now)
    return redis.call('ZCARD', key)
  end
  local oldest, sum = math.floor(now / a) - BUCKETS, 0
  local all = redis.call('HGETALL', key)
  for j = 1, #all, 2 do
    if tonumber(all[j]) >= oldest then sum = sum + tonumber(all[j + 1]) end
  end
  return sum
end
local function addTo(kind, key, amount, a, b)
  if kind == 'p' then
    redis.call('INCRBY', key, amount)
    redis.call('PEXPIREAT', key, b < 0 and now + FOR_EVER or b + GRACE)
  else
    redis.call('HINCRBY', key, math.floor(now / a), amount)
    redis.call('PEXPIRE', key, (BUCKETS + 2) * a)
  end
end
`

/** ARGV: id, ttl, then each draw. */
export const RESERVE = `${PRELUDE}
local id, ttl, n = ARGV[1], ARGV[2], #KEYS - 1
local draws, used = {}, {}
for i = 1, n do
  local at = 2 + (i - 1) * 5
  local draw = { kind = ARGV[at + 1], amount = tonumber(ARGV[at + 2]), limit = tonumber(ARGV[at + 3]), a = tonumber(ARGV[at + 4]), b = tonumber(ARGV[at + 5]), key = KEYS[i + 1], text = ARGV[at + 2] }
  if draw.kind == 'p' and (now < draw.a or (draw.b >= 0 and now >= draw.b)) then return { 'time', now } end
  draws[i] = draw
end
for i, draw in ipairs(draws) do used[i] = usedOf(draw.kind, draw.key, draw.a) end
local known = redis.call('EXISTS', KEYS[1]) == 1
for i, draw in ipairs(draws) do
  if not known and used[i] + draw.amount > draw.limit then
    local retry = -1
    if draw.kind == 'p' then retry = draw.b
    elseif draw.kind == 's' then
      local oldest, buckets, left = math.floor(now / draw.a) - BUCKETS, {}, used[i]
      local all = redis.call('HGETALL', draw.key)
      for j = 1, #all, 2 do
        if tonumber(all[j]) >= oldest then buckets[#buckets + 1] = { tonumber(all[j]), tonumber(all[j + 1]) } end
      end
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
    return { 'no', now, i - 1, used[i], retry }
  end
end
local answer = { 'ok', now }
for i, draw in ipairs(draws) do
  local bucket = 0
  if draw.kind == 's' then bucket = math.floor(now / draw.a) end
  if not known then
    if draw.kind == 'c' then
      redis.call('ZADD', draw.key, now + draw.a, id)
      redis.call('PEXPIRE', draw.key, draw.a)
    else
      addTo(draw.kind, draw.key, draw.text, draw.a, draw.b)
      if draw.kind == 's' then
        local all = redis.call('HKEYS', draw.key)
        for _, field in ipairs(all) do
          if tonumber(field) < bucket - BUCKETS then redis.call('HDEL', draw.key, field) end
        end
      end
    end
    used[i] = used[i] + draw.amount
  end
  answer[#answer + 1] = used[i]
  answer[#answer + 1] = bucket
end
if not known then redis.call('SET', KEYS[1], 'o', 'PX', ttl) end
return answer
`

/** ARGV: id, how long to remember, then of each draw \`kind actual amount a b bucket\`. */
export const SETTLE = `${PRELUDE}
local state = redis.call('GET', KEYS[1])
if state == 's' then return 'known' end
redis.call('SET', KEYS[1], 's', 'PX', ARGV[2])
for i = 1, #KEYS - 1 do
  local at, key = 2 + (i - 1) * 6, KEYS[i + 1]
  local kind, actual, amount, a, b, bucket = ARGV[at + 1], tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3]), tonumber(ARGV[at + 4]), tonumber(ARGV[at + 5]), ARGV[at + 6]
  if kind == 'c' then redis.call('ZREM', key, ARGV[1])
  elseif not state then
    if kind == 's' or b < 0 or now < b then addTo(kind, key, ARGV[at + 2], a, b) end
  elseif kind == 'p' then
    if redis.call('EXISTS', key) == 1 then redis.call('INCRBY', key, actual - amount) end
  elseif redis.call('HEXISTS', key, bucket) == 1 then redis.call('HINCRBY', key, bucket, actual - amount) end
end
return state and 'settled' or 'lost'
`

/** KEYS: the counters. ARGV: of each \`kind a\`. */
export const READ = `${PRELUDE}
local used = {}
for i, key in ipairs(KEYS) do used[i] = usedOf(ARGV[i * 2 - 1], key, tonumber(ARGV[i * 2])) end
return used
`
