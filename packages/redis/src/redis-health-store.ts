import type { HealthStore, HealthFact } from '@postern/core'
import { Script, type Send } from './commands.ts'

/** Facts expire this long after the last write. */
const KEPT_MS = 3_600_000

/** ARGV: how long to keep, then of each fact \`field ms\`. */
const POST = `
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
for i = 2, #ARGV, 2 do
  local ms = tonumber(ARGV[i + 1])
  if ms > 0 then redis.call('HSET', KEYS[1], ARGV[i], now + ms) else redis.call('HDEL', KEYS[1], ARGV[i]) end
end
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return 1
`

/** Gives \`field ms\` of each fact that holds, and forgets the others. */
const FACTS = `
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local all, facts = redis.call('HGETALL', KEYS[1]), {}
for i = 1, #all, 2 do
  local ms = (tonumber(all[i + 1]) or 0) - now
  if ms > 0 then
    facts[#facts + 1] = all[i]
    facts[#facts + 1] = ms
  else redis.call('HDEL', KEYS[1], all[i]) end
end
return facts
`

/**
 * The health of targets in one hash: a field for each fact, and the server's clock for all of them.
 */
export class RedisHealthStore implements HealthStore {
  readonly #send: Send
  readonly #key: string
  readonly #post = new Script(POST)
  readonly #read = new Script(FACTS)

  constructor(send: Send, prefix: string) {
    this.#send = send
    this.#key = `{${prefix}}:health`
  }

  async post(facts: readonly HealthFact[]): Promise<void> {
    await this.#post.run(
      this.#send,
      [this.#key],
      [
        String(KEPT_MS),
        ...facts.flatMap(({ target, state, forMs }) => [
          `${state} ${target}`,
          String(Math.ceil(forMs)),
        ]),
      ],
    )
  }

  async read(): Promise<readonly HealthFact[]> {
    const answer = (await this.#read.run(this.#send, [this.#key], [])) as (string | number)[]
    const facts: HealthFact[] = []
    for (let at = 0; at + 1 < answer.length; at += 2) {
      const [state, target] = splitOnce(String(answer[at]))
      if (state === 'open' || state === 'cooling')
        facts.push({ target, state, forMs: Number(answer[at + 1]) })
    }
    return facts
  }
}

function splitOnce(field: string): readonly [string, string] {
  const space = field.indexOf(' ')
  return [field.slice(0, space), field.slice(space + 1)]
}
