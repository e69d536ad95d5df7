import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../model/json-object.ts'
import type { Quirks } from '../../model/quirks.ts'
import { callTo } from '../to-provider/conversation.fake.ts'
import { encodeProof } from '../to-client/own-items.ts'
import { relayRequest } from './request.ts'
import { parseRequest } from '../from-client/request.ts'
import { claude, requestOf, thought } from '../to-client/server.fake.ts'

function relay(fields: JsonObject, quirks: Quirks = {}) {
  const built = relayRequest(requestOf(fields), callTo('physical', { quirks }))
  return { ...built, body: JSON.parse(JSON.stringify(built.body)) as JsonObject }
}
const relayed = (...input: JsonObject[]) => relay({ input })
const user = { role: 'user', content: 'Hi' }

describe('the request', () => {
  it('goes out as it came, with the physical model', () => {
    const fields = {
      input: [
        user,
        { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'gAAA' },
        { type: 'item_reference', id: 'msg_1' },
      ],
      previous_response_id: 'resp_1',
      background: true,
      unknown: { a: null },
    }
    expect(relay(fields)).toEqual({
      path: '/responses',
      body: { model: 'physical', ...fields },
      dropped: [],
    })
  })

  it('in the bytes it came in, where nothing else changes', () => {
    const text = '{"input":"Hi", "model" : "m","seed":1.0,"big":12345678901234567890}'
    const request = parseRequest({ body: JSON.parse(text) as JsonObject, bytes: Buffer.from(text) })
    const sent = (quirks: Quirks) => relayRequest(request, callTo('physical', { quirks })).body
    expect(Buffer.from(sent({}) as Uint8Array).toString()).toBe(text.replace('"m"', '"physical"'))
    expect(sent({ dropFields: ['seed'] })).toEqual({
      input: 'Hi',
      model: 'physical',
      big: Number('12345678901234567890'),
    })
  })

  it('and no second model is smuggled along', () => {
    const text = '{"model":"first","input":"Hi","model":"m"}'
    const request = parseRequest({ body: JSON.parse(text) as JsonObject, bytes: Buffer.from(text) })
    expect(relayRequest(request, callTo('physical')).body).toEqual({
      model: 'physical',
      input: 'Hi',
    })
  })

  it('the client\u2019s body is not touched', () => {
    const request = requestOf({
      input: [{ type: 'reasoning', id: 'rs_postern_1_0', summary: [] }, user],
      store: false,
      foo: 1,
    })
    const before = JSON.stringify(request.body)
    relayRequest(request, callTo('physical', { quirks: { dropFields: ['foo', 'store'] } }))
    expect(JSON.stringify(request.body)).toBe(before)
  })

  it('fields the provider refuses are left out and reported', () => {
    expect(relay({ store: false, metadata: {} }, { dropFields: ['store', 'user'] })).toEqual({
      path: '/responses',
      body: { model: 'physical', input: 'Hi', metadata: {} },
      dropped: ['store'],
    })
  })
})

describe('a history that another provider has written', () => {
  it('is sent without the proofs only that one understands, which is reported', () => {
    const { body, dropped } = relayed(
      user,
      {
        type: 'reasoning',
        id: 'rs_postern_1_0',
        summary: [{ type: 'summary_text', text: 'hm' }],
        encrypted_content: encodeProof({ signature: claude('Ep8B') }),
      },
      {
        type: 'reasoning',
        summary: [],
        encrypted_content: encodeProof({ signature: thought('EqQB'), callId: 'call_1' }),
      },
      { type: 'reasoning', id: 'rs_postern_1_2', summary: [{ type: 'summary_text', text: 'hm' }] },
      {
        type: 'function_call',
        id: 'fc_postern_1_3',
        call_id: 'call_1',
        name: 'f',
        arguments: '{}',
      },
      { type: 'function_call_output', call_id: 'call_1', output: '1' },
    )
    expect(body.input).toEqual([
      user,
      { type: 'function_call', call_id: 'call_1', name: 'f', arguments: '{}' },
      { type: 'function_call_output', call_id: 'call_1', output: '1' },
    ])
    expect(dropped).toEqual([1, 2, 3].map((at) => `input[${at}] (reasoning of another provider)`))
  })

  it('gives too long ids of calls the same shorter one on both sides', () => {
    const long = 'call_'.padEnd(80, 'x')
    const { body, dropped } = relayed(
      user,
      { type: 'function_call', id: 'fc_9', call_id: long, name: 'f', arguments: '{}' },
      { type: 'function_call_output', call_id: long, output: '1' },
    )
    const [, call, output] = body.input as JsonObject[]
    expect(String(call?.call_id)).toMatch(/^call_[0-9a-f]{59}$/)
    expect(call?.id).toBe('fc_9')
    expect(output?.call_id).toBe(call?.call_id)
    expect(dropped).toHaveLength(2)
  })

  it('drops a summary that is nothing but one, and no reasoning of the provider itself', () => {
    const summary = [{ type: 'summary_text', text: 'hm' }]
    const stored = { type: 'reasoning', id: 'rs_1', summary }
    const open = {
      type: 'reasoning',
      summary: [],
      content: [{ type: 'reasoning_text', text: 'hm' }],
    }
    expect(
      relayed(user, { type: 'reasoning', summary, encrypted_content: null }, stored, open),
    ).toMatchObject({
      body: { input: [user, stored, open] },
      dropped: ['input[1] (reasoning of another provider)'],
    })
  })

  it('keeps the encrypted content a provider of this dialect gave, byte for byte', () => {
    const reasoning = { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'gAAA' }
    expect(relayed(user, reasoning)).toMatchObject({
      body: { input: [user, reasoning] },
      dropped: [],
    })
  })

  it.each<[string, JsonObject]>([
    ['previous_response_id', { previous_response_id: 'resp_postern_1' }],
    ['input[0]', { input: [{ type: 'item_reference', id: 'msg_postern_1_0' }] }],
    ['input[0]', { input: [{ id: 'rs_postern_1_0' }] }],
  ])('%s that names an answer of ours is a 400: no provider has stored it', (param, fields) => {
    expect(() => relay(fields)).toThrow(
      expect.objectContaining({
        code: 'invalid_request',
        details: { param, providerCode: 'previous_response_not_found' },
      }),
    )
  })
})
