import { describe, expect, it } from 'vitest'
import { ByteRelay } from './byte-relay.ts'
import { observerFor } from './passing-usage.ts'

/** Everything passes as it came; the usage is what was seen of it. */
function seen(contentType: string, pieces: readonly string[], maxBytes = 1000) {
  const relay = new ByteRelay(observerFor(contentType, { maxBytes, isMetered: false }))
  const out = pieces.map((piece) => Buffer.from(relay.push(Buffer.from(piece))).toString())
  expect([out, relay.flush(), relay.end(), relay.complete]).toEqual([pieces, undefined, '', true])
  return relay.usage && [relay.usage.inputTokens, relay.usage.outputTokens]
}

describe('the usage of a passing answer', () => {
  it.each<[string, string, string[], unknown]>([
    [
      'JSON',
      'application/json; charset=utf-8',
      ['{"usage":{"input_to', 'kens":1,"output_tokens":2}}'],
      [1, 2],
    ],
    [
      'JSON of its own kind',
      'application/vnd.acme+json',
      ['{"usage":{"input_tokens":1,"output_tokens":2}}'],
      [1, 2],
    ],
    [
      'an array of answers',
      'application/json',
      [
        '[{"usageMetadata":{"promptTokenCount":1,"candidatesTokenCount":1}},',
        '{"usageMetadata":{"promptTokenCount":1,"candidatesTokenCount":5}}]',
      ],
      [1, 5],
    ],
    [
      'a stream',
      'text/event-stream',
      [
        'event: message_start\ndata: {"message":{"usage":{"input_tok',
        'ens":3,"output_tokens":1}}}\n\ndata: {"x":1}\n\n',
        'data: {"usage":{"output_tokens":9}}',
      ],
      [3, 9],
    ],
    ['a stream without', 'text/event-stream', ['data: {"x":1}\n\n', 'data: [DONE]\n\n'], undefined],
    ['JSON without', 'application/json', ['{}'], undefined],
    ['JSON that is none', 'application/json', ['{"usage":'], undefined],
    ['no JSON', 'audio/mpeg', ['{"usage":{"input_tokens":1}}'], undefined],
    ['an untyped answer', '', ['{"usage":{"input_tokens":1}}'], undefined],
  ])('is found in %s', (_what, contentType, pieces, expected) => {
    expect(seen(contentType, pieces)).toEqual(expected)
  })

  it('is not searched in an event that is too large, which still passes', () => {
    expect(
      seen('application/json', ['{"usage":{"input_tokens":1},"x":"', 'x'.repeat(50), '"}'], 20),
    ).toBeUndefined()
    expect(
      seen(
        'text/event-stream',
        [`data: ${'x'.repeat(50)}`, '\n\ndata: {"usage":{"input_tokens":1}}\n\n'],
        20,
      ),
    ).toBeUndefined()
  })
})

it('cuts the connection of a broken byte stream, which has no room for an error', () => {
  const relay = new ByteRelay()
  relay.push(Buffer.from('half'))
  expect([relay.fail(), relay.complete, relay.events]).toEqual([undefined, false, 1])
})
