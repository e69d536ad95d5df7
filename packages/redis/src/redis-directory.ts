import type { Directory, DirectoryChanges, StoredEntry } from '@postern/core'
import { Script, type Send } from './commands.ts'

/** KEYS: the version, the entries, their versions. ARGV: id, the entry as it is written. */
const PUT = `
local version = redis.call('INCR', KEYS[1])
redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
redis.call('ZADD', KEYS[3], version, ARGV[1])
return version
`

/** So many are read without keeping anybody waiting: nothing else runs in a Redis meanwhile. */
const MOST_AT_ONCE = 1_000

/**
 * ARGV: the version that is known, and how many entries there may be. Gives the present version, the secret, and for each
 * entry that was written since its version and itself.
 */
const CHANGES = `
local version = tonumber(redis.call('GET', KEYS[1]) or '0')
local answer = { version, redis.call('GET', KEYS[4]) or '' }
if version == tonumber(ARGV[1]) then return answer end
local found = redis.call('ZRANGEBYSCORE', KEYS[3], '(' .. ARGV[1], '+inf', 'WITHSCORES', 'LIMIT', 0, tonumber(ARGV[2]))
for at = 1, #found, 2 do
  answer[#answer + 1] = found[at + 1]
  answer[#answer + 1] = redis.call('HGET', KEYS[2], found[at])
end
return answer
`

/** Entries in a hash, and in the order in which they were written: an instance reads only what it does not know yet. */
export class RedisDirectory implements Directory {
  readonly #send: Send
  readonly #names: readonly [version: string, entries: string, versions: string]
  readonly #secret: string
  readonly #put = new Script(PUT)
  readonly #changes = new Script(CHANGES)

  constructor(send: Send, prefix: string) {
    this.#send = send
    this.#names = [`{${prefix}}:directory:version`, `{${prefix}}:directory`, `{${prefix}}:directory:versions`]
    this.#secret = `{${prefix}}:directory:secret`
  }

  async changesSince(version: number): Promise<DirectoryChanges> {
    const [now, secret, ...found] = (await this.#changes.run(this.#send, [...this.#names, this.#secret], [String(version), String(MOST_AT_ONCE)])) as [number | string, string, ...string[]]
    const entries = found.filter((_, at) => at % 2 === 1).map((text) => JSON.parse(text) as StoredEntry)
    const isMore = entries.length === MOST_AT_ONCE
    return { version: Number(isMore ? found.at(-2) : now), secret: secret === '' ? undefined : secret, entries, isMore }
  }

  async put(entry: StoredEntry): Promise<void> {
    await this.#put.run(this.#send, this.#names, [entry.id, JSON.stringify(entry)])
  }

  async secret(fresh: string): Promise<string> {
    await this.#send(this.#secret, 'SET', this.#secret, fresh, 'NX')
    return String(await this.#send(this.#secret, 'GET', this.#secret))
  }
}
