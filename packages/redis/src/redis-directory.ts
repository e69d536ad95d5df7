import type { Directory, StoredKey } from '@postern/core'
import { Script, type Send } from './commands.ts'

/** KEYS: the version, the keys, their versions. ARGV: id, the key as it is written. */
const PUT = `
local version = redis.call('INCR', KEYS[1])
redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
redis.call('ZADD', KEYS[3], version, ARGV[1])
return version
`

/** ARGV: the version that is known. Gives the present one, and what was written since. */
const CHANGES = `
local version = tonumber(redis.call('GET', KEYS[1]) or '0')
local answer = { version }
if version == tonumber(ARGV[1]) then return answer end
for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[3], '(' .. ARGV[1], '+inf')) do
  answer[#answer + 1] = redis.call('HGET', KEYS[2], id)
end
return answer
`

/** Keys in a hash, and in the order in which they were written: an instance reads only what it does not know yet. */
export class RedisDirectory implements Directory {
  readonly #send: Send
  readonly #names: readonly [version: string, keys: string, versions: string]
  readonly #secret: string
  readonly #put = new Script(PUT)
  readonly #changes = new Script(CHANGES)

  constructor(send: Send, prefix: string) {
    this.#send = send
    this.#names = [`{${prefix}}:keys:version`, `{${prefix}}:keys`, `{${prefix}}:keys:versions`]
    this.#secret = `{${prefix}}:keys:secret`
  }

  async changesSince(version: number): Promise<{ version: number; keys: StoredKey[] }> {
    const [now, ...written] = (await this.#changes.run(this.#send, this.#names, [String(version)])) as [number | string, ...string[]]
    const present = Number(now)
    // Somebody has emptied the store: what is known here is no longer so.
    if (present < version) return this.changesSince(0)
    return { version: present, keys: written.map((text) => JSON.parse(text) as StoredKey) }
  }

  async put(key: StoredKey): Promise<void> {
    await this.#put.run(this.#send, this.#names, [key.id, JSON.stringify(key)])
  }

  async secret(fresh: string): Promise<string> {
    await this.#send(this.#secret, 'SET', this.#secret, fresh, 'NX')
    return String(await this.#send(this.#secret, 'GET', this.#secret))
  }
}
