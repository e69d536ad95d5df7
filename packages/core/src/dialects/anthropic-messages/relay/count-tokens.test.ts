import { describe, expect, it } from 'vitest'
import type { Dialect } from '../../model/dialect.ts'
import type { OperationContext, OperationTarget } from '../../model/operation.ts'
import { clientRequest, type Sent } from '../from-client/request.fake.ts'
import { readCountTokens } from './count-tokens.ts'
import { anthropicMessages } from '../index.ts'

const context: OperationContext = {
  requestId: 'req_1',
  created: 1,
  maxEventBytes: 1000,
  dropUnsupported: false,
  newId: (prefix) => `${prefix}new`,
}
const other = { name: 'openai-chat' } as Dialect
const target = (...dialects: Dialect[]): OperationTarget => ({
  provider: { name: 'acme', quirks: {} },
  model: 'claude-sonnet-4-5',
  dialects,
})
const body = { model: 'm', messages: [{ role: 'user', content: 'How many tokens are these?' }] }
const read = (text = JSON.stringify(body), sent?: Sent) =>
  readCountTokens(clientRequest(text, sent))

describe('a target that speaks the dialect', () => {
  it('is asked with the client\u2019s own bytes, betas and path', () => {
    const headers = { 'anthropic-version': '2026-10-21', 'anthropic-beta': 'a' }
    const operation = read(JSON.stringify(body), { headers, query: 'beta=true' })
    const translation = operation.translationFor(target(other, anthropicMessages), context)
    const built = translation.buildRequest()
    expect(operation).toMatchObject({ model: 'm', stream: false })
    expect(built).toMatchObject({
      path: '/v1/messages/count_tokens?beta=true',
      headers,
      dropped: [],
    })
    expect(Buffer.from(built.body as Uint8Array).toString()).toBe(
      JSON.stringify({ ...body, model: 'claude-sonnet-4-5' }),
    )
    expect(operation.answerLocally(target(anthropicMessages))).toBeUndefined()
  })

  it('is quoted, and not billed', () => {
    const translation = read().translationFor(target(anthropicMessages), context)
    const bytes = Buffer.from('{"input_tokens": 14}')
    expect(translation.readAnswer({ input_tokens: 14 }, bytes)).toEqual({
      body: bytes,
      usage: undefined,
      finishes: [],
    })
    expect(translation).toMatchObject({
      answer: 'json',
      accept: 'application/json',
      contentType: 'application/json',
    })
  })

  it('that answers something else has not answered', () => {
    const translation = read().translationFor(target(anthropicMessages), context)
    expect(() => translation.readAnswer({ tokens: 1 }, Buffer.from(''))).toThrow(
      expect.objectContaining({ code: 'upstream_invalid' }),
    )
    expect(() =>
      translation.readAnswer(
        { type: 'error', error: { type: 'overloaded_error' } },
        Buffer.from(''),
      ),
    ).toThrow(expect.objectContaining({ code: 'provider_overloaded' }))
    expect(
      translation.readError({ status: 404, headers: {}, body: '', provider: 'acme', model: 'm' })
        .code,
    ).toBe('model_not_found')
    expect(() => translation.openStream()).toThrow(TypeError)
  })
})

describe('any other target', () => {
  it('is not asked: the answer is an estimate', () => {
    const operation = read()
    const answer = operation.answerLocally(target(other))
    expect(answer).toEqual({ input_tokens: expect.any(Number) })
    expect(answer?.input_tokens).toBeGreaterThan(6)
    expect(answer?.input_tokens).toBeLessThan(20)
    expect(operation.answerLocally(target(other))).toBe(answer)
    expect(() => operation.translationFor(target(other), context).buildRequest()).toThrow(
      expect.objectContaining({ code: 'unsupported_content' }),
    )
  })

  it('gets nothing of a conversation that cannot be read', () => {
    expect(() =>
      read(JSON.stringify({ ...body, messages: [{ role: 'nobody' }] })).answerLocally(
        target(other),
      ),
    ).toThrow(/messages\[0\]/)
  })
})

it('a request without model or messages is refused at once', () => {
  expect(() => read('{"messages":[{}]}')).toThrow(/^model/)
  expect(() => read('{"model":"m"}')).toThrow(/^messages/)
})
