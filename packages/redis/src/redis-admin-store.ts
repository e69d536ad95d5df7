import type { AdminStore, AdminChanges, KnownAdminState, StoredEntry } from '@postern/core'
import { Script, type Send } from './commands.ts'

/** KEYS: the version, the entries, their versions. ARGV: id, the entry as it is written. */
const PUT = `
local version = redis.call('INCR', KEYS[1])
redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
redis.call('ZADD', KEYS[3], version, ARGV[1])
return version
`

/** Entries read at once: Redis runs nothing else meanwhile. */
const MOST_AT_ONCE = 1_000

/**
 * A field among the entries: what the hashes of keys are worth is lost together with them, or not
 * at all.
 */
const SECRET_FIELD = ':secret'

/**
 * ARGV: the known version, and the largest number of entries to give. Gives the present version,
 * the secret, whether a part was lost, and for each entry written since: its version, and itself.
 * Each call touches all three keys, so that a server that evicts the least used ones keeps them
 * together.
 */
const CHANGES = `
local written = redis.call('GET', KEYS[1])
local version = tonumber(written or '0')
local secret = redis.call('HGET', KEYS[2], '${SECRET_FIELD}') or ''
local held = redis.call('HLEN', KEYS[2])
if secret ~= '' then held = held - 1 end
local listed = redis.call('ZCARD', KEYS[3])
local damaged = 0
if held ~= listed or (written and listed == 0) or (not written and listed > 0) then damaged = 1 end
local answer = { version, secret, damaged }
if damaged == 1 or version == tonumber(ARGV[1]) then return answer end
local found = redis.call('ZRANGEBYSCORE', KEYS[3], '(' .. ARGV[1], '+inf', 'WITHSCORES', 'LIMIT', 0, tonumber(ARGV[2]))
for at = 1, #found, 2 do
  answer[#answer + 1] = found[at + 1]
  answer[#answer + 1] = redis.call('HGET', KEYS[2], found[at])
end
return answer
`

/**
 * ARGV: the version that the writer knows (-1: none), the secret, whether this is the last part,
 * then \`id entry\` pairs. Writes back what is missing. Entries that were written after the known
 * version are left out: the writer knows an older state of them, and a revoked key must not come
 * back. What no part brings is removed, which instances that know it learn. Gives 0 and writes
 * nothing where the age of what was lost is not known.
 */
const RESTORE = `
local known = tonumber(ARGV[1])
local newest = redis.call('ZRANGE', KEYS[3], -1, -1, 'WITHSCORES')
local version = tonumber(redis.call('GET', KEYS[1]) or newest[2] or math.max(known, 0))
if known >= 0 and version > known and not newest[2] then return 0 end
redis.call('HSETNX', KEYS[2], '${SECRET_FIELD}', ARGV[2])
for at = 4, #ARGV, 2 do
  local score = tonumber(redis.call('ZSCORE', KEYS[3], ARGV[at]) or '0')
  if score <= known and redis.call('HSETNX', KEYS[2], ARGV[at], ARGV[at + 1]) + (score == 0 and 1 or 0) > 0 then
    version = version + 1
    redis.call('ZADD', KEYS[3], version, ARGV[at])
  end
end
if ARGV[3] == '1' then
  for _, id in ipairs(redis.call('ZRANGE', KEYS[3], 0, -1)) do
    if redis.call('HSETNX', KEYS[2], id, cjson.encode({ kind = 'removed', id = id })) == 1 then
      version = version + 1
      redis.call('ZADD', KEYS[3], version, id)
    end
  end
  for _, id in ipairs(redis.call('HKEYS', KEYS[2])) do
    if id ~= '${SECRET_FIELD}' and not redis.call('ZSCORE', KEYS[3], id) then
      version = version + 1
      redis.call('ZADD', KEYS[3], version, id)
    end
  end
end
if version > 0 then redis.call('SET', KEYS[1], version) end
return 1
`

/**
 * Entries in a hash, and in the order in which they were written: an instance reads only what it
 * does not know yet.
 */
export class RedisAdminStore implements AdminStore {
  readonly #send: Send
  readonly #names: readonly [version: string, entries: string, versions: string]
  readonly #put = new Script(PUT)
  readonly #changes = new Script(CHANGES)
  readonly #restore = new Script(RESTORE)

  constructor(send: Send, prefix: string) {
    this.#send = send
    this.#names = [
      `{${prefix}}:directory:version`,
      `{${prefix}}:directory`,
      `{${prefix}}:directory:versions`,
    ]
  }

  async changesSince(version: number): Promise<AdminChanges> {
    const [now, secret, damaged, ...found] = (await this.#changes.run(this.#send, this.#names, [
      String(version),
      String(MOST_AT_ONCE),
    ])) as [number | string, string, number | string, ...string[]]
    const entries = found
      .filter((_, at) => at % 2 === 1)
      .map((text) => JSON.parse(text) as StoredEntry)
    const isMore = entries.length === MOST_AT_ONCE
    return {
      version: Number(isMore ? found.at(-2) : now),
      secret: secret === '' ? undefined : secret,
      entries,
      isMore,
      isDamaged: Number(damaged) === 1,
    }
  }

  async put(entry: StoredEntry): Promise<void> {
    await this.#put.run(this.#send, this.#names, [entry.id, JSON.stringify(entry)])
  }

  async secret(fresh: string): Promise<string> {
    const [, entries] = this.#names
    await this.#send(entries, 'HSETNX', entries, SECRET_FIELD, fresh)
    return String(await this.#send(entries, 'HGET', entries, SECRET_FIELD))
  }

  async restore({ version, secret, entries }: KnownAdminState): Promise<boolean> {
    for (let at = 0; ; at += MOST_AT_ONCE) {
      const part = entries.slice(at, at + MOST_AT_ONCE)
      const isLast = at + MOST_AT_ONCE >= entries.length
      const pairs = part.flatMap((entry) => [entry.id, JSON.stringify(entry)])
      const done =
        Number(
          await this.#restore.run(this.#send, this.#names, [
            String(version),
            secret,
            isLast ? '1' : '0',
            ...pairs,
          ]),
        ) === 1
      if (isLast || !done) return done
    }
  }
}
