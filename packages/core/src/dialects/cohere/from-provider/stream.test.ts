import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../model/json-object.ts'
import type { StreamEvent } from '../../model/events.ts'
import { callContext } from '../dialect.fake.ts'
import { cohere } from '../index.ts'

function stream(...events: (JsonObject | string)[]) {
  const reader = cohere.providerSide.openReader(callContext({ stream: true }))
  const seen: StreamEvent[] = []
  for (const event of events)
    seen.push(
      ...reader.read({
        event: typeof event === 'string' ? undefined : String(event.type),
        data: typeof event === 'string' ? event : JSON.stringify(event),
      }),
    )
  return { seen, complete: reader.complete }
}

const delta = (type: string, fields: JsonObject, rest: JsonObject = {}): JsonObject => ({
  type,
  delta: { message: fields },
  ...rest,
})
const end = (finish_reason: string): JsonObject => ({
  type: 'message-end',
  delta: { finish_reason, usage: { tokens: { input_tokens: 1, output_tokens: 2 } } },
})
const started = (id: string | undefined, given: unknown) =>
  delta('tool-call-start', {
    tool_calls: { id, type: 'function', function: { name: 'weather', arguments: given } },
  })

describe('a stream', () => {
  it('has calls whose deltas are objects, arguments that never come, and usage at its end only', () => {
    const { seen, complete } = stream(
      { type: 'message-start', id: 'c1', delta: { message: { role: 'assistant' } } },
      delta('tool-plan-delta', { tool_plan: 'I look.' }),
      started('w_1', ''),
      delta('tool-call-delta', { tool_calls: { function: { arguments: '{"a"' } } }),
      delta('tool-call-delta', { tool_calls: { function: { arguments: ':1}' } } }),
      { type: 'tool-call-end', index: 0 },
      started(undefined, null),
      end('TOOL_CALL'),
      '[DONE]',
    )
    expect(complete).toBe(true)
    expect(seen).toEqual([
      { type: 'start', id: 'c1' },
      { type: 'text', choice: 0, text: 'I look.' },
      { type: 'tool-call', choice: 0, index: 0, id: 'w_1', name: 'weather', kind: 'function' },
      { type: 'tool-arguments', choice: 0, index: 0, text: '{"a"' },
      { type: 'tool-arguments', choice: 0, index: 0, text: ':1}' },
      { type: 'tool-call', choice: 0, index: 1, id: 'call_new', name: 'weather', kind: 'function' },
      { type: 'tool-arguments', choice: 0, index: 1, text: '{}' },
      { type: 'finish', choice: 0, finish: { reason: 'tool_calls' } },
      { type: 'usage', usage: expect.objectContaining({ inputTokens: 1, outputTokens: 2 }) },
    ])
  })

  it('has reasoning, text and citations', () => {
    const source = { document: { url: 'https://x' } }
    expect(
      stream(
        delta('content-start', { content: { type: 'thinking', thinking: '' } }),
        delta('content-delta', { content: { thinking: 'hm' } }),
        delta('content-delta', { content: { text: 'So.' } }),
        delta('citation-start', { citations: { start: 0, end: 2, sources: [source] } }),
        { type: 'citation-end', index: 0 },
        { type: 'something-new' },
      ).seen,
    ).toEqual([
      { type: 'reasoning', choice: 0, text: 'hm' },
      { type: 'text', choice: 0, text: 'So.' },
      {
        type: 'annotations',
        choice: 0,
        value: [expect.objectContaining({ type: 'url_citation' })],
      },
    ])
  })

  it.each<[string, (JsonObject | string)[], string]>([
    ['an end that is an error', [end('ERROR')], 'provider_error'],
    ['an end that says nothing', [{ type: 'message-end', delta: {} }], 'upstream_invalid'],
    ['what is no JSON', ['{'], 'upstream_invalid'],
    ['a call without a name', [delta('tool-call-start', { tool_calls: {} })], 'upstream_invalid'],
    ['an error in its midst', [{ type: 'error', message: 'overloaded' }], 'provider_overloaded'],
    ['an error without a type', ['{"id":"x","message":"too bad"}'], 'provider_error'],
  ])('with %s has failed, and says nothing more', (_, events, code) => {
    const { seen, complete } = stream(
      ...events,
      delta('content-delta', { content: { text: 'more' } }),
      end('COMPLETE'),
    )
    expect(seen).toMatchObject([{ type: 'error', error: { code } }])
    expect(complete).toBe(false)
  })

  it('is not complete before its last event, with or without [DONE] after it', () => {
    expect(stream(delta('content-delta', { content: { text: 'Half' } }), '[DONE]').complete).toBe(
      false,
    )
    expect(stream(end('COMPLETE')).complete).toBe(true)
  })
})
