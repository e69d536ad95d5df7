import { describe, expect, it } from 'vitest'
import { syntheticRecordings } from './recordings.ts'
import type { SyntheticRecording } from './trace.ts'

const all = syntheticRecordings()

/** Bedrock's frames are binary; the official client reads them in the suites that replay them. */
const isText = ({ dialect }: SyntheticRecording): boolean => dialect !== 'bedrock-converse'

describe('syntheticRecordings', () => {
  it('has unique names, each labelled with its dialect', () => {
    expect(new Set(all.map((recording) => recording.name)).size).toBe(all.length)
    for (const { name, dialect } of all)
      expect(dialect.startsWith(name.split('-')[0] ?? '')).toBe(true)
    expect(syntheticRecordings('gemini').every((recording) => recording.dialect === 'gemini')).toBe(
      true,
    )
  })

  it.each(['openai-chat', 'openai-responses', 'anthropic-messages', 'gemini'] as const)(
    'covers whole, truncated and failing answers of %s',
    (dialect) => {
      const outcomes = syntheticRecordings(dialect).map(({ expected }) => expected.outcome)
      expect(new Set(outcomes).size).toBeGreaterThanOrEqual(2)
    },
  )

  it.each(all.filter(isText).map((recording) => [recording.name, recording] as const))(
    '%s has valid JSON in every event',
    (_, recording) => {
      const text = recording.body.toString('utf8')
      expect(text).not.toContain('\uFFFD')
      if (!recording.isStream) return expect(() => JSON.parse(text)).not.toThrow()
      const payloads = text
        .replace(/^\uFEFF/, '')
        .split(/(?:\r\n|\n|\r(?!\n)){2,}/)
        .map((event) => [...event.matchAll(/^data: ?(.*)$/gm)].map((match) => match[1]).join('\n'))
        .filter((payload) => payload !== '' && payload !== '[DONE]')
      for (const payload of payloads) expect(() => JSON.parse(payload)).not.toThrow()
      return expect(text.length).toBeGreaterThan(50)
    },
  )

  it.each(all.map((recording) => [recording.name, recording.expected] as const))(
    '%s has a meaning that does not contradict itself',
    (_, expected) => {
      if (expected.outcome === 'complete') expect(expected.finish).toBeDefined()
      else expect(expected.finish).toBeUndefined()
      expect(expected.toolCalls.length > 0).toBe(expected.finish === 'tool_calls')
    },
  )
})
