import { getEventListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import { FakeClock, settle } from '../clock.fake.ts'
import type { StreamRelay } from '../dialects/index.ts'
import { GatewayError } from '../errors.ts'
import { AnswerStream, type StreamEnd } from './answer-stream.ts'
import { Cancellation } from './cancellation.ts'
import type { UpstreamCall } from './transport.ts'

const acme = {
  name: 'acme',
  quirks: {},
  redact: (text: string) => text.replaceAll('s3cret-of-acme', '[removed]'),
}

const text = (value: Uint8Array | string | undefined): string | undefined =>
  value === undefined ? undefined : String(value)

/**
 * Chunks are handed over one by one; `:` is a comment, `~` an event the client does not see, `!`
 * the provider's error, `.` the finish.
 */
class FakeRelay implements StreamRelay {
  events = 1
  error: GatewayError | undefined
  complete = false
  endGraceMs: number | undefined
  readonly usage = undefined

  /** No byte can say that it broke. */
  isCut = false

  fail(error: GatewayError): string | undefined {
    return this.isCut ? undefined : `[${error.code}]`
  }

  readonly finishes = []
  rest: string | undefined

  push(chunk: Uint8Array): string | undefined {
    const word = Buffer.from(chunk).toString()
    if (word === 'throw') throw new GatewayError('upstream_invalid', 'too large an event')
    if (word.startsWith(':')) return undefined
    if (word.endsWith('!')) this.error = new GatewayError('provider_overloaded', 'busy')
    if (word === '!') return undefined
    this.events += 1
    if (word.endsWith('.')) this.complete = true
    return word === '~' ? undefined : word
  }

  flush(): string | undefined {
    const { rest } = this
    this.rest = undefined
    if (rest?.endsWith('.')) this.complete = true
    return rest
  }

  end(): string {
    return '[DONE]'
  }
}

class FakeCall implements UpstreamCall {
  readonly response = Promise.resolve({ status: 200, headers: {} })
  readonly aborted: GatewayError[] = []
  reads = 0
  #waiting: PromiseWithResolvers<Uint8Array | undefined> | undefined

  read(): Promise<Uint8Array | undefined> {
    this.reads += 1
    this.#waiting = Promise.withResolvers()
    return this.#waiting.promise
  }

  collect(): Promise<never> {
    throw new Error('a stream is not collected')
  }

  nudges = 0

  unread(): undefined {}

  nudge(): void {
    this.nudges += 1
    this.#waiting?.resolve(new Uint8Array())
  }

  abort(reason: GatewayError): void {
    this.aborted.push(reason)
    this.#waiting?.reject(reason)
  }

  /** The provider sends this; `undefined` ends its stream. */
  async give(word: string | undefined): Promise<void> {
    this.#waiting?.resolve(word === undefined ? undefined : Buffer.from(word))
    await settle()
  }

  async breakOff(): Promise<void> {
    this.#waiting?.reject(Object.assign(new Error('socket'), { code: 'ECONNRESET' }))
    await settle()
  }
}

function open(
  options: {
    first?: string[]
    answerLimitBytes?: number
    heartbeat?: string
    idleTimeoutMs?: number
  } = {},
) {
  const clock = new FakeClock()
  const controller = new AbortController()
  const cancellation = new Cancellation(clock, controller.signal, 100_000)
  const call = new FakeCall()
  const relay = new FakeRelay()
  const ends: (string | undefined)[] = []
  const errors: GatewayError[] = []
  const stream = new AnswerStream({
    call,
    relay,
    cancellation,
    clock,
    ...(options.heartbeat === undefined ? {} : { heartbeat: options.heartbeat }),
    first: options.first ?? [],
    idleTimeoutMs: options.idleTimeoutMs ?? 1000,
    answerLimitBytes: options.answerLimitBytes ?? 1000,
    provider: acme,
    finishesWithoutClient: false,
  })
  const onEnd = ({ error }: StreamEnd): void => {
    ends.push(error?.code)
    if (error !== undefined) errors.push(error)
  }
  stream.onEnd(onEnd)
  const next = () => stream.next().then(({ done, value }) => (done === true ? 'done' : text(value)))
  const idle = () => clock.pending + getEventListeners(controller.signal, 'abort').length
  return { clock, controller, cancellation, call, relay, ends, errors, stream, next, idle }
}

/** Asks for the next piece, lets the provider send this, and tells what came. */
async function after(
  opened: ReturnType<typeof open>,
  word: string | undefined,
): Promise<string | undefined> {
  const piece = opened.next()
  await opened.call.give(word)
  return piece
}

describe('a whole stream', () => {
  it('delivers the bytes read before, then new bytes, then the end, and reports its end once', async () => {
    const opened = open({ first: ['a', 'b'] })
    expect([await opened.next(), await opened.next()]).toEqual(['a', 'b'])
    expect(opened.call.reads).toBe(0)
    expect(await after(opened, 'c.')).toBe('c.')
    expect(opened.ends).toEqual([])
    expect(await after(opened, undefined)).toBe('[DONE]')
    expect([await opened.next(), await opened.next()]).toEqual(['done', 'done'])
    expect(opened.ends).toEqual([undefined])
    expect(opened.call.aborted).toEqual([])
    expect(opened.idle()).toBe(0)
  })

  it('delivers a last event without its blank line', async () => {
    const opened = open()
    opened.relay.rest = 'rest.'
    expect(await after(opened, undefined)).toBe('rest.')
    expect([await opened.next(), await opened.next()]).toEqual(['[DONE]', 'done'])
    expect(opened.ends).toEqual([undefined])
  })

  it('reads only when the client asks', async () => {
    const opened = open()
    await settle()
    expect(opened.call.reads).toBe(0)
    await after(opened, 'a')
    await settle()
    expect(opened.call.reads).toBe(1)
  })
})

describe('a broken stream never looks whole', () => {
  it('ended by the provider before its finish', async () => {
    const opened = open()
    await after(opened, 'a')
    expect(await after(opened, undefined)).toBe('[upstream_truncated]')
    expect([await opened.next(), opened.ends, opened.idle()]).toEqual([
      'done',
      ['upstream_truncated'],
      0,
    ])
  })

  it('cut off on the wire, also after its finish', async () => {
    for (const word of ['a', 'a.']) {
      const opened = open()
      await after(opened, word)
      const piece = opened.next()
      await opened.call.breakOff()
      expect(await piece).toBe('[upstream_truncated]')
      expect(opened.ends).toEqual(['upstream_truncated'])
    }
  })

  it('with an error event: what came before it is delivered', async () => {
    const opened = open()
    expect(await after(opened, 'a!')).toBe('a!')
    expect([await opened.next(), await opened.next()]).toEqual(['[provider_overloaded]', 'done'])
    expect([opened.ends, opened.call.aborted.map((error) => error.code)]).toEqual([
      ['provider_overloaded'],
      ['provider_overloaded'],
    ])
    const bare = open()
    expect(await after(bare, '!')).toBe('[provider_overloaded]')
  })

  it('with an error that repeats our own credential: it is taken out', async () => {
    const opened = open()
    opened.cancellation.cancel(new GatewayError('provider_error', 'no s3cret-of-acme here'))
    await opened.next()
    expect(opened.errors.map((error) => error.message)).toEqual(['no [removed] here'])
  })

  it('with an event that cannot be read', async () => {
    const opened = open()
    expect(await after(opened, 'throw')).toBe('[upstream_invalid]')
    expect(opened.call.aborted).toHaveLength(1)
  })

  it('larger than allowed', async () => {
    const opened = open({ answerLimitBytes: 5 })
    expect(await after(opened, 'aaaaa')).toBe('aaaaa')
    expect(await after(opened, 'b')).toBe('[answer_too_large]')
    expect([await opened.next(), opened.call.aborted.length]).toEqual(['done', 1])
    expect(await open({ first: ['aaaaaa'], answerLimitBytes: 5 }).next()).toBe('[answer_too_large]')
  })
})

describe('a broken stream of bytes is cut', () => {
  const cut = (options?: Parameters<typeof open>[0]) => {
    const opened = open(options)
    opened.relay.isCut = true
    return opened
  }

  it('on the wire: the iteration rejects once, and is over', async () => {
    const opened = cut()
    await after(opened, 'a')
    const piece = opened.next()
    await Promise.all([
      expect(piece).rejects.toMatchObject({
        code: 'upstream_truncated',
        details: { provider: 'acme' },
      }),
      opened.call.breakOff(),
    ])
    expect([await opened.next(), opened.ends, opened.idle()]).toEqual([
      'done',
      ['upstream_truncated'],
      0,
    ])
  })

  it('by its limit, also before anything is read', async () => {
    await expect(cut({ first: ['aaaaaa'], answerLimitBytes: 5 }).next()).rejects.toMatchObject({
      code: 'answer_too_large',
    })
    const opened = cut({ answerLimitBytes: 5 })
    const piece = opened.next()
    await Promise.all([
      expect(piece).rejects.toMatchObject({ code: 'answer_too_large' }),
      opened.call.give('aaaaaa'),
    ])
  })

  it('while no client reads: the next read reports it', async () => {
    const opened = cut({ first: ['a'] })
    opened.cancellation.cancel(new GatewayError('gateway_closed', 'closing'))
    await settle()
    await expect(opened.next()).rejects.toMatchObject({ code: 'gateway_closed' })
    expect([await opened.next(), opened.ends]).toEqual(['done', ['gateway_closed']])
  })

  it('not when the client is who left', async () => {
    const opened = cut()
    const piece = opened.next()
    opened.controller.abort()
    expect([await piece, await opened.next()]).toEqual(['done', 'done'])
  })
})

describe('the idle clock', () => {
  it('breaks a stream that stands still', async () => {
    const opened = open()
    const piece = opened.next()
    await opened.clock.advance(999)
    expect(opened.ends).toEqual([])
    await opened.clock.advance(1)
    expect(await piece).toBe('[idle_timeout]')
    expect([opened.ends, opened.idle()]).toEqual([['idle_timeout'], 0])
  })

  it.each([
    [':ping', 'idle_timeout'],
    ['~', undefined],
  ])('is fed by events, seen or unseen, not by comments: %s', async (word, end) => {
    const opened = open()
    void opened.next()
    await opened.clock.advance(900)
    await opened.call.give(word)
    await opened.clock.advance(900)
    expect(opened.ends[0]).toBe(end)
  })

  it('does not run while the client is the slow side', async () => {
    const opened = open({ first: ['a'] })
    await opened.next()
    await opened.clock.advance(50_000)
    expect(await after(opened, 'b')).toBe('b')
    await opened.clock.advance(40_000)
    expect(await after(opened, 'c')).toBe('c')
    expect(opened.ends).toEqual([])
  })
})

/** Bytes that had arrived when the client left are read first. */
async function arrived(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await settle()
}

describe('leaving', () => {
  it('by return: the call ends, nothing more is said', async () => {
    const opened = open({ first: ['a', 'b'] })
    await opened.next()
    expect(await opened.stream.return()).toEqual({ done: true, value: undefined })
    await arrived()
    expect([
      await opened.next(),
      opened.ends,
      opened.call.aborted.map((error) => error.code),
      opened.idle(),
    ]).toEqual(['done', ['client_closed'], ['client_closed'], 0])
    await opened.stream.return()
    expect(opened.ends).toEqual(['client_closed'])
  })

  it('by return while a read waits settles both, once', async () => {
    const opened = open()
    const piece = opened.next()
    await opened.stream.return()
    await arrived()
    expect([await piece, opened.ends]).toEqual(['done', ['client_closed']])
  })

  it('by return after the end changes nothing', async () => {
    const opened = open()
    await after(opened, 'a.')
    await after(opened, undefined)
    await opened.stream.return()
    expect([opened.ends, opened.call.aborted]).toEqual([[undefined], []])
  })

  it('reads what had arrived, and then no more', async () => {
    const opened = open()
    const piece = opened.next()
    opened.controller.abort()
    void opened.call.give('late ')
    expect(await piece).toBe('done')
    await arrived()
    expect([opened.relay.events, opened.ends]).toEqual([2, ['client_closed']])
  })

  it('by signal while a read waits', async () => {
    const opened = open()
    const piece = opened.next()
    opened.controller.abort()
    expect(await piece).toBe('done')
    await arrived()
    expect([opened.ends, opened.call.aborted[0]?.code, opened.idle()]).toEqual([
      ['client_closed'],
      'client_closed',
      0,
    ])
  })

  it('by signal while no client reads still settles', async () => {
    const opened = open({ first: ['a'] })
    opened.controller.abort()
    await arrived()
    expect([opened.ends, await opened.next()]).toEqual([['client_closed'], 'done'])
  })

  it('before the stream was handed over still settles', async () => {
    const clock = new FakeClock()
    const cancellation = new Cancellation(clock, AbortSignal.abort(), 1000)
    const call = new FakeCall()
    const stream = new AnswerStream({
      call,
      relay: new FakeRelay(),
      cancellation,
      clock,
      first: [],
      idleTimeoutMs: 1,
      answerLimitBytes: 1,
      provider: acme,
      finishesWithoutClient: false,
    })
    await settle()
    const ends: StreamEnd[] = []
    stream.onEnd((end) => {
      ends.push(end)
      return ''
    })
    await arrived()
    expect(ends.map((end) => end.error?.code)).toEqual(['client_closed'])
    expect(clock.pending).toBe(0)
  })
})

describe('the gateway', () => {
  it('ends a stream when it closes: the client gets the error, whether it was reading or not', async () => {
    const reading = open()
    const piece = reading.next()
    reading.cancellation.cancel(new GatewayError('gateway_closed', 'closing'))
    expect(await piece).toBe('[gateway_closed]')
    const resting = open({ first: ['a'] })
    resting.cancellation.cancel(new GatewayError('gateway_closed', 'closing'))
    await settle()
    expect([await resting.next(), await resting.next()]).toEqual(['[gateway_closed]', 'done'])
    expect([reading.ends, resting.ends]).toEqual([['gateway_closed'], ['gateway_closed']])
  })

  it('ends a stream at its deadline', async () => {
    const opened = open()
    for (let at = 0; at < 100; at++) {
      const piece = opened.next()
      await opened.clock.advance(999)
      await opened.call.give('a')
      expect(await piece).toBe('a')
    }
    const piece = opened.next()
    await opened.clock.advance(100)
    expect([await piece, opened.idle()]).toEqual(['[deadline_exceeded]', 0])
  })

  it('names the provider in the error it settles with', async () => {
    const opened = open()
    let provider: string | undefined
    opened.stream.onEnd(({ error }) => {
      provider = error?.details.provider
    })
    expect(await after(opened, undefined)).toBe('[upstream_truncated]')
    expect(provider).toBe('acme')
  })
})
