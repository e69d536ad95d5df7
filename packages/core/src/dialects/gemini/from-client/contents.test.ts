import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../model/json-object.ts'
import { encodeSignature } from '../to-client/foreign-signature.ts'
import { readContents } from './contents.ts'
import type { Extensions } from './fields.ts'

function read(contents: unknown, extensions: Extensions = {}) {
  return readContents({ value: { contents }, path: '' }, extensions)
}

const user = (...parts: unknown[]) => ({ role: 'user', parts })
const model = (...parts: unknown[]) => ({ role: 'model', parts })
const call = (name: string, more: JsonObject = {}) => ({
  functionCall: { name, args: {}, ...more },
})
const response = (name: string, result: string, more: JsonObject = {}) => ({
  functionResponse: { name, response: { result }, ...more },
})
const signed = (origin: string, value: string) => ({ signature: { origin, value } })

describe('what the user says', () => {
  it('may have no role, and one part or content in place of a list', () => {
    expect(read({ parts: { text: 'hi' } })).toEqual([
      { role: 'user', parts: [{ type: 'text', text: 'hi' }] },
    ])
  })

  it('may be media', () => {
    const parts = [
      { inlineData: { mimeType: 'image/png', data: 'AA' } },
      { inlineData: { mimeType: 'audio/mpeg', data: 'BB' } },
      { inlineData: { mimeType: 'audio/L16;rate=24000', data: 'CC' } },
      { inlineData: { mimeType: 'application/pdf', data: 'DD', displayName: 'a.pdf' } },
      { fileData: { fileUri: 'https://x.test/a.png' } },
      { fileData: { fileUri: 'https://x.test/a', mimeType: 'video/mp4' } },
      { fileData: { fileUri: 'gs://bucket/a.png', mimeType: 'image/png' } },
      { fileData: { fileUri: 'https://generativelanguage.googleapis.com/v1beta/files/abc' } },
    ]
    expect(read([user(...parts)])[0]?.parts).toEqual([
      { type: 'image', source: { kind: 'data', mediaType: 'image/png', data: 'AA' } },
      { type: 'audio', format: 'mp3', data: 'BB' },
      { type: 'audio', format: 'l16;rate=24000', data: 'CC' },
      {
        type: 'file',
        source: { kind: 'data', mediaType: 'application/pdf', data: 'DD' },
        name: 'a.pdf',
      },
      { type: 'image', source: { kind: 'url', url: 'https://x.test/a.png' } },
      { type: 'file', source: { kind: 'url', url: 'https://x.test/a' } },
      { type: 'image', source: { kind: 'id', id: 'gs://bucket/a.png' } },
      {
        type: 'file',
        source: { kind: 'id', id: 'https://generativelanguage.googleapis.com/v1beta/files/abc' },
      },
    ])
  })

  it('may be what only this dialect understands', () => {
    const part = { executableCode: { language: 'PYTHON', code: '1' }, thoughtSignature: 'S' }
    expect(read([model(part), user({ newThing: {} })]).flatMap((message) => message.parts)).toEqual(
      [
        { type: 'extension', dialect: 'gemini', value: part },
        { type: 'extension', dialect: 'gemini', value: { newThing: {} } },
      ],
    )
  })

  it('loses nothing silently', () => {
    const extensions: Extensions = {}
    read(
      [
        user(
          { text: 'a', partMetadata: { x: 1 } },
          { inlineData: { mimeType: 'video/mp4', data: 'AA' }, videoMetadata: { fps: 2 } },
        ),
        model(call('f', { partialArgs: [] }), {
          inlineData: { mimeType: 'image/png', data: 'AA' },
          thought: true,
        }),
        user({ functionResponse: { name: 'f', response: {}, scheduling: 'SILENT' } }),
      ],
      extensions,
    )
    expect(Object.keys(extensions)).toEqual([
      'contents.parts.partMetadata',
      'contents.parts.videoMetadata',
      'contents.parts.functionCall.partialArgs',
      'contents.parts.inlineData (thought)',
      'contents.parts.functionResponse.scheduling',
    ])
  })
})

describe('what the model said', () => {
  it('is one message, as a stream is recorded one content per chunk', () => {
    expect(
      read([
        model({ text: 'Hel' }),
        model({ text: 'lo' }),
        model(call('a', { id: '1' })),
        model(call('b', { id: '2' }), { text: '' }),
        model(),
        user({ text: 'x' }),
      ]),
    ).toEqual([
      {
        role: 'assistant',
        parts: [
          { type: 'text', text: 'Hello' },
          { type: 'tool-call', id: '1', name: 'a', arguments: '{}', kind: 'function' },
          { type: 'tool-call', id: '2', name: 'b', arguments: '{}', kind: 'function' },
        ],
      },
      { role: 'user', parts: [{ type: 'text', text: 'x' }] },
    ])
  })

  it('nasty 5: keeps a thought signature wherever it stands', () => {
    const parts = [
      { text: 'think', thought: true, thoughtSignature: 'S1' },
      { text: 'say', thoughtSignature: 'S2' },
      { text: '', thoughtSignature: 'S3' },
      { ...call('a', { id: '1' }), thoughtSignature: 'S4' },
      call('b', { id: '2' }),
      { inlineData: { mimeType: 'image/png', data: 'AA' }, thoughtSignature: 'S5' },
      { thoughtSignature: 'S6' },
      {},
    ]
    expect(read([model(...parts)])[0]?.parts).toEqual([
      { type: 'reasoning', text: 'think', ...signed('gemini', 'S1') },
      { type: 'text', text: 'say' },
      { type: 'reasoning', text: '', ...signed('gemini', 'S2') },
      { type: 'reasoning', text: '', ...signed('gemini', 'S3') },
      {
        type: 'tool-call',
        id: '1',
        name: 'a',
        arguments: '{}',
        kind: 'function',
        ...signed('gemini', 'S4'),
      },
      { type: 'tool-call', id: '2', name: 'b', arguments: '{}', kind: 'function' },
      { type: 'image', source: { kind: 'data', mediaType: 'image/png', data: 'AA' } },
      { type: 'reasoning', text: '', ...signed('gemini', 'S5') },
      { type: 'reasoning', text: '', ...signed('gemini', 'S6') },
    ])
  })

  it('joins the fragments of a signed thought, byte for byte, and gives the proof back to its issuer', () => {
    const proof = encodeSignature({ origin: 'anthropic-messages', value: 'EqQB+/=' })
    const hidden = encodeSignature({ origin: 'anthropic-messages', value: 'HIDDEN' }, true)
    const contents = [
      model({ text: 'Let me ', thought: true }),
      model({ text: 'see. ', thought: true }),
      model({ text: '', thought: true, thoughtSignature: proof }),
      model({ text: '', thought: true, thoughtSignature: hidden }),
      model({ text: 'More', thought: true }),
      model({ text: 'Hi' }),
    ]
    expect(read(contents)[0]?.parts).toEqual([
      { type: 'reasoning', text: 'Let me see. ', ...signed('anthropic-messages', 'EqQB+/=') },
      { type: 'reasoning', text: '', redacted: true, ...signed('anthropic-messages', 'HIDDEN') },
      { type: 'reasoning', text: 'More' },
      { type: 'text', text: 'Hi' },
    ])
  })
})

describe('calls and responses', () => {
  it('nasty 3: calls without ids get stable unique ones, and responses find them by name and order', () => {
    const contents = [
      model(call('a'), call('b'), call('a')),
      user(response('b', 'B'), response('a', 'A1'), response('a', 'A2')),
    ]
    const messages = read(contents)
    expect(messages[0]?.parts.map((part) => part.type === 'tool-call' && part.id)).toEqual([
      'call_gm_1',
      'call_gm_2',
      'call_gm_3',
    ])
    expect(messages[1]).toEqual({
      role: 'tool',
      parts: [
        { type: 'tool-result', id: 'call_gm_2', content: [{ type: 'text', text: 'B' }] },
        { type: 'tool-result', id: 'call_gm_1', content: [{ type: 'text', text: 'A1' }] },
        { type: 'tool-result', id: 'call_gm_3', content: [{ type: 'text', text: 'A2' }] },
      ],
    })
    expect(read(contents)).toEqual(messages)
  })

  it('ids given twice, or like one of ours, stay apart', () => {
    const contents = [
      model(call('a', { id: 'call_gm_2' }), call('b'), call('c', { id: 'x' })),
      user(response('c', 'C', { id: 'x' })),
      model(call('c', { id: 'x' })),
      user(response('c', 'D', { id: 'x' })),
    ]
    const ids = read(contents).flatMap(({ parts }) =>
      parts.map((part) => ('id' in part ? part.id : undefined)),
    )
    expect(ids).toEqual(['call_gm_2', 'call_gm_3', 'x', 'x', 'call_gm_4', 'call_gm_4'])
  })

  it('an id decides, then the latest turn', () => {
    const contents = [
      model(call('a', { id: '1' }), call('a', { id: '2' })),
      user(response('a', 'second', { id: '2' })),
      model(call('a')),
      user(response('a', 'third', { id: 'unknown' }), response('a', 'first')),
    ]
    const results = read(contents).flatMap(({ parts }) =>
      parts.flatMap((part) => (part.type === 'tool-result' ? [[part.id, part.content[0]]] : [])),
    )
    expect(results).toEqual([
      ['2', { type: 'text', text: 'second' }],
      ['call_gm_3', { type: 'text', text: 'third' }],
      ['1', { type: 'text', text: 'first' }],
    ])
  })

  it('responses come before what else the turn says', () => {
    expect(
      read([model(call('a')), user({ text: 'so' }, response('a', 'A'))]).map(({ role }) => role),
    ).toEqual(['assistant', 'tool', 'user'])
  })

  it.each([
    [{ result: 'plain' }, [{ type: 'text', text: 'plain' }], undefined],
    [{ result: '{"a":1}' }, [{ type: 'text', text: '{"result":"{\\"a\\":1}"}' }], undefined],
    [{ error: 'broke' }, [{ type: 'text', text: 'broke' }], true],
    [{ error: { code: 1 } }, [{ type: 'text', text: '{"error":{"code":1}}' }], undefined],
    [{ output: 'x' }, [{ type: 'text', text: '{"output":"x"}' }], undefined],
    [{}, [{ type: 'text', text: '{}' }], undefined],
    [null, [{ type: 'text', text: '' }], undefined],
  ])('the response %j is %j', (given, content, isError) => {
    const [, result] = read([
      model(call('a')),
      user({ functionResponse: { name: 'a', response: given } }),
    ])
    expect(result?.parts[0]).toEqual({
      type: 'tool-result',
      id: 'call_gm_1',
      content,
      ...(isError === undefined ? {} : { isError }),
    })
  })

  it('a response may hold media', () => {
    const parts = [
      { inlineData: { mimeType: 'image/png', data: 'AA' } },
      { inlineData: { mimeType: 'audio/wav', data: 'BB' } },
      { odd: 1 },
    ]
    const [, result] = read([model(call('a')), user(response('a', 'A', { parts }))])
    expect(result?.parts[0]).toMatchObject({
      content: [
        { type: 'text', text: 'A' },
        { type: 'image', source: { kind: 'data', mediaType: 'image/png', data: 'AA' } },
        { type: 'file', source: { kind: 'data', mediaType: 'audio/wav', data: 'BB' } },
        { type: 'extension', dialect: 'gemini', value: { odd: 1 } },
      ],
    })
  })

  it('a call without args has an empty object, and keeps its signature', () => {
    expect(
      read([model({ functionCall: { name: 'now' }, thoughtSignature: 'S' })])[0]?.parts,
    ).toEqual([
      {
        type: 'tool-call',
        id: 'call_gm_1',
        name: 'now',
        arguments: '{}',
        kind: 'function',
        ...signed('gemini', 'S'),
      },
    ])
  })
})

describe('a mistake is named', () => {
  it.each([
    [
      [user({ inlineData: { data: 'AA' } })],
      'contents[0].parts[0].inlineData.mimeType is missing: it must be a non-empty string.',
    ],
    [
      [user({ inline_data: { mime_type: 'image/png', data: 5 } })],
      'contents[0].parts[0].inline_data.data must be a non-empty string, got the number 5.',
    ],
    [[user('hi')], 'contents[0].parts[0] must be an object, got the string "hi".'],
    [[user({ text: 1 })], 'contents[0].parts[0].text must be a string, got the number 1.'],
    [
      [user({})],
      'contents[0].parts[0] must be an object with text, inlineData, fileData, functionCall or functionResponse, got an object.',
    ],
    [
      [model({ functionCall: { args: {} } })],
      'contents[0].parts[0].functionCall.name is missing: it must be a non-empty string.',
    ],
    [
      [model({ functionCall: { name: 'f', args: '{}' } })],
      'contents[0].parts[0].functionCall.args must be an object, got the string "{}".',
    ],
    [
      [user(response('f', 'x'))],
      'contents[0].parts[0].functionResponse.name: no earlier functionCall without a response is called "f".',
    ],
    [
      [user({ functionResponse: { id: '1', response: {} } })],
      'contents[0].parts[0].functionResponse.id: no earlier functionCall without a response is called "1".',
    ],
    [
      [model(call('f')), user({ functionResponse: { name: 'f', response: 'x' } })],
      'contents[1].parts[0].functionResponse.response must be an object, got the string "x".',
    ],
    [[5], 'contents[0] must be an object, got the number 5.'],
  ])('%j', (contents, message) => {
    expect(() => read(contents)).toThrow(message)
  })
})
