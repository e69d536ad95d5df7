import { describe, expect, it } from 'vitest'
import type { Part } from '../../model/conversation.ts'
import type { JsonObject } from '../../model/json-object.ts'
import type { Answer, AnswerChoice } from '../../model/events.ts'
import type { Finish } from '../../model/finish.ts'
import { renderContext } from '../from-client/request.fake.ts'
import { encodeSignature } from './foreign-signature.ts'
import { renderAnswer } from './answer.ts'

const foreign = { origin: 'anthropic-messages', value: 'EqQB' }
const own = { origin: 'gemini', value: 'S1' }

function render(choice: Partial<AnswerChoice>, answer: Partial<Answer> = {}): JsonObject {
  return renderAnswer(
    { choices: [{ parts: [], finish: { reason: 'stop' }, ...choice }], ...answer },
    renderContext(),
  )
}

function candidateOf(choice: Partial<AnswerChoice>): JsonObject {
  return (render(choice)['candidates'] as JsonObject[])[0] ?? {}
}

const partsOf = (...parts: Part[]) => (candidateOf({ parts })['content'] as JsonObject)['parts']
const mapFinishReason = (finish: Finish) => candidateOf({ finish })

describe('an answer', () => {
  it('has all that clients look for', () => {
    const usage = { inputTokens: 10, outputTokens: 7, cachedTokens: 4, reasoningTokens: 5 }
    expect(
      render({ parts: [{ type: 'text', text: 'Hi' }] }, { id: 'r1', model: 'm-1', usage }),
    ).toEqual({
      candidates: [
        { content: { parts: [{ text: 'Hi' }], role: 'model' }, finishReason: 'STOP', index: 0 },
      ],
      usageMetadata: {
        promptTokenCount: 10,
        cachedContentTokenCount: 4,
        candidatesTokenCount: 2,
        thoughtsTokenCount: 5,
        totalTokenCount: 17,
      },
      modelVersion: 'm-1',
      responseId: 'r1',
    })
  })

  it('is named by us when the provider did not', () => {
    expect(render({})).toMatchObject({ modelVersion: 'physical', responseId: 'req_1' })
  })

  it('nasty 8: has parts even when the model said nothing', () => {
    expect(candidateOf({ finish: { reason: 'length' } })).toEqual({
      content: { parts: [{ text: '' }], role: 'model' },
      finishReason: 'MAX_TOKENS',
      index: 0,
    })
  })

  it('never counts less than nothing', () => {
    expect(
      render({}, { usage: { inputTokens: 1, outputTokens: 2, reasoningTokens: 5 } })[
        'usageMetadata'
      ],
    ).toEqual({
      promptTokenCount: 1,
      candidatesTokenCount: 0,
      thoughtsTokenCount: 2,
      totalTokenCount: 3,
    })
  })
})

describe('parts', () => {
  it('are text, thoughts and media', () => {
    expect(
      partsOf(
        { type: 'reasoning', text: 'hm' },
        { type: 'text', text: 'a' },
        { type: 'refusal', text: 'no' },
        { type: 'image', source: { kind: 'data', mediaType: 'image/png', data: 'AA' } },
        { type: 'image', source: { kind: 'url', url: 'https://x.test/a.png' } },
        { type: 'file', source: { kind: 'url', url: 'https://x.test/a' } },
        { type: 'file', source: { kind: 'id', id: 'file-1' } },
        { type: 'audio', format: 'wav', data: 'BB' },
        { type: 'extension', dialect: 'gemini', value: { executableCode: { code: '1' } } },
        { type: 'extension', dialect: 'anthropic-messages', value: { type: 'server_tool_use' } },
      ),
    ).toEqual([
      { text: 'hm', thought: true },
      { text: 'a' },
      { text: 'no' },
      { inlineData: { mimeType: 'image/png', data: 'AA' } },
      { fileData: { fileUri: 'https://x.test/a.png', mimeType: 'image/png' } },
      { fileData: { fileUri: 'https://x.test/a' } },
      { inlineData: { mimeType: 'audio/wav', data: 'BB' } },
      { executableCode: { code: '1' } },
    ])
  })

  it('nasty 5: carry signatures where they belong, those of others wrapped', () => {
    expect(
      partsOf(
        { type: 'reasoning', text: 'hm', signature: own },
        { type: 'reasoning', text: '', signature: own },
        { type: 'reasoning', text: '', signature: foreign },
        { type: 'reasoning', text: '', signature: foreign, redacted: true },
        {
          type: 'tool-call',
          id: '1',
          name: 'f',
          arguments: '{}',
          kind: 'function',
          signature: own,
        },
      ),
    ).toEqual([
      { text: 'hm', thought: true, thoughtSignature: 'S1' },
      { text: '', thoughtSignature: 'S1' },
      { text: '', thought: true, thoughtSignature: encodeSignature(foreign) },
      { text: '', thought: true, thoughtSignature: encodeSignature(foreign, true) },
      { functionCall: { id: '1', name: 'f', args: {} }, thoughtSignature: 'S1' },
    ])
  })

  it('are whole calls', () => {
    expect(
      partsOf(
        { type: 'tool-call', id: '1', name: 'f', arguments: '{"a":1}', kind: 'function' },
        { type: 'tool-call', id: '2', name: 'g', arguments: '', kind: 'function' },
        { type: 'tool-call', id: '3', name: 'h', arguments: 'free text', kind: 'custom' },
      ),
    ).toEqual([
      { functionCall: { id: '1', name: 'f', args: { a: 1 } } },
      { functionCall: { id: '2', name: 'g', args: {} } },
      { functionCall: { id: '3', name: 'h', args: { input: 'free text' } } },
    ])
  })
})

describe('the finish', () => {
  it.each<[Finish, JsonObject]>([
    [{ reason: 'stop' }, { finishReason: 'STOP' }],
    [{ reason: 'stop', native: 'stop_sequence', detail: 'END' }, { finishReason: 'STOP' }],
    [{ reason: 'tool_calls' }, { finishReason: 'STOP' }],
    [{ reason: 'length' }, { finishReason: 'MAX_TOKENS' }],
    [{ reason: 'length', native: 'CONTINUATION' }, { finishReason: 'CONTINUATION' }],
    [
      { reason: 'content_filter', native: 'refusal', detail: 'I will not' },
      { finishReason: 'SAFETY', finishMessage: 'I will not' },
    ],
    [{ reason: 'content_filter', native: 'RECITATION' }, { finishReason: 'RECITATION' }],
    [
      { reason: 'stop', native: 'MALFORMED_FUNCTION_CALL', detail: 'bad' },
      { finishReason: 'MALFORMED_FUNCTION_CALL', finishMessage: 'bad' },
    ],
    [{ reason: 'stop', native: 'SAFETY' }, { finishReason: 'STOP' }],
    [{ reason: 'length', native: 'OTHER' }, { finishReason: 'OTHER' }],
  ])('%j is %j', (finish, rendered) => {
    const { content: _, index: __, ...rest } = mapFinishReason(finish)
    expect(rest).toEqual(rendered)
  })

  it.each(['{"a":', '[1]', '"text"'])(
    'of a turn with the arguments %s says that they are unusable',
    (text) => {
      const parts: Part[] = [
        { type: 'tool-call', id: '1', name: 'f', arguments: text, kind: 'function' },
      ]
      expect(candidateOf({ parts, finish: { reason: 'tool_calls' } })).toEqual({
        content: { parts: [{ text: '' }], role: 'model' },
        finishReason: 'MALFORMED_FUNCTION_CALL',
        finishMessage: 'The arguments of f are no JSON object.',
        index: 0,
      })
      expect(candidateOf({ parts, finish: { reason: 'length' } })).toMatchObject({
        finishReason: 'MAX_TOKENS',
      })
    },
  )
})

describe('beside the content', () => {
  it('stand log probabilities', () => {
    const logprobs = {
      content: [
        { token: 'a', logprob: -0.1, top_logprobs: [{ token: 'a', logprob: -0.1 }] },
        { token: 'b', logprob: -1, top_logprobs: [] },
      ],
      refusal: null,
    }
    expect(candidateOf({ logprobs })['logprobsResult']).toEqual({
      chosenCandidates: [
        { token: 'a', logProbability: -0.1 },
        { token: 'b', logProbability: -1 },
      ],
      topCandidates: [{ candidates: [{ token: 'a', logProbability: -0.1 }] }, { candidates: [] }],
    })
    expect(candidateOf({ logprobs: { content: [], refusal: null } })).not.toHaveProperty(
      'logprobsResult',
    )
  })

  it('stand citations, counted in bytes', () => {
    const cite = (url: string, start: number, end: number) => ({
      type: 'url_citation',
      url_citation: { url, title: `T ${url}`, start_index: start, end_index: end },
    })
    const parts: Part[] = [
      { type: 'text', text: 'Ä is a letter.' },
      { type: 'text', text: ' So is B.' },
    ]
    const annotations = [
      cite('https://a.test', 0, 14),
      cite('https://b.test', 0, 14),
      cite('https://a.test', 15, 23),
      cite('https://c.test', 5, 500),
      { type: 'file_citation' },
    ]
    expect(candidateOf({ parts, annotations })['groundingMetadata']).toEqual({
      groundingChunks: [
        { web: { uri: 'https://a.test', title: 'T https://a.test' } },
        { web: { uri: 'https://b.test', title: 'T https://b.test' } },
        { web: { uri: 'https://c.test', title: 'T https://c.test' } },
      ],
      groundingSupports: [
        {
          segment: { startIndex: 0, endIndex: 15, text: 'Ä is a letter.' },
          groundingChunkIndices: [0, 1],
        },
        { segment: { startIndex: 16, endIndex: 24, text: 'So is B.' }, groundingChunkIndices: [0] },
      ],
    })
    expect(candidateOf({ annotations: [{ type: 'file_citation' }] })).not.toHaveProperty(
      'groundingMetadata',
    )
  })
})
