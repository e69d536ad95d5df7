import { describe, expect, it } from 'vitest'
import { FakeClock, settle } from '../clock.fake.ts'
import type { StreamRelay } from '../dialects/index.ts'
import type { GatewayError } from '../errors.ts'
import { AnswerStream } from './answer-stream.ts'
import { Cancellation } from './cancellation.ts'
import type { UpstreamCall } from './transport.ts'

/** Gives its client what it got. */
class PlainRelay implements StreamRelay {
  events = 0
  complete = false
  readonly endGraceMs = undefined
  error: GatewayError | undefined
  usage = undefined
  finishes = []

  push(chunk: Uint8Array): string {
    this.events += 1
    const text = Buffer.from(chunk).toString()
    this.complete = text.endsWith('.')
    return text
  }

  flush(): undefined {
    return undefined
  }

  end(): string {
    return ''
  }

  fail(error: GatewayError): string {
    return error.code
  }
}

class SlowCall implements UpstreamCall {
  readonly response = Promise.resolve({ status: 200, headers: {} })
  aborted: GatewayError | undefined
  #next = Promise.withResolvers<Uint8Array | undefined>()

  async read(): Promise<Uint8Array | undefined> {
    const bytes = await this.#next.promise
    this.#next = Promise.withResolvers()
    return bytes
  }

  unread(): undefined {}

  nudge(): void {
    this.#next.resolve(new Uint8Array())
  }

  give(text: string): void {
    this.#next.resolve(Buffer.from(text))
  }

  collect(): Promise<never> {
    throw new Error('a stream is not collected')
  }

  abort(reason: GatewayError): void {
    this.aborted = reason
    this.#next.promise.catch(() => undefined)
    this.#next.reject(reason)
  }
}

function start(
  options: { readonly heartbeat?: string; readonly idleTimeoutMs?: number } = {
    heartbeat: ': beat\n\n',
  },
) {
  const clock = new FakeClock()
  const cancellation = new Cancellation(clock, undefined, 600_000)
  const call = new SlowCall()
  const provider = { name: 'acme', quirks: {}, redact: (text: string) => text }
  const stream = new AnswerStream({
    call,
    relay: new PlainRelay(),
    cancellation,
    clock,
    first: [],
    idleTimeoutMs: 60_000,
    answerLimitBytes: 1e6,
    provider,
    finishesWithoutClient: false,
    ...options,
  })
  const ends: (string | undefined)[] = []
  stream.onEnd(({ error }) => void ends.push(error?.code))
  const read = async (): Promise<string | undefined> => {
    const { value } = await stream.next()
    return value === undefined ? undefined : Buffer.from(value as string).toString()
  }
  return { clock, call, stream, read, ends }
}

describe('a provider that says nothing', () => {
  it('is heard of every fifteen seconds, between events', async () => {
    const { clock, call, read, ends } = start()
    const first = read()
    call.give('one')
    expect(await first).toBe('one')
    const second = read()
    await clock.advance(30_000)
    expect(await second).toBe(': beat\n\n')
    const third = read()
    await clock.advance(15_000)
    expect(await third).toBe(': beat\n\n')
    const last = read()
    call.give('two.')
    expect(await last).toBe('two.')
    expect(ends).toEqual([])
  })

  it('still counts as silent: heartbeats do not feed its clock', async () => {
    const { clock, read, ends } = start({ heartbeat: ': beat\n\n', idleTimeoutMs: 40_000 })
    const seen: (string | undefined)[] = []
    const reading = (async () => {
      while (ends.length === 0) seen.push(await read())
    })()
    await clock.advance(60_000)
    await reading
    expect(ends).toEqual(['idle_timeout'])
    expect(seen).toEqual([': beat\n\n', 'idle_timeout'])
    expect(clock.pending).toBe(0)
  })

  it('of a dialect without heartbeats is waited for', async () => {
    const { clock, call, read } = start({})
    const next = read()
    await clock.advance(50_000)
    call.give('late.')
    expect(await next).toBe('late.')
  })

  it('is not interrupted while it speaks', async () => {
    const { clock, call, read } = start()
    for (let at = 0; at < 20; at++) {
      const next = read()
      await clock.advance(5_000)
      call.give(`${at}`)
      expect(await next).toBe(`${at}`)
    }
  })
})

describe('a client that reads nothing', () => {
  it('is given up after the idle timeout, and so is the call', async () => {
    const { clock, call, stream, read, ends } = start()
    let abandoned = 0
    stream.onAbandon(() => void (abandoned += 1))
    const first = read()
    call.give('one')
    await first
    await clock.advance(60_000)
    expect([abandoned, ends]).toEqual([0, []])
    await clock.advance(30_000)
    await settle()
    expect([abandoned, ends, call.aborted?.code]).toEqual([1, ['client_stalled'], 'client_stalled'])
    expect(clock.pending).toBe(0)
  })

  it('in time is not', async () => {
    const { clock, call, read, ends } = start()
    for (let at = 0; at < 5; at++) {
      const next = read()
      call.give(`${at}`)
      await next
      await clock.advance(55_000)
    }
    expect(ends).toEqual([])
  })
})
