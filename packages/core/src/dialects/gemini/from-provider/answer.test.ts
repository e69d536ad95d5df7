import { describe, expect, it } from 'vitest'
import type { CallContext } from '../../model/call.ts'
import { readAnswer } from './answer.ts'
import { buildContents } from '../to-provider/contents.ts'
import { modelTraits } from '../to-provider/models.ts'

let ids = 0
const call: CallContext = {
  provider: 'gemini',
  model: 'm',
  stream: false,
  quirks: {},
  newId: (prefix) => `${prefix}${++ids}`,
}

describe('readAnswer', () => {
  it('reads everything an answer says', () => {
    const usageMetadata = { promptTokenCount: 2, candidatesTokenCount: 3, thoughtsTokenCount: 4 }
    const answer = readAnswer(
      {
        candidates: [
          {
            content: {
              parts: [
                { text: 'think', thought: true },
                { text: 'Hel' },
                { text: 'lo', thoughtSignature: 's1' },
                {
                  functionCall: { id: 'own1', name: 'one', args: { a: 1 } },
                  thoughtSignature: 's2',
                },
                { functionCall: { id: 'own2', name: 'two' } },
              ],
            },
            finishReason: 'STOP',
            logprobsResult: { chosenCandidates: [{ token: 'Hel', logProbability: -1 }] },
            groundingMetadata: { groundingChunks: [{ web: { uri: 'https://a.test' } }] },
          },
          { content: { parts: [{ text: 'other' }] }, finishReason: 'MAX_TOKENS' },
        ],
        usageMetadata,
        modelVersion: 'gemini-3-pro',
        responseId: 'r1',
      },
      call,
    )
    expect(answer).toMatchObject({
      id: 'r1',
      model: 'gemini-3-pro',
      usage: { inputTokens: 2, outputTokens: 7, reasoningTokens: 4, native: usageMetadata },
    })
    expect(answer.choices).toMatchObject([
      {
        parts: [
          { type: 'reasoning', text: 'think' },
          { type: 'text', text: 'Hel' },
          { type: 'text', text: 'lo' },
          { type: 'reasoning', text: '', signature: { origin: 'gemini', value: 's1' } },
          {
            type: 'tool-call',
            id: 'own1',
            name: 'one',
            arguments: '{"a":1}',
            kind: 'function',
            signature: { origin: 'gemini', value: 's2' },
          },
          { type: 'tool-call', id: 'own2', name: 'two', arguments: '{}', kind: 'function' },
        ],
        finish: { reason: 'tool_calls' },
        logprobs: { content: [{ token: 'Hel' }] },
        annotations: [{ type: 'url_citation' }],
      },
      { parts: [{ type: 'text', text: 'other' }], finish: { reason: 'length' } },
    ])
  })

  it('signs the thoughts a signature stands on', () => {
    const { choices } = readAnswer(
      {
        candidates: [
          {
            content: { parts: [{ text: 'think', thought: true, thoughtSignature: 's1' }] },
            finishReason: 'STOP',
          },
        ],
      },
      call,
    )
    expect(choices[0]?.parts).toEqual([
      { type: 'reasoning', text: 'think', signature: { origin: 'gemini', value: 's1' } },
    ])
  })

  it('has an end even where none is named', () => {
    expect(
      readAnswer({ candidates: [{ content: { parts: [{ text: 'x' }] } }] }, call).choices[0]
        ?.finish,
    ).toEqual({ reason: 'stop' })
    expect(
      readAnswer({ candidates: [{ content: { parts: [{ functionCall: { name: 'x' } }] } }] }, call)
        .choices[0]?.finish,
    ).toEqual({ reason: 'tool_calls' })
  })

  it('is empty when thinking ate the tokens or the prompt was refused', () => {
    expect(
      readAnswer({ candidates: [{ content: { role: 'model' }, finishReason: 'MAX_TOKENS' }] }, call)
        .choices,
    ).toEqual([{ parts: [], finish: { reason: 'length' } }])
    expect(
      readAnswer({ promptFeedback: { blockReason: 'PROHIBITED_CONTENT' } }, call).choices,
    ).toEqual([{ parts: [], finish: { reason: 'content_filter', native: 'PROHIBITED_CONTENT' } }])
  })

  it.each([
    ['nothing', {}],
    ['no candidates', { candidates: [], usageMetadata: { promptTokenCount: 1 } }],
    ['a candidate that says nothing', { candidates: [{ index: 0 }] }],
    ['one candidate of two', { candidates: [{ finishReason: 'STOP' }, {}] }],
    ['feedback without a reason', { promptFeedback: {} }],
  ])('refuses %s', (_, body) => {
    expect(() => readAnswer(body, call)).toThrow(
      expect.objectContaining({ code: 'upstream_invalid' }),
    )
  })

  it('throws the error a body with status 200 carries', () => {
    expect(() =>
      readAnswer({ error: { code: 429, status: 'RESOURCE_EXHAUSTED', message: 'x' } }, call),
    ).toThrow(expect.objectContaining({ code: 'rate_limit_exceeded' }))
  })

  it('an answer sent back in the history is what the provider said', () => {
    const parts = [
      { text: 'Let me look.' },
      { text: '', thoughtSignature: 's0' },
      {
        functionCall: { id: 'own1', name: 'one', args: { a: [1, { b: null }] } },
        thoughtSignature: 's1==',
      },
      { functionCall: { name: 'two', args: {} } },
    ]
    const { choices } = readAnswer(
      { candidates: [{ content: { parts }, finishReason: 'STOP' }] },
      call,
    )
    const { contents } = buildContents([{ role: 'assistant', parts: choices[0]?.parts ?? [] }], {
      provider: 'gemini',
      dropUnsupported: false,
      traits: modelTraits('gemini-3-pro-preview'),
      dropped: new Set(),
    })
    expect(contents).toEqual([{ role: 'model', parts }])
  })
})
