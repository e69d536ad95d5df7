import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../model/json-object.ts'
import { parseRequest } from './request.ts'

const parse = (fields: JsonObject) =>
  parseRequest({ body: { model: 'm', input: 'Hi', ...fields }, bytes: undefined })

describe('what routing needs', () => {
  it('is read, the body kept as it came', () => {
    const body = { model: 'openai/gpt-5', input: 'Hi', stream: true }
    const bytes = Buffer.from(JSON.stringify(body))
    const request = parseRequest({ body, bytes })
    expect(request).toMatchObject({ model: 'openai/gpt-5', stream: true, includeUsage: true })
    expect(request.body).toBe(body)
    expect(request.bytes).toBe(bytes)
    expect(parse({}).stream).toBe(false)
  })

  it('reads the conversation once', () => {
    const request = parse({})
    expect(request.conversation()).toBe(request.conversation())
  })
})

describe('a 400 that names the field', () => {
  it.each<[string, JsonObject]>([
    ['model', { model: '' }],
    ['model', { model: undefined }],
    ['input', { input: undefined }],
    ['input', { input: null }],
    ['input', { input: 7 }],
    ['input[1]', { input: [{ role: 'user', content: 'Hi' }, 'text'] }],
    ['stream', { stream: 'yes' }],
    ['tools', { tools: {} }],
    ['tool_choice', { tool_choice: 1 }],
    ['max_output_tokens', { max_output_tokens: 0 }],
    ['temperature', { temperature: '1' }],
    ['text', { text: 'plain' }],
    ['reasoning', { reasoning: 'high' }],
    ['metadata', { metadata: [] }],
    ['previous_response_id', { previous_response_id: 1 }],
  ])('%s %j', (param, fields) => {
    expect(() => parse(fields)).toThrow(
      expect.objectContaining({
        code: 'invalid_request',
        details: expect.objectContaining({ param }),
      }),
    )
  })

  it('null means absent', () => {
    expect(() =>
      parse({
        stream: null,
        tools: null,
        temperature: null,
        text: null,
        previous_response_id: null,
      }),
    ).not.toThrow()
  })
})

describe('what only a provider with a store can do', () => {
  it.each<[string, JsonObject]>([
    ['previous_response_id', { previous_response_id: 'resp_1' }],
    ['previous_response_id', { previous_response_id: 'resp_1', input: undefined }],
    ['conversation', { conversation: 'conv_1' }],
    ['conversation', { conversation: { id: 'conv_1' }, input: undefined }],
    ['prompt', { prompt: { id: 'pmpt_1' }, input: undefined }],
    ['background', { background: true }],
    [
      'input[1]',
      {
        input: [
          { role: 'user', content: 'Hi' },
          { type: 'item_reference', id: 'msg_1' },
        ],
      },
    ],
    ['input[0]', { input: [{ id: 'msg_1' }] }],
  ])(
    '%s is no error where it is relayed, and a 400 where it would have to be translated',
    (param, fields) => {
      const request = parse(fields)
      expect(() => request.conversation()).toThrow(
        expect.objectContaining({ status: 400, details: expect.objectContaining({ param }) }),
      )
    },
  )
})
