import { describe, expect, it } from 'vitest'
import { cacheWrites } from './cache-writes.ts'

const mark = { type: 'ephemeral' }
const long = { type: 'ephemeral', ttl: '1h' }

describe('prompt cache writes of a request', () => {
  it.each<[string, Record<string, unknown>, unknown]>([
    [
      'a request without marks',
      { system: 'x', messages: [{ role: 'user', content: 'hi' }] },
      undefined,
    ],
    ['a mark of its own', { cache_control: mark }, '5m'],
    [
      'a marked system prompt',
      { system: [{ type: 'text', text: 'x', cache_control: mark }] },
      '5m',
    ],
    [
      'a marked part',
      {
        messages: [
          {
            role: 'user',
            content: [
              { type: 'text', text: 'x' },
              { type: 'text', text: 'y', cache_control: mark },
            ],
          },
        ],
      },
      '5m',
    ],
    [
      'a marked part of a tool’s result',
      {
        messages: [
          {
            role: 'user',
            content: [
              { type: 'tool_result', content: [{ type: 'text', text: 'y', cache_control: {} }] },
            ],
          },
        ],
      },
      '5m',
    ],
    ['a marked tool', { tools: [{ name: 'a', cache_control: {} }] }, '5m'],
    ['a mark that is null', { messages: [{ content: [{ cache_control: null }] }] }, undefined],
    ['a mark of an hour on the request', { cache_control: long }, '1h'],
    ['a mark of an hour on a part', { messages: [{ content: [{ cache_control: long }] }] }, '1h'],
    [
      'a mark of an hour behind one of minutes',
      {
        system: [{ cache_control: mark }],
        messages: [{ content: [{ cache_control: mark }, { cache_control: long }] }],
      },
      '1h',
    ],
    [
      'a mark of an hour in a tool’s result',
      { messages: [{ content: [{ content: [{ cache_control: long }] }] }] },
      '1h',
    ],
    ['a cache point of an hour', { tools: [{ cachePoint: { type: 'default', ttl: '1h' } }] }, '1h'],
  ])('%s: %j is %s', (_, body, expected) => {
    expect(cacheWrites(body)).toBe(expected)
  })
})
