import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../model/json-object.ts'
import type { Quirks } from '../../model/quirks.ts'
import { carrySignature, UNPROVEN } from '../carried-signature.ts'
import { callContext, clientRequest, type Sent } from '../from-client/request.fake.ts'
import { relayRequest } from './request.ts'
import { parseRequest } from '../from-client/request.ts'

interface How extends Sent {
  readonly model?: string
  readonly quirks?: Quirks
}

function relay(text: string, { model = 'claude-sonnet-4-5', quirks = {}, ...sent }: How = {}) {
  const built = relayRequest(
    parseRequest(clientRequest(text, sent)),
    callContext({ model, quirks }),
  )
  const spliced = built.body instanceof Uint8Array
  const out = spliced
    ? Buffer.from(built.body as Uint8Array).toString()
    : JSON.stringify(built.body)
  return { ...built, spliced, out, parsed: JSON.parse(out) as JsonObject }
}

const M = '"max_tokens":10,"messages":[{"role":"user","content":"hi"}]'
const turns = (...messages: JsonObject[]) =>
  JSON.stringify({ model: 'm', max_tokens: 4096, messages })
const user = { role: 'user', content: 'hi' }
const text = { type: 'text', text: 'a' }
const use = { type: 'tool_use', id: 'toolu_1', name: 'f', input: {} }
const result = {
  role: 'user',
  content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: 'ok' }],
}
const own = { type: 'thinking', thinking: 'hm', signature: 'Eq+/==' }
const foreign = {
  type: 'thinking',
  thinking: 'hm',
  signature: carrySignature({ origin: 'gemini', value: 'x' }),
}

describe('bytes', () => {
  it('pass as they are, but for the model', () => {
    const before = `{"system":[{"type":"text","text":"\\u00e9","cache_control":{"type":"ephemeral"}}],"temperature":1.0, "model" : "m",${M},"tools":[{"name":"Task","input_schema":{"properties":{"model":{"enum":["opus"]}}}}]}`
    expect(relay(before)).toMatchObject({
      spliced: true,
      out: before.replace('"model" : "m"', '"model" : "claude-sonnet-4-5"'),
      dropped: [],
      path: '/v1/messages',
    })
  })

  it('nastiest 9: signatures and padding are never rewritten', () => {
    const before = `{"model":"m","max_tokens":10,"messages":[{"role":"assistant","content":[{"type":"thinking","thinking":"\\u0068m","signature":"Eq\\/+=="   }   ]},{"role":"user","content":"go"}]}`
    expect(relay(before).out).toBe(before.replace('"m"', '"claude-sonnet-4-5"'))
  })

  it('of a body the host has parsed are written, and the host\u2019s object stays as it is', () => {
    const body = { model: 'm', max_tokens: 1, messages: [user] }
    const built = relayRequest(parseRequest(clientRequest(body)), callContext())
    expect(built.body).toEqual({ ...body, model: 'claude-sonnet-4-5' })
    expect(body.model).toBe('m')
  })
})

describe('headers and path', () => {
  it('the version and betas of the client, ours without', () => {
    const headers = { 'anthropic-version': '2026-10-21', 'anthropic-beta': 'a,b' }
    expect(relay(`{"model":"m",${M}}`, { headers }).headers).toEqual(headers)
    expect(relay(`{"model":"m",${M}}`).headers).toEqual({ 'anthropic-version': '2023-06-01' })
  })

  it('?beta=true where the client asked so', () => {
    expect(relay(`{"model":"m",${M}}`, { query: 'beta=true&other=1' }).path).toBe(
      '/v1/messages?beta=true',
    )
  })
})

describe('fields the provider would refuse are left out and reported', () => {
  it('proofs of other providers; its own stay, byte for byte', () => {
    const redacted = {
      type: 'redacted_thinking',
      data: carrySignature({ origin: 'openai-responses', value: 'x' }),
    }
    const unsigned = { type: 'thinking', thinking: 'hm', signature: carrySignature(undefined) }
    const { parsed, dropped } = relay(
      turns(user, { role: 'assistant', content: [foreign, own, redacted, text, unsigned] }, user),
    )
    expect(parsed.messages).toEqual([user, { role: 'assistant', content: [own, text] }, user])
    expect(dropped).toEqual(['messages.thinking (of another provider)'])
  })

  it('unsigned thinking, when signatures are checked', () => {
    const unsigned = { type: 'thinking', thinking: 'hm', signature: '' }
    const history = turns(user, { role: 'assistant', content: [unsigned, text] }, user)
    expect(relay(history)).toMatchObject({
      parsed: { messages: [user, { role: 'assistant', content: [text] }, user] },
      dropped: ['messages.thinking (unsigned)'],
    })
    expect(relay(history, { model: 'kimi-k3' })).toMatchObject({ spliced: true, dropped: [] })
  })

  it('a turn of nothing else', () => {
    expect(
      relay(turns(user, { role: 'assistant', content: [foreign] }, user)).parsed.messages,
    ).toEqual([user, user])
  })

  it('citations that prove nothing', () => {
    const [mine, real] = [
      { type: 'web_search_result_location', url: 'u', encrypted_index: UNPROVEN },
      { type: 'web_search_result_location', url: 'u', encrypted_index: 'Eo8=' },
    ]
    const { parsed } = relay(
      turns(user, { role: 'assistant', content: [{ ...text, citations: [mine, real] }] }, user),
    )
    expect(parsed.messages).toMatchObject([
      user,
      { content: [{ ...text, citations: [real] }] },
      user,
    ])
  })

  it('fields the service refuses', () => {
    expect(
      relay(`{"model":"m","speed":"fast",${M}}`, {
        quirks: { dropFields: ['speed', 'container'] },
      }),
    ).toMatchObject({ dropped: ['speed'], parsed: { model: 'claude-sonnet-4-5', max_tokens: 10 } })
    expect(
      relay(`{"model":"m","speed":"fast",${M}}`, { quirks: { dropFields: ['speed'] } }).parsed,
    ).not.toHaveProperty('speed')
  })
})

describe('a budget for thinking in the middle of a tool loop', () => {
  const thinking = { type: 'enabled', budget_tokens: 2048 }
  const loop = (first: readonly JsonObject[], more: JsonObject = { thinking }) =>
    JSON.stringify({
      model: 'm',
      max_tokens: 4096,
      ...more,
      messages: [
        user,
        { role: 'assistant', content: first },
        result,
        { role: 'assistant', content: [{ ...use }] },
        result,
      ],
    })

  it('that began without signed thinking is given up', () => {
    const { parsed, dropped } = relay(loop([foreign, use]))
    expect(parsed).not.toHaveProperty('thinking')
    expect(dropped).toEqual([
      'messages.thinking (of another provider)',
      'thinking (the tool calls before were made without signed thinking)',
    ])
    expect(relay(loop([use])).parsed).not.toHaveProperty('thinking')
  })

  it.each([
    ['that began with it', loop([own, use]), 'claude-sonnet-4-5'],
    [
      'of a model that plans its own thinking',
      loop([use], { thinking: { type: 'adaptive' } }),
      'claude-opus-5',
    ],
    ['of a service that does not check', loop([use]), 'kimi-k3'],
    [
      'that is over',
      JSON.stringify({
        model: 'm',
        max_tokens: 4096,
        thinking,
        messages: [
          user,
          { role: 'assistant', content: [use] },
          result,
          { role: 'assistant', content: [text] },
          user,
        ],
      }),
      'claude-sonnet-4-5',
    ],
    [
      'that never was',
      JSON.stringify({ model: 'm', max_tokens: 4096, thinking, messages: [user] }),
      'claude-sonnet-4-5',
    ],
  ])('%s is kept', (_which, body, model) => {
    expect(relay(body, { model })).toMatchObject({ spliced: true, dropped: [] })
  })
})
