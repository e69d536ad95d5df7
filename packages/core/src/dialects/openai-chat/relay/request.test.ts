import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { CallContext } from '../../model/call.ts'
import type { JsonObject } from '../../model/json-object.ts'
import type { Quirks } from '../../model/quirks.ts'
import { relayRequest } from './request.ts'
import { parseRequest } from '../from-client/request.ts'

const call = (model = 'physical', quirks: Quirks = {}): CallContext => ({
  provider: 'acme',
  model,
  stream: false,
  quirks,
  newId: (prefix) => `${prefix}new`,
})

function relay(text: string, context: CallContext = call()) {
  const bytes = Buffer.from(text)
  const built = relayRequest(parseRequest(JSON.parse(text) as JsonObject, bytes), context)
  const spliced = built.body instanceof Uint8Array
  const sent = spliced
    ? Buffer.from(built.body as Uint8Array).toString()
    : JSON.stringify(built.body)
  return { ...built, bytes, spliced, sent, parsed: JSON.parse(sent) as JsonObject }
}

const messages = [{ role: 'user', content: 'hi' }]
const M = '"messages":[{"role":"user","content":"hi"}]'

describe('the model is replaced and nothing else is touched', () => {
  it.each<[string, string, string]>([
    ['compact', `{"model":"m",${M}}`, `{"model":"physical",${M}}`],
    ['last', `{${M},"model":"m"}`, `{${M},"model":"physical"}`],
    [
      'with spaces everywhere',
      ` {\n\t"model" \n:\r "m" , ${M} }\n`,
      ` {\n\t"model" \n:\r "physical" , ${M} }\n`,
    ],
    [
      'beside numbers JavaScript would change',
      `{"model":"m","seed":1.0,"x":1e2,"big":12345678901234567890,${M}}`,
      `{"model":"physical","seed":1.0,"x":1e2,"big":12345678901234567890,${M}}`,
    ],
    [
      'beside escapes and characters of any kind',
      '{"model":"m","messages":[{"role":"user","content":"\\u00e9\\/\u{1f600}\\n"}]}',
      '{"model":"physical","messages":[{"role":"user","content":"\\u00e9\\/\u{1f600}\\n"}]}',
    ],
    [
      'beside text that speaks of it',
      '{"model":"m","messages":[{"role":"user","content":"{\\"model\\":\\"m\\"}"}]}',
      '{"model":"physical","messages":[{"role":"user","content":"{\\"model\\":\\"m\\"}"}]}',
    ],
    [
      'beside a tool parameter of that name',
      `{"model":"m",${M},"tools":[{"type":"function","function":{"name":"f","parameters":{"properties":{"model":{"type":"string"}}}}}]}`,
      `{"model":"physical",${M},"tools":[{"type":"function","function":{"name":"f","parameters":{"properties":{"model":{"type":"string"}}}}}]}`,
    ],
    [
      'beside the word as a value',
      `{"model":"m",${M},"user":"model"}`,
      `{"model":"physical",${M},"user":"model"}`,
    ],
    [
      'beside keys that resemble it',
      `{"model":"m","model_x":"m","xmodel":"m",${M}}`,
      `{"model":"physical","model_x":"m","xmodel":"m",${M}}`,
    ],
  ])('%s', (_how, text, expected) => {
    expect(relay(text)).toMatchObject({
      spliced: true,
      sent: expected,
      dropped: [],
      path: '/chat/completions',
    })
  })

  it('whatever alphabet the names are of', () => {
    expect(relay(`{"model":"\u6f22\u{1f600}",${M}}`, call('na\u00efve"\\')).sent).toBe(
      `{"model":"na\u00efve\\"\\\\",${M}}`,
    )
  })

  it('the same bytes go out when the name is the same', () => {
    const same = relay(`{"model":"physical",${M}}`)
    expect(same.body).toStrictEqual(same.bytes)
    expect(same.spliced && Buffer.compare(same.body as Uint8Array, same.bytes)).toBe(0)
  })

  it.each<[string, string]>([
    ['the key twice', `{"model":"first","model":"m",${M}}`],
    ['the key twice, the last one of them the target', `{"model":"first","model":"physical",${M}}`],
    ['an escaped key', `{"mod\\u0065l":"m",${M}}`],
    [
      'an escaped key beside another of that name',
      `{"mod\\u0065l":"m",${M},"metadata":{"model":"m"}}`,
    ],
    ['an escaped key before a plain one', `{"mod\\u0065l":"smuggled","model":"m",${M}}`],
    ['a wholly escaped key', `{"\\u006D\\u006F\\u0064\\u0065\\u006C":"m",${M}}`],
    ['an escaped value', `{"model":"\\u006d",${M}}`],
    ['an escaped slash in the value', `{"model":"org\\/m",${M}}`],
  ])('%s is rewritten', (_what, text) => {
    const { spliced, parsed, sent } = relay(text)
    expect(spliced).toBe(false)
    expect(parsed).toEqual({ ...(JSON.parse(text) as JsonObject), model: 'physical' })
    expect(sent).not.toContain('smuggled')
  })

  it('a body the host has parsed is rewritten, and the host\u2019s object stays as it is', () => {
    const body = { model: 'm', messages, temperature: 0.5 }
    const built = relayRequest(parseRequest(body, undefined), call())
    expect(built.body).toEqual({ ...body, model: 'physical' })
    expect(body).toEqual({ model: 'm', messages, temperature: 0.5 })
  })

  it('holds for any body', () => {
    const value = fc.jsonValue({ maxDepth: 2 })
    const key = fc.oneof(
      fc.string({ maxLength: 6 }),
      fc.constantFrom('model', 'stream_options', 'x"model"', '__proto__', '\\', 'mod\u0065l'),
    )
    const extras = fc.dictionary(
      key,
      fc.oneof(
        value,
        fc.constantFrom('model', '"model"', 'm'),
        fc.dictionary(key, value, { maxKeys: 3 }),
      ),
      { maxKeys: 5 },
    )
    const model = fc.oneof(
      fc.string({ minLength: 1, maxLength: 8 }),
      fc.constantFrom('m', 'model', '"', '\\'),
    )
    const clean = (object: JsonObject): JsonObject => {
      const { stream_options: _s, model: _m, ...rest } = object
      return rest
    }
    fc.assert(
      fc.property(
        extras,
        model,
        fc.string({ minLength: 1, maxLength: 8 }),
        fc.constantFrom(undefined, 1, '\t'),
        fc.boolean(),
        (extra, from, to, space, first) => {
          const fields = first
            ? { model: from, messages, ...clean(extra) }
            : { ...clean(extra), messages, model: from }
          const text = JSON.stringify(fields, undefined, space)
          const body = JSON.parse(text) as JsonObject
          const built = relayRequest(
            {
              model: from,
              stream: false,
              includeUsage: false,
              body,
              bytes: Buffer.from(text),
              conversation: () => Promise.reject(new Error('not asked')) as never,
            },
            call(to),
          )
          const sent =
            built.body instanceof Uint8Array
              ? (JSON.parse(Buffer.from(built.body).toString()) as JsonObject)
              : (JSON.parse(JSON.stringify(built.body)) as JsonObject)
          const {
            max_tokens: _a,
            max_completion_tokens: _b,
            ...expected
          }: JsonObject = { ...body, model: to }
          const { max_tokens: _c, max_completion_tokens: _d, ...actual } = sent
          expect(actual).toEqual(expected)
        },
      ),
      { numRuns: 1000, seed: 1 },
    )
  })
})

describe('usage is always asked for on streams', () => {
  it('by bytes where the client says nothing about it', () => {
    expect(relay(`{"model":"m","stream":true,${M}}`)).toMatchObject({
      spliced: true,
      sent: `{"stream_options":{"include_usage":true},"model":"physical","stream":true,${M}}`,
    })
    expect(relay(`{"model":"physical","stream":true,${M}}`)).toMatchObject({
      spliced: true,
      sent: `{"stream_options":{"include_usage":true},"model":"physical","stream":true,${M}}`,
    })
  })

  it.each<[string, JsonObject | undefined]>([
    ['"stream_options":{"include_usage":true}', { include_usage: true }],
    ['"stream_options":{"include_usage":false}', { include_usage: true }],
    [
      '"stream_options":{"include_obfuscation":false}',
      { include_obfuscation: false, include_usage: true },
    ],
    ['"stream_options":null', { include_usage: true }],
    ['"stream_options":{}', { include_usage: true }],
    ['"str\\u0065am_options":{"include_usage":false}', { include_usage: true }],
  ])('%s is sent as %j', (field, expected) => {
    const { parsed } = relay(`{"model":"m","stream":true,${field},${M}}`)
    expect(parsed.stream_options).toEqual(expected)
    expect(parsed.model).toBe('physical')
  })

  it('not on whole answers', () => {
    expect(relay(`{"model":"m",${M}}`).parsed).not.toHaveProperty('stream_options')
    expect(relay(`{"model":"m","stream":false,${M}}`).parsed).not.toHaveProperty('stream_options')
  })

  it('not from services that refuse the field; what of it meant more is reported', () => {
    const quirks = { noStreamOptions: true }
    expect(relay(`{"model":"m","stream":true,${M}}`, call('p', quirks))).toMatchObject({
      spliced: true,
      sent: `{"model":"p","stream":true,${M}}`,
    })
    const asked = relay(
      `{"model":"m","stream":true,"stream_options":{"include_usage":true},${M}}`,
      call('p', quirks),
    )
    expect([asked.parsed.stream_options, asked.dropped]).toEqual([undefined, []])
    expect(
      relay(
        `{"model":"m","stream":true,"stream_options":{"include_obfuscation":false},${M}}`,
        call('p', quirks),
      ).dropped,
    ).toEqual(['stream_options'])
  })
})

describe('what a provider would refuse is changed and reported', () => {
  it.each<[Quirks, string, JsonObject, string[]]>([
    [{}, '"max_tokens":5', { max_tokens: 5 }, []],
    [{}, '"max_completion_tokens":5', { max_tokens: 5 }, []],
    [
      { maxTokensField: 'max_completion_tokens' },
      '"max_tokens":5',
      { max_completion_tokens: 5 },
      [],
    ],
    [
      { maxTokensField: 'max_completion_tokens' },
      '"max_tokens":5,"max_completion_tokens":7',
      { max_completion_tokens: 7 },
      ['max_tokens (max_completion_tokens is sent)'],
    ],
    [{ dropFields: ['logit_bias', 'seed'] }, '"seed":1', {}, ['seed']],
  ])('%j with %s', (quirks, field, expected, dropped) => {
    const result = relay(`{"model":"m",${field},${M}}`, call('physical', quirks))
    expect(result.parsed).toEqual({ model: 'physical', messages, ...expected })
    expect(result.dropped).toEqual(dropped)
  })

  it('reasoning of another provider stays at home where the API is exact, and travels elsewhere', () => {
    const history = [
      { role: 'user', content: 'hi', reasoning: 'mine' },
      {
        role: 'assistant',
        content: 'a',
        reasoning_content: 'hm',
        reasoning_details: [1],
        tool_calls: [
          {
            id: 'a',
            type: 'function',
            function: { name: 'f', arguments: '{}' },
            extra_content: { s: 1 },
          },
          null,
        ],
      },
    ]
    const text = JSON.stringify({ model: 'm', messages: history })
    const exact = relay(text, call('physical', { exact: true }))
    expect(exact.parsed.messages).toEqual([
      history[0],
      {
        role: 'assistant',
        content: 'a',
        tool_calls: [{ id: 'a', type: 'function', function: { name: 'f', arguments: '{}' } }, null],
      },
    ])
    expect(exact.dropped).toEqual([
      'messages[1].reasoning_content',
      'messages[1].reasoning_details',
      'messages[1].tool_calls.extra_content',
    ])
    const compatible = relay(text)
    expect(compatible.parsed.messages).toEqual([
      history[0],
      {
        ...history[1],
        tool_calls: [{ id: 'a', type: 'function', function: { name: 'f', arguments: '{}' } }, null],
      },
    ])
    expect(compatible.dropped).toEqual(['messages[1].tool_calls.extra_content'])
    const kept = relay(
      JSON.stringify({
        model: 'm',
        messages: [{ role: 'assistant', content: 'a', extra_content: { s: 1 } }],
      }),
    )
    expect([kept.parsed.messages, kept.dropped]).toEqual([
      [{ role: 'assistant', content: 'a' }],
      ['messages[0].extra_content'],
    ])
    expect(relay(text, call('physical', { relaysSignatures: true }))).toMatchObject({
      spliced: true,
      dropped: [],
    })
  })

  it('a part that repeats the message it is in is reduced to a part', () => {
    const weather = { id: 'a', type: 'function', function: { name: 'f', arguments: '{}' } }
    const proof = [{ type: 'reasoning.text', signature: 'S', format: 'gemini' }]
    const part = {
      type: 'text',
      text: 'a',
      role: 'assistant',
      refusal: null,
      reasoning_content: 'hm',
      reasoning_details: proof,
      tool_calls: [weather],
    }
    const { parsed, dropped } = relay(
      JSON.stringify({
        model: 'm',
        messages: [{ role: 'assistant', content: [part], tool_calls: [weather] }],
      }),
    )
    expect(parsed.messages).toEqual([
      { role: 'assistant', content: [{ type: 'text', text: 'a' }], tool_calls: [weather] },
    ])
    expect(dropped).toEqual(['messages[0].content (fields of the message in its parts)'])
  })

  it('a proof that another dialect issued reaches no other provider; a service keeps its own details', () => {
    const own = [
      { type: 'reasoning.text', text: 'hm', format: 'acme-v1' },
      { type: 'reasoning.text', text: 'so' },
    ]
    const foreign = {
      type: 'reasoning.text',
      text: 'hm',
      signature: 'S',
      format: 'anthropic-claude-v1',
    }
    const history = [
      {
        role: 'assistant',
        content: 'a',
        reasoning_content: 'hm',
        reasoning_details: [own[0], foreign, own[1]],
      },
      { role: 'assistant', content: 'b', reasoning_details: [foreign] },
    ]
    const { parsed, dropped } = relay(JSON.stringify({ model: 'm', messages: history }))
    expect(parsed.messages).toEqual([
      { ...history[0], reasoning_details: own },
      { role: 'assistant', content: 'b' },
    ])
    expect(dropped).toEqual(['messages[0].reasoning_details', 'messages[1].reasoning_details'])
  })
})
