import { describe, expect, it } from 'vitest'
import { OutputTally } from './output-tally.ts'

function read(event: object): number {
  const tally = new OutputTally()
  tally.read(JSON.stringify(event))
  return tally.tokens
}

describe('OutputTally.read', () => {
  it('counts the text of a delta', () => {
    expect(read({ type: 'content_block_delta', delta: { text: 'Hello' } })).toBeGreaterThan(0)
  })

  it('survives a type that is an object with a toString of its own', () => {
    expect(read({ type: { toString: '' }, delta: { text: 'Hello' } })).toBeGreaterThan(0)
  })
})
