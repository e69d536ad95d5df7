import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../model/json-object.ts'
import { callContext, text, refusalOf } from '../dialect.fake.ts'
import { cohere } from '../index.ts'

const message = (fields: JsonObject, rest: JsonObject = {}) => ({
  id: 'c1',
  message: { role: 'assistant', ...fields },
  finish_reason: 'COMPLETE',
  ...rest,
})
const read = (body: JsonObject) => cohere.providerSide.readAnswer(body, callContext())

describe('an answer', () => {
  it('holds the reasoning, text and tool calls of the model', () => {
    const usage = {
      billed_units: { input_tokens: 5, output_tokens: 7 },
      tokens: { input_tokens: 507, output_tokens: 9 },
      cached_tokens: 400,
    }
    const content = [
      { type: 'thinking', thinking: 'hm' },
      { type: 'text', text: 'So.' },
    ]
    const call = { id: 'w_1', type: 'function', function: { name: 'weather', arguments: null } }
    expect(
      read(
        message(
          { content, tool_plan: 'I look.', tool_calls: [call] },
          { finish_reason: 'TOOL_CALL', usage },
        ),
      ),
    ).toEqual({
      id: 'c1',
      choices: [
        {
          parts: [
            { type: 'reasoning', text: 'hm' },
            text('So.'),
            text('I look.'),
            { type: 'tool-call', kind: 'function', id: 'w_1', name: 'weather', arguments: '{}' },
          ],
          finish: { reason: 'tool_calls' },
        },
      ],
      // Tokens as they were counted, not the fewer that are billed.
      usage: { inputTokens: 507, outputTokens: 9, cachedTokens: 400, native: usage },
    })
  })

  it.each([
    ['COMPLETE', { reason: 'stop' }],
    ['STOP_SEQUENCE', { reason: 'stop', native: 'STOP_SEQUENCE' }],
    ['MAX_TOKENS', { reason: 'length' }],
    ['TOOL_CALL', { reason: 'stop', native: 'TOOL_CALL' }],
    ['SOMETHING_NEW', { reason: 'length', native: 'SOMETHING_NEW' }],
  ])('%s without a call ends as %j', (finish_reason, finish) => {
    expect(
      read(message({ content: [{ type: 'text', text: 'a' }] }, { finish_reason })).choices[0]
        ?.finish,
    ).toEqual(finish)
  })

  it.each(['ERROR', 'TIMEOUT', 'ERROR_LIMIT', 'USER_CANCEL'])(
    '%s is an error, never an empty success',
    (finish_reason) => {
      expect(
        refusalOf(() => read(message({ content: [] }, { finish_reason, error: 'It broke.' }))),
      ).toMatchObject({
        code: 'provider_error',
        message: `acme gave up on its answer (${finish_reason}): It broke.`,
      })
    },
  )

  it.each([
    {},
    { message: null },
    { message: { content: [] } },
    message({ tool_calls: [{ function: {} }] }),
  ])('that is none is an error: %j', (body) => {
    expect(refusalOf(() => read(body)).code).toBe('upstream_invalid')
  })

  it('with an error in it throws that error', () => {
    expect(refusalOf(() => read({ id: 'x', message: 'something broke' }))).toMatchObject({
      code: 'provider_error',
      message: 'acme: something broke',
    })
  })

  it('cites sources with a web address', () => {
    const sources = [
      { type: 'document', document: { url: 'https://x', title: 'X' } },
      { type: 'document', document: { title: 'nowhere' } },
    ]
    expect(
      read(message({ content: [], citations: [{ start: 1, end: 2, text: 'b', sources }] }))
        .choices[0]?.annotations,
    ).toEqual([
      {
        type: 'url_citation',
        url_citation: { url: 'https://x', title: 'X', start_index: 1, end_index: 2 },
      },
    ])
  })
})
