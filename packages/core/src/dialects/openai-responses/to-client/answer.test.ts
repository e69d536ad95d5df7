import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Part } from '../../model/conversation.ts'
import type { Answer, AnswerChoice, StreamEvent } from '../../model/events.ts'
import { renderAnswer } from './answer.ts'
import { encodeSignature } from '../names.ts'
import { decodeProof } from './own-items.ts'
import {
  argue,
  callTool,
  claude,
  lastResponse,
  renderContext,
  say,
  sign,
  think,
  thought,
  type WrittenResponse,
  written,
} from './server.fake.ts'

const render = (parts: readonly Part[], choice: Partial<AnswerChoice> = {}): WrittenResponse =>
  renderAnswer(
    { choices: [{ parts, finish: { reason: 'stop' }, ...choice }] },
    renderContext(),
  ) as WrittenResponse
const text = (value: string): Part => ({ type: 'text', text: value })
const call = (id: string, more: Partial<Extract<Part, { type: 'tool-call' }>> = {}): Part => ({
  type: 'tool-call',
  id,
  name: 'f',
  arguments: '{"a":1}',
  kind: 'function',
  ...more,
})

describe('items', () => {
  it('stand in the order the model wrote them', () => {
    expect(
      render([
        { type: 'reasoning', text: 'hm' },
        text('a'),
        text('b'),
        call('x'),
        call('y', { kind: 'custom', arguments: 'ls' }),
        text('c'),
      ]).output,
    ).toEqual([
      { id: 'rs_postern_1_0', type: 'reasoning', summary: [{ type: 'summary_text', text: 'hm' }] },
      {
        id: 'msg_postern_1_1',
        type: 'message',
        status: 'completed',
        role: 'assistant',
        content: [{ type: 'output_text', text: 'ab', annotations: [], logprobs: [] }],
      },
      {
        id: 'fc_postern_1_2',
        type: 'function_call',
        status: 'completed',
        call_id: 'x',
        name: 'f',
        arguments: '{"a":1}',
      },
      {
        id: 'ctc_postern_1_3',
        type: 'custom_tool_call',
        status: 'completed',
        call_id: 'y',
        name: 'f',
        input: 'ls',
      },
      {
        id: 'msg_postern_1_4',
        type: 'message',
        status: 'completed',
        role: 'assistant',
        content: [{ type: 'output_text', text: 'c', annotations: [], logprobs: [] }],
      },
    ])
  })

  it('of an answer cut off: the last one is incomplete', () => {
    const response = render([text('a'), call('x', { arguments: '{"a' })], {
      finish: { reason: 'length' },
    })
    expect(response).toMatchObject({
      status: 'incomplete',
      incomplete_details: { reason: 'max_output_tokens' },
      output: [{ status: 'completed' }, { status: 'incomplete' }],
    })
  })

  it('of an answer that says nothing are none, also where parts are empty or not for this dialect', () => {
    const foreign: Part = { type: 'extension', dialect: 'gemini', value: {} }
    expect(
      render([text(''), { type: 'reasoning', text: '' }, { type: 'refusal', text: '' }, foreign])
        .output,
    ).toEqual([])
    expect(renderAnswer({ choices: [] }, renderContext())).toMatchObject({
      status: 'completed',
      output: [],
    })
  })

  it('a refusal stands in the message, or is what the finish says of it', () => {
    expect(render([text('a'), { type: 'refusal', text: 'no' }]).output).toMatchObject([
      { content: [{ text: 'a' }, { type: 'refusal', refusal: 'no' }] },
    ])
    expect(render([], { finish: { reason: 'content_filter', detail: 'not this' } })).toMatchObject({
      incomplete_details: { reason: 'content_filter' },
      output: [{ content: [{ type: 'refusal', refusal: 'not this' }] }],
    })
  })

  it('annotations and log probabilities stand at their text', () => {
    const annotations = [
      { type: 'url_citation', url_citation: { start_index: 2, end_index: 3, url: 'https://x' } },
    ]
    const logprobs = { content: [{ token: 'b', logprob: -1, bytes: [98] }], refusal: null }
    expect(
      render([text('a'), call('x'), text('bc')], { annotations, logprobs }).output[2]?.content,
    ).toEqual([
      {
        type: 'output_text',
        text: 'bc',
        annotations: [{ type: 'url_citation', start_index: 1, end_index: 2, url: 'https://x' }],
        logprobs: [{ token: 'b', logprob: -1, bytes: [98], top_logprobs: [] }],
      },
    ])
  })

  it('an image that is only a link has no item', () => {
    expect(render([{ type: 'image', source: { kind: 'url', url: 'https://x' } }]).output).toEqual(
      [],
    )
  })

  it('the encrypted content of a provider of this dialect is given back as it was', () => {
    const signature = {
      origin: 'openai-responses',
      value: encodeSignature({ id: 'rs_1', encryptedContent: 'gAAA' }),
    }
    expect(
      render([{ type: 'reasoning', text: '', signature, redacted: true }]).output,
    ).toMatchObject([{ summary: [], encrypted_content: 'gAAA' }])
  })

  it('the proof of a call stands before it', () => {
    const { output } = render([
      { type: 'reasoning', text: 'hm' },
      call('x', { signature: thought('EqQB') }),
      call('y', { signature: thought('EqQC') }),
    ])
    expect(
      output.map((item) =>
        typeof item.encrypted_content === 'string'
          ? decodeProof(item.encrypted_content)?.callId
          : item.call_id,
      ),
    ).toEqual(['x', 'x', 'y', 'y'])
  })
})

describe('stream and whole answer', () => {
  const word = fc.string({ minLength: 1, maxLength: 5, unit: 'grapheme' })
  const signature = fc.oneof(word.map(claude), word.map(thought))
  const step = fc.oneof(
    fc.record({ kind: fc.constant('text' as const), text: word }),
    fc.record({ kind: fc.constant('refusal' as const), text: word }),
    fc.record({ kind: fc.constant('reasoning' as const), text: word, signature }),
    fc.record({
      kind: fc.constant('call' as const),
      text: fc.json(),
      signature: fc.option(signature, { nil: undefined }),
    }),
  )

  it('of the same answer agree', () => {
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 8 }),
        fc.constantFrom('stop' as const, 'length' as const, 'content_filter' as const),
        (steps, reason) => {
          const events: StreamEvent[] = []
          const parts: Part[] = []
          let calls = 0
          for (const item of steps) {
            if (item.kind === 'text') events.push(say(item.text))
            else if (item.kind === 'refusal')
              events.push({ type: 'refusal', choice: 0, text: item.text })
            else if (item.kind === 'reasoning') events.push(think(item.text), sign(item.signature))
            else
              events.push(callTool(calls, `call_${calls}`, item.signature), argue(calls, item.text))
            if (item.kind === 'call') {
              parts.push({
                type: 'tool-call',
                id: `call_${calls}`,
                name: `tool_${calls}`,
                arguments: item.text,
                kind: 'function',
                signature: item.signature,
              })
              calls += 1
            } else
              parts.push(
                item.kind === 'reasoning'
                  ? { type: 'reasoning', text: item.text, signature: item.signature }
                  : { type: item.kind, text: item.text },
              )
          }
          const usage = { inputTokens: 1, outputTokens: 2 }
          const answer: Answer = {
            model: 'm',
            created: 5,
            choices: [{ parts, finish: { reason } }],
            usage,
          }
          const streamed = written([
            { type: 'start', model: 'm', created: 5 },
            ...events,
            { type: 'finish', choice: 0, finish: { reason } },
            { type: 'usage', usage },
          ])
          expect(lastResponse(streamed)).toEqual(renderAnswer(answer, renderContext()))
          expect(streamed.map((event) => event.sequence_number)).toEqual(
            streamed.map((_, at) => at),
          )
        },
      ),
      { numRuns: 200 },
    )
  })
})
