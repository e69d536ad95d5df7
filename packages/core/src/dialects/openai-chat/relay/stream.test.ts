import { describe, expect, it } from 'vitest'
import type { Quirks } from '../../model/quirks.ts'
import { parseFrames } from '../../wire/sse.ts'
import { ChatStreamRelay } from './stream.ts'
import { parseRequest } from '../from-client/request.ts'

function open(quirks: Quirks = {}): ChatStreamRelay {
  const request = parseRequest(
    { model: 'm', stream: true, messages: [{ role: 'user', content: 'Hi' }] },
    undefined,
  )
  return new ChatStreamRelay(request, {
    call: {
      provider: 'acme',
      model: 'physical',
      stream: true,
      quirks,
      newId: (prefix) => `${prefix}new`,
    },
    maxEventBytes: 1_000_000,
  })
}

function chunk(id: string, rest: object): string {
  return `data: ${JSON.stringify({ id, object: 'chat.completion.chunk', created: 1, model: 'm', ...rest })}\n\n`
}

function content(text: string, finish: string | null = null): object {
  return { choices: [{ index: 0, delta: { content: text }, finish_reason: finish }] }
}

function push(relay: ChatStreamRelay, text: string): string {
  return String(relay.push(Buffer.from(text)) ?? '')
}

const idsOf = (text: string): unknown[] =>
  [...text.matchAll(/^data: (\{.*)$/gm)].map(
    ([, data]) => (JSON.parse(String(data)) as { id: unknown }).id,
  )

describe('one answer has one id', () => {
  it('that of the first choice, also where a chunk without id and choices comes first', () => {
    const relay = open()
    expect(
      push(relay, chunk('', { choices: [], prompt_filter_results: [{ prompt_index: 0 }] })),
    ).toBe('')
    const output = push(relay, chunk('chatcmpl-real', content('Hi')))
    expect(idsOf(output)).toEqual(['chatcmpl-real', 'chatcmpl-real'])
    expect(output).toContain('prompt_filter_results')
    expect(relay.events).toBe(2)
  })

  it('ours from the first choice on, where that one has none', () => {
    const relay = open()
    const output =
      push(relay, chunk('', content('Hi'))) +
      push(relay, chunk('chatcmpl-late', content('', 'stop')))
    expect(idsOf(output)).toEqual(['chatcmpl-new', 'chatcmpl-new'])
    expect(relay.complete).toBe(true)
  })
})

describe('an event cut off in the middle', () => {
  const cut = chunk('chatcmpl-1', content('Hi')).slice(0, -6)

  it.each([{ exact: true }, {}])('never reaches the client: %j', (quirks) => {
    const relay = open(quirks)
    expect(push(relay, chunk('chatcmpl-1', content('Hello')))).toContain('Hello')
    expect(push(relay, cut)).toBe('')
    expect(relay.flush()).toBeUndefined()
    expect(relay.error?.code).toBe('upstream_invalid')
    expect(relay.complete).toBe(false)
  })

  it('is a whole one where only its blank line is missing', () => {
    const relay = open({ exact: true })
    expect(push(relay, chunk('chatcmpl-1', content('Hi', 'stop')).trimEnd())).toBe('')
    expect(relay.flush()).toContain('"content":"Hi"')
    expect(relay.complete).toBe(true)
  })
})

const MODEL = 'm'
const EXACT: Quirks = { exact: true }
const PLAIN = chunk('x', content('Hel'))
const FINISH = chunk('x', { choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] })
const COUNTS = { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 }
const USAGE = chunk('x', { choices: [], usage: COUNTS })
const DONE = 'data: [DONE]\n\n'

function openFor(body: object, quirks: Quirks): ChatStreamRelay {
  const request = parseRequest(
    { model: MODEL, stream: true, messages: [{ role: 'user', content: 'Hi' }], ...body },
    undefined,
  )
  return new ChatStreamRelay(request, {
    call: {
      provider: 'acme',
      model: 'physical',
      stream: true,
      quirks,
      newId: (prefix) => `${prefix}new`,
    },
    maxEventBytes: 100_000,
  })
}

const asking = { stream_options: { include_usage: true } }

/**
 * Everything the client gets of a stream that arrives in these writes, with the relay as it was
 * left.
 */
function relayed(writes: readonly string[], options: { body?: object; quirks?: Quirks } = {}) {
  const relay = openFor(options.body ?? {}, options.quirks ?? EXACT)
  let output = ''
  for (const write of writes) output += push(relay, write)
  output += String(relay.flush() ?? '')
  if (relay.complete && relay.error === undefined) output += relay.end()
  return { relay, output, chunks: objectsIn(output) }
}

interface Chunk {
  choices: { index: number; delta: Record<string, unknown>; finish_reason: unknown }[]
  usage?: unknown
}

const objectsIn = (text: string): Chunk[] =>
  text
    .split('\n\n')
    .flatMap((block) => (block.startsWith('data: {') ? [JSON.parse(block.slice(6)) as Chunk] : []))

describe('plain deltas of a service that follows the letter', () => {
  it('are the very bytes that came', () => {
    const relay = openFor({}, EXACT)
    const bytes = Buffer.from(PLAIN + PLAIN)
    expect(relay.push(bytes)).toBe(bytes)
    expect(relay.events).toBe(1)
  })

  it.each([
    ['a finish', FINISH],
    [
      'usage',
      chunk('x', { choices: [{ index: 0, delta: {}, finish_reason: null }], usage: COUNTS }),
    ],
    ['no choice', chunk('x', { choices: [], note: '"finish_reason":null' })],
    ['an error', chunk('x', { error: { message: 'x' }, ...content('a') })],
    ['[DONE]', PLAIN + DONE],
    ['an event name', `event: message\n${PLAIN}`],
    [
      'spaces in its JSON',
      'data: {"choices": [{"index": 0, "delta": {"content": "a"}, "finish_reason": null}]}\n\n',
    ],
  ])('are read where they hold %s', (_what, text) => {
    const relay = openFor({}, EXACT)
    const bytes = Buffer.from(text)
    expect(relay.push(bytes)).not.toBe(bytes)
  })

  it('reach the client the same, whether cut at every byte or not', () => {
    const text = chunk('x', content('\u6f22\u{1f600}e\u0301')) + FINISH + DONE
    const whole = relayed([text])
    const relay = openFor({}, EXACT)
    let output = ''
    for (const byte of Buffer.from(text)) output += String(relay.push(Uint8Array.of(byte)) ?? '')
    expect(output + relay.end()).toBe(whole.output)
    expect(whole.output).toBe(text)
  })

  it('come through in several data lines and with CRLF', () => {
    const pretty = JSON.stringify(
      { choices: [{ index: 0, delta: { content: 'a' }, finish_reason: null }] },
      undefined,
      1,
    )
    const sent = `data: ${pretty.replaceAll('\n', '\r\ndata: ')}\r\n\r\n`
    const relay = openFor({}, EXACT)
    const output = push(relay, sent)
    expect(parseFrames(Buffer.from(output))).toEqual([{ event: undefined, data: pretty }])
    expect(relayed([`${PLAIN}${FINISH}${DONE}`.replaceAll('\n', '\r\n')]).relay.complete).toBe(true)
  })
})

describe('what the end means', () => {
  it.each<[string, string[], Quirks, boolean]>([
    ['finish and [DONE]', [PLAIN, FINISH, DONE], {}, true],
    ['finish without [DONE]', [PLAIN, FINISH], {}, true],
    ['[DONE] without finish', [PLAIN, DONE], {}, false],
    ['neither', [PLAIN], {}, false],
    ['nothing', [], {}, false],
    ['a finish after [DONE]', [PLAIN, DONE, FINISH], {}, false],
    ['[DONE] of a service that names no finish', [PLAIN, DONE], { noFinish: true }, true],
    ['no [DONE] of a service that names no finish', [PLAIN], { noFinish: true }, false],
  ])('%s', (_what, writes, quirks, complete) => {
    expect(relayed(writes, { quirks }).relay.complete).toBe(complete)
    expect(relayed(writes, { quirks: { ...quirks, exact: true } }).relay.complete).toBe(complete)
  })

  it.each([EXACT, {}])('every choice has to end: %j', (quirks) => {
    const finish = (index: number) =>
      chunk('x', { choices: [{ index, delta: {}, finish_reason: 'stop' }] })
    expect(relayed([PLAIN, finish(0)], { body: { n: 2 }, quirks }).relay.complete).toBe(false)
    expect(relayed([PLAIN, finish(0), finish(1)], { body: { n: 2 }, quirks }).relay.complete).toBe(
      true,
    )
  })

  it('so does a choice that was not requested', () => {
    const third = chunk('x', {
      choices: [{ index: 2, delta: { content: 'a' }, finish_reason: null }],
    })
    expect(relayed([third, FINISH], { quirks: {} }).relay.complete).toBe(false)
  })

  it('[DONE] is said once, by us', () => {
    for (const writes of [
      [PLAIN, FINISH, DONE],
      [PLAIN, FINISH],
      [PLAIN + FINISH + DONE],
      [PLAIN, FINISH, DONE, DONE],
    ]) {
      expect(relayed(writes).output.split('[DONE]')).toHaveLength(2)
      expect(relayed(writes).output.endsWith(DONE)).toBe(true)
    }
  })

  it('a second finish says nothing new', () => {
    const again = relayed([PLAIN, FINISH, FINISH, DONE], { quirks: {} })
    expect(again.relay.finishes).toEqual([{ reason: 'stop' }])
    expect(again.chunks.filter((item) => item.choices[0]?.finish_reason === 'stop')).toHaveLength(1)
    expect(relayed([PLAIN, FINISH, FINISH, DONE]).relay.finishes).toEqual([{ reason: 'stop' }])
  })

  it('a service that names no finish gets one written, and its calls their arguments', () => {
    const tool = chunk('x', {
      choices: [
        {
          index: 0,
          delta: { tool_calls: [{ index: 0, id: 'a', function: { name: 'now' } }] },
          finish_reason: null,
        },
      ],
    })
    const { relay, chunks } = relayed([tool, DONE], { quirks: { noFinish: true } })
    expect(chunks.at(-1)?.choices).toEqual([
      {
        index: 0,
        delta: {
          tool_calls: [
            { index: 0, id: 'a', type: 'function', function: { name: 'now', arguments: '{}' } },
          ],
        },
        finish_reason: 'tool_calls',
      },
    ])
    expect(relay.finishes).toEqual([{ reason: 'tool_calls' }])
    expect(relayed([PLAIN, DONE], { quirks: { noFinish: true } }).chunks.at(-1)?.choices).toEqual([
      { index: 0, delta: {}, finish_reason: 'stop' },
    ])
  })
})

describe('usage', () => {
  const streams: [string, string[]][] = [
    ['in a chunk of its own', [PLAIN, FINISH, USAGE, DONE]],
    ['after [DONE] was due, with no end', [PLAIN, FINISH, USAGE]],
  ]
  const deviating: [string, string[]][] = [
    ...streams,
    [
      'on the last choice',
      [
        PLAIN,
        chunk('x', { choices: [{ index: 0, delta: {}, finish_reason: 'stop' }], usage: COUNTS }),
        DONE,
      ],
    ],
    [
      'on a chunk with an empty delta',
      [PLAIN, FINISH, chunk('x', { choices: [{ delta: {} }], usage: COUNTS }), DONE],
    ],
    [
      'growing on every chunk',
      [
        chunk('x', { ...content('a'), usage: { ...COUNTS, completion_tokens: 1 } }),
        chunk('x', { ...content('', 'stop'), usage: COUNTS }),
        DONE,
      ],
    ],
    [
      'without choices',
      [
        PLAIN,
        FINISH,
        'data: {"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}}\n\n',
        DONE,
      ],
    ],
    [
      'inside a choice',
      [
        PLAIN,
        chunk('x', { choices: [{ index: 0, delta: {}, finish_reason: 'stop', usage: COUNTS }] }),
        DONE,
      ],
    ],
  ]

  it.each(streams)(
    '%s reaches the client of an exact service only if it asked',
    (_where, writes) => {
      const asked = relayed(writes, { body: asking })
      expect(asked.chunks.map((item) => item.usage).filter(Boolean)).toEqual([COUNTS])
      const silent = relayed(writes)
      expect(silent.output).toBe(PLAIN + FINISH + DONE)
      for (const { relay } of [asked, silent])
        expect(relay.usage).toMatchObject({ inputTokens: 3, outputTokens: 2 })
    },
  )

  it.each(deviating)(
    '%s reaches the client of any service once, last, with choices, only if it asked',
    (_where, writes) => {
      const asked = relayed(writes, { body: asking, quirks: {} })
      expect(asked.chunks.at(-1)).toMatchObject({ choices: [], usage: COUNTS })
      expect(asked.chunks.filter((item) => item.usage !== undefined)).toHaveLength(1)
      const silent = relayed(writes, { quirks: {} })
      expect(
        silent.chunks.filter((item) => item.usage !== undefined || item.choices.length === 0),
      ).toEqual([])
      for (const { relay } of [asked, silent])
        expect(relay.usage).toMatchObject({ inputTokens: 3, outputTokens: 2 })
    },
  )

  it.each([EXACT, {}])('that never came is not invented: %j', (quirks) => {
    const { relay, output } = relayed([PLAIN, FINISH, DONE], { body: asking, quirks })
    expect([relay.usage, output.includes('usage')]).toEqual([undefined, false])
  })
})

describe('errors in a 200', () => {
  it.each<[string, string, string]>([
    [
      'an error chunk',
      'data: {"error":{"message":"Overloaded","type":"overloaded_error"}}\n\n',
      'provider_overloaded',
    ],
    [
      'an event named error',
      'event: error\ndata: {"message":"slow down","code":429}\n\n',
      'rate_limit_exceeded',
    ],
    ['a bare error line', 'error: {"message":"boom"}\n\n', 'provider_error'],
    ['a finish that is a failure', chunk('x', content('', 'error')), 'provider_error'],
    ['no JSON', 'data: <html>\n\n', 'upstream_invalid'],
    ['JSON that is no object', 'data: 5\n\n', 'upstream_invalid'],
  ])(
    '%s ends the stream; what came before is delivered, what follows is not',
    (_what, text, code) => {
      for (const quirks of [EXACT, {}]) {
        const relay = openFor({}, quirks)
        expect(push(relay, PLAIN + text + PLAIN)).toContain('Hel')
        expect([relay.error?.code, relay.events, relay.complete]).toEqual([code, 1, false])
        const first = openFor({}, quirks)
        expect([push(first, text), first.error?.code, first.events]).toEqual(['', code, 0])
      }
    },
  )

  it('does not take "error": null for one', () => {
    for (const quirks of [EXACT, {}])
      expect(
        relayed([chunk('x', { ...content('a', 'stop'), error: null })], { quirks }).relay,
      ).toMatchObject({ error: undefined, complete: true })
  })
})

describe('deltas of a service that deviates', () => {
  it('get role and content on the first one, and the role only there', () => {
    const { chunks } = relayed(
      [
        chunk('x', { choices: [{ delta: { role: '', tool_calls: [] } }] }),
        chunk('x', { choices: [{ delta: { role: 'assistant', content: 'a' } }] }),
        FINISH,
      ],
      { quirks: {} },
    )
    expect(chunks.map((item) => item.choices[0])).toEqual([
      { index: 0, delta: { role: 'assistant', content: '' }, finish_reason: null },
      { index: 0, delta: { content: 'a' }, finish_reason: null },
      { index: 0, delta: {}, finish_reason: 'stop' },
    ])
  })

  it('end in tool_calls when tools were called, with whole calls', () => {
    const tools = (...tool_calls: object[]) =>
      chunk('x', { choices: [{ index: 0, delta: { tool_calls }, finish_reason: null }] })
    const { chunks, relay } = relayed(
      [
        tools({ index: 1, function: { arguments: '{"a"' }, id: 'c' }),
        tools({ index: 1, function: { name: 'f', arguments: ':1}' } }),
        FINISH,
        DONE,
      ],
      { quirks: {} },
    )
    expect(
      chunks.flatMap((item) => (item.choices[0]?.delta.tool_calls as unknown[] | undefined) ?? []),
    ).toEqual([
      { index: 0, id: 'c', type: 'function', function: { name: 'f', arguments: '{"a":1}' } },
    ])
    expect([chunks.at(-1)?.choices[0]?.finish_reason, relay.finishes]).toEqual([
      'tool_calls',
      [{ reason: 'tool_calls' }],
    ])
  })

  it('keep unknown fields, and change no prototype', () => {
    const { output } = relayed(
      [
        'data: {"id":"x","__proto__":{"polluted":1},"choices":[{"index":0,"delta":{"content":"a","__proto__":{"polluted":1},"new_field":{"k":1}},"finish_reason":"stop"}]}\n\n',
      ],
      { quirks: {} },
    )
    expect(output).toContain('"new_field":{"k":1}')
    expect(({} as { polluted?: number }).polluted).toBeUndefined()
  })

  it('are the same for the client however the bytes are cut', () => {
    const text = `: hi\r\n\r\n${chunk('x', content('\u6f22\u{1f600}'))}${FINISH.replaceAll('\n', '\r\n')}${USAGE}${DONE}`
    const whole = relayed([text], { quirks: {}, body: asking }).output
    const relay = openFor(asking, {})
    let output = ''
    for (const byte of Buffer.from(text)) output += String(relay.push(Uint8Array.of(byte)) ?? '')
    expect(output + relay.end()).toBe(whole)
  })

  it('survive anything in the place of choices and deltas', () => {
    for (const choices of [
      null,
      'x',
      [null, 5],
      [{}],
      [{ delta: null }],
      [{ delta: { tool_calls: [null, {}], content: 5 } }],
      [{ index: 'a', delta: { content: [null] } }],
    ]) {
      const relay = openFor({}, {})
      expect(() => push(relay, chunk('x', { choices }))).not.toThrow()
      expect(relay.error).toBeUndefined()
    }
  })

  it.each([null, {}, [], '', false, 0])(
    'lose an error that says nothing, %j, which clients would throw at',
    (error) => {
      const text = PLAIN.replace('{', `{"error":${JSON.stringify(error)},`)
      const { output, relay, chunks } = relayed(
        [text, chunk('x', { error, choices: [] }), FINISH, DONE],
        { quirks: {} },
      )
      expect(relay.error).toBeUndefined()
      expect(output).not.toContain('"error"')
      expect(chunks[0]?.choices[0]?.delta).toMatchObject({ content: 'Hel' })
    },
  )
})
