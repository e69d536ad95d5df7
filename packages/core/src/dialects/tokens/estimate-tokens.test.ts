import { describe, expect, it } from 'vitest'
import type { Conversation, Message, Part } from '../model/conversation.ts'
import { estimateInputTokens } from './estimate-tokens.ts'

function estimate(parts: readonly Part[], more: Partial<Conversation> = {}): number {
  const messages: readonly Message[] = parts.length === 0 ? [] : [{ role: 'user', parts }]
  return estimateInputTokens({
    origin: 'openai-chat',
    messages,
    tools: [],
    sampling: {},
    extensions: {},
    ...more,
  })
}

const prose = 'The gateway counts what it is asked to count, and says so when it only guesses. '
const text = (value: string): Part => ({ type: 'text', text: value })
const file = (mediaType: string, bytes: number): Part => ({
  type: 'file',
  source: { kind: 'data', mediaType, data: Buffer.alloc(bytes, 'word ').toString('base64') },
})

describe('text', () => {
  it('is about a token for each short word and one for some letters of a long one', () => {
    // 15 words and 2 marks.
    expect(estimate([text(prose)])).toBeGreaterThanOrEqual(15)
    expect(estimate([text(prose)])).toBeLessThanOrEqual(28)
  })

  it('counts for every role and kind: thinking, refusals, calls and their results', () => {
    const none = estimate([text('')])
    const parts: readonly Part[] = [
      { type: 'reasoning', text: prose },
      { type: 'refusal', text: prose },
      {
        type: 'tool-call',
        id: 'a',
        name: 'f',
        arguments: JSON.stringify({ text: prose }),
        kind: 'function',
      },
      { type: 'tool-result', id: 'a', content: [{ type: 'text', text: prose }] },
      { type: 'extension', dialect: 'gemini', value: { text: prose } },
    ]
    for (const part of parts) expect(estimate([part]) - none).toBeGreaterThanOrEqual(15)
  })

  it('counts encrypted reasoning by its size, without the visible text next to it', () => {
    const none = estimate([text('')])
    const signature = {
      origin: 'openai-responses',
      value: Buffer.from(prose.repeat(100)).toString('base64'),
    }
    const hidden = estimate([{ type: 'reasoning', text: '', signature, redacted: true }]) - none
    expect(hidden).toBeGreaterThanOrEqual(1_700)
    expect(hidden).toBeLessThanOrEqual(2_600)
    expect(
      estimate([
        { type: 'tool-call', id: 'a', name: 'f', arguments: '{}', kind: 'function', signature },
      ]) - none,
    ).toBeGreaterThanOrEqual(1_700)
    const shown = estimate([{ type: 'reasoning', text: prose.repeat(100) }]) - none
    expect(
      estimate([{ type: 'reasoning', text: prose.repeat(100), signature }]) - none - shown,
    ).toBeLessThanOrEqual(1)
  })

  it('costs more in many messages than in one', () => {
    const messages: Message[] = [1, 2, 3].map(() => ({ role: 'user', parts: [text(prose)] }))
    expect(estimate([], { messages })).toBeGreaterThan(
      estimate([text(prose), text(prose), text(prose)]),
    )
  })

  it('grows with its length, however long it is, and whether in one part or ten', () => {
    const once = estimate([text(prose.repeat(5000))])
    const tenfold = estimate([text(prose.repeat(50_000))])
    expect(tenfold / once).toBeGreaterThan(9.9)
    expect(tenfold / once).toBeLessThan(10.1)
    const parts = Array.from({ length: 10 }, () => text(prose.repeat(5000)))
    expect(estimate(parts) / once).toBeGreaterThan(9.9)
  })
})

describe('content other than messages', () => {
  it('tools count with their schemas', () => {
    const parameters = {
      type: 'object',
      properties: { city: { type: 'string', description: prose } },
    }
    const bare = estimate([], { tools: [{ kind: 'function', name: 'look' }] })
    const whole = estimate([], {
      tools: [{ kind: 'function', name: 'look', description: prose, parameters }],
    })
    expect(bare).toBeGreaterThan(0)
    expect(whole - bare).toBeGreaterThan(30)
    expect(
      estimate([], {
        tools: [{ kind: 'extension', name: 'web', value: { type: 'web', description: prose } }],
      }),
    ).toBeGreaterThan(15)
  })

  it('the schema of the answer counts', () => {
    const responseFormat = {
      type: 'json_schema',
      name: 'answer',
      schema: { description: prose },
    } as const
    expect(estimate([], { responseFormat })).toBeGreaterThan(15)
  })

  it('is 0 for an empty text', () => {
    expect(estimate([])).toBe(0)
  })
})

describe('media', () => {
  const none = estimate([text('')])

  it('counts an image as 1,600 tokens, wherever it is', () => {
    const image: Part = { type: 'image', source: { kind: 'url', url: 'https://a.example/b.png' } }
    expect(estimate([image]) - none).toBe(1600)
    expect(
      estimate([
        {
          type: 'image',
          source: { kind: 'data', mediaType: 'image/png', data: 'AAAA'.repeat(100_000) },
        },
      ]) - none,
    ).toBe(1600)
    expect(estimate([file('image/png', 300_000)]) - none).toBe(1600)
    const result: Part = { type: 'tool-result', id: 'a', content: [image as never] }
    expect(estimate([result]) - estimate([{ ...result, content: [] }])).toBe(1600)
  })

  it('counts a PDF by its size, one page at least', () => {
    expect(estimate([file('application/pdf', 10)]) - none).toBe(3000)
    expect(estimate([file('application/pdf', 750_000)]) - none).toBe(30_000)
    expect(estimate([{ type: 'file', source: { kind: 'id', id: 'file_1' } }]) - none).toBe(3000)
  })

  it('counts a text file by its text', () => {
    expect(estimate([file('text/plain', 500)])).toBe(estimate([text('word '.repeat(100))]))
  })

  it('counts audio by its length', () => {
    expect(
      estimate([{ type: 'audio', format: 'mp3', data: Buffer.alloc(16_000).toString('base64') }]) -
        none,
    ).toBe(32 + 1)
  })
})
