import { describe, expect, it } from 'vitest'
import type { ReasoningPart } from '../../model/conversation.ts'
import {
  extraContentOf,
  reasoningDetail,
  reasoningFragmentsOf,
  reasoningPartsOf,
  signatureDetail,
  toolCallSignatureOf,
} from './reasoning-details.ts'

const claude = (value: string) => ({ origin: 'anthropic-messages', value })

describe('reasoning over the wire', () => {
  const parts: ReasoningPart[] = [
    { type: 'reasoning', text: 'a\u2028"b"', signature: claude('s1==') },
    { type: 'reasoning', text: '', signature: claude('encrypted'), redacted: true },
    { type: 'reasoning', text: '', signature: { origin: 'gemini', value: 's2' } },
    { type: 'reasoning', text: 'unsigned' },
    { type: 'reasoning', text: 'other', signature: { origin: 'bedrock-converse', value: 's3' } },
  ]

  it('comes back byte for byte, in order', () => {
    expect(
      reasoningPartsOf({
        reasoning_content: 'ignored',
        reasoning_details: parts.map(reasoningDetail),
      }),
    ).toEqual(parts)
  })

  it('names the format of a signature by its origin', () => {
    expect(parts.map(reasoningDetail)).toEqual([
      {
        type: 'reasoning.text',
        text: 'a\u2028"b"',
        signature: 's1==',
        format: 'anthropic-claude-v1',
        index: 0,
      },
      { type: 'reasoning.encrypted', data: 'encrypted', format: 'anthropic-claude-v1', index: 1 },
      { type: 'reasoning.text', text: '', signature: 's2', format: 'google-gemini-v1', index: 2 },
      { type: 'reasoning.text', text: 'unsigned', index: 3 },
      {
        type: 'reasoning.text',
        text: 'other',
        signature: 's3',
        format: 'bedrock-converse',
        index: 4,
      },
    ])
  })
})

describe('reasoningPartsOf', () => {
  it('joins the fragments a client has only gathered', () => {
    const details = [
      { type: 'reasoning.text', text: 'a', index: 0 },
      { type: 'reasoning.text', text: 'b', index: 0 },
      { ...signatureDetail(claude('s0'), { index: 0, hasText: true }) },
      { type: 'reasoning.encrypted', data: 'e', format: 'anthropic-claude-v1', index: 1 },
      { type: 'reasoning.text', text: 'c', index: 2 },
      { type: 'reasoning.text', text: 'd', index: 0 },
    ]
    expect(reasoningPartsOf({ reasoning_details: details })).toEqual([
      { type: 'reasoning', text: 'ab', signature: claude('s0') },
      { type: 'reasoning', text: '', signature: claude('e'), redacted: true },
      { type: 'reasoning', text: 'c' },
      { type: 'reasoning', text: 'd' },
    ])
  })

  it('leaves out a signature whose text the client lost, and falls back to the string', () => {
    const details = [signatureDetail(claude('s0'), { index: 0, hasText: true })]
    expect(reasoningPartsOf({ reasoning_content: 'tail', reasoning_details: details })).toEqual([
      { type: 'reasoning', text: 'tail' },
    ])
    expect(
      reasoningPartsOf({
        reasoning_details: [signatureDetail(claude('s0'), { index: 0, hasText: false })],
      }),
    ).toEqual([{ type: 'reasoning', text: '', signature: claude('s0') }])
  })

  it('reads the string under both names, and summaries', () => {
    expect(reasoningPartsOf({ reasoning_content: 'a', reasoning: 'b' })).toEqual([
      { type: 'reasoning', text: 'a' },
    ])
    expect(reasoningPartsOf({ reasoning_content: null, reasoning: 'b' })).toEqual([
      { type: 'reasoning', text: 'b' },
    ])
    expect(
      reasoningPartsOf({ reasoning_details: [{ type: 'reasoning.summary', summary: 's' }] }),
    ).toEqual([{ type: 'reasoning', text: 's' }])
    expect(
      reasoningPartsOf({ reasoning_details: [null, 'x', { type: 'reasoning.encrypted' }] }),
    ).toEqual([])
  })

  it('takes a signature without a format for one of this dialect', () => {
    expect(
      reasoningPartsOf({
        reasoning_details: [{ type: 'reasoning.text', text: 'a', signature: 's' }],
      })[0]?.signature?.origin,
    ).toBe('openai-chat')
  })
})

describe('reasoningFragmentsOf', () => {
  it('does not say twice what string and list both say', () => {
    expect(
      reasoningFragmentsOf({
        reasoning: 'a',
        reasoning_details: [{ type: 'reasoning.text', text: 'a' }],
      }),
    ).toEqual([{ text: 'a' }])
  })

  it('puts the string before a signature without text', () => {
    const detail = signatureDetail(claude('s'), { index: 0, hasText: true })
    expect(reasoningFragmentsOf({ reasoning_content: 'a', reasoning_details: [detail] })).toEqual([
      { text: 'a' },
      { signature: claude('s'), redacted: false },
    ])
  })
})

it('carries the signature of a tool call, and only where the wire has a place for it', () => {
  const signature = { origin: 'gemini', value: 's' }
  expect(toolCallSignatureOf({ extra_content: extraContentOf(signature) })).toEqual(signature)
  expect(extraContentOf(claude('s'))).toBeUndefined()
  expect(toolCallSignatureOf({ extra_content: { google: {} } })).toBeUndefined()
})
