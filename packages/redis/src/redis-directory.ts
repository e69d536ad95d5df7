import type { Directory, DirectoryChanges, StoredEntry } from '@postern/core'
import { Script, type Send } from './commands.ts'

/** KEYS: the version, the entries, their versions. ARGV: id, the entry as it is written. */
const PUT = `
local version = redis.call('INCR', KEYS[1])
redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
redis.call('ZADD', KEYS[3], version, ARGV[1])
return version
`

/** ARGV: the version that is known. Gives the present one, the secret, and what was written since. */
const CHANGES = `
local version = tonumber(redis.call('GET', KEYS[1]) or '0')
local answer = { version, redis.call('GET', KEYS[4]) or '' }
if version == tonumber(ARGV[1]) then return answer end
for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[3], '(' .. ARGV[1], '+inf')) do
  answer[#answer + 1] = redis.call('HGET', KEYS[2], id)
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
    const [now, secret, ...written] = (await this.#changes.run(this.#send, [...this.#names, this.#secret], [String(version)])) as [number | string, string, ...string[]]
    return { version: Number(now), secret: secret === '' ? undefined : secret, entries: written.map((text) => JSON.parse(text) as StoredEntry) }
  }

  async put(entry: StoredEntry): Promise<void> {
    await this.#put.run(this.#send, this.#names, [entry.id, JSON.stringify(entry)])
  }

  async secret(fresh: string): Promise<string> {
    await this.#send(this.#secret, 'SET', this.#secret, fresh, 'NX')
    return String(await this.#send(this.#secret, 'GET', this.#secret))
  }
}
