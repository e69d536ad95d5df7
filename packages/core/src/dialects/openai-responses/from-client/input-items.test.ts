import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../model/json-object.ts'
import { encodeSignature } from '../names.ts'
import { encodeProof } from '../to-client/own-items.ts'
import { claude, conversationIn, thought } from '../to-client/server.fake.ts'

const messages = (...input: JsonObject[]) => conversationIn({ input }).messages
const user = { role: 'user', content: 'Hi' }
const call = {
  type: 'function_call',
  id: 'fc_1',
  call_id: 'call_1',
  name: 'f',
  arguments: '{"a":1}',
  status: 'completed',
}

describe('messages', () => {
  it('a text is what the user says, instructions come first', () => {
    expect(conversationIn({ instructions: 'Be kind.', input: 'Hi' }).messages).toEqual([
      { role: 'system', parts: [{ type: 'text', text: 'Be kind.' }] },
      { role: 'user', parts: [{ type: 'text', text: 'Hi' }] },
    ])
  })

  it('have a type or leave it out, in every role', () => {
    expect(
      messages(
        { role: 'developer', content: 'd' },
        { role: 'system', content: 's' },
        { type: 'message', ...user },
        { role: 'assistant', content: 'a' },
      ),
    ).toEqual([
      { role: 'developer', parts: [{ type: 'text', text: 'd' }] },
      { role: 'system', parts: [{ type: 'text', text: 's' }] },
      { role: 'user', parts: [{ type: 'text', text: 'Hi' }] },
      { role: 'assistant', parts: [{ type: 'text', text: 'a' }] },
    ])
  })

  it('hold parts of every kind', () => {
    const content = [
      { type: 'input_text', text: 'look' },
      { type: 'input_image', image_url: 'https://x/y.png', detail: 'high' },
      { type: 'input_image', image_url: 'data:image/png;base64,AAAA' },
      { type: 'input_image', file_id: 'file_1' },
      { type: 'input_file', file_id: 'file_2' },
      { type: 'input_file', filename: 'a.pdf', file_data: 'data:application/pdf;base64,BBBB' },
      { type: 'input_file', file_url: 'https://x/a.pdf' },
      { type: 'input_audio', input_audio: { data: 'CCCC', format: 'wav' } },
      { type: 'computer_screenshot', file_id: 'file_3' },
    ]
    expect(messages({ role: 'user', content })[0]?.parts).toEqual([
      { type: 'text', text: 'look' },
      { type: 'image', source: { kind: 'url', url: 'https://x/y.png' }, detail: 'high' },
      { type: 'image', source: { kind: 'data', mediaType: 'image/png', data: 'AAAA' } },
      { type: 'image', source: { kind: 'id', id: 'file_1' } },
      { type: 'file', source: { kind: 'id', id: 'file_2' } },
      {
        type: 'file',
        source: { kind: 'data', mediaType: 'application/pdf', data: 'BBBB' },
        name: 'a.pdf',
      },
      { type: 'file', source: { kind: 'url', url: 'https://x/a.pdf' } },
      { type: 'audio', format: 'wav', data: 'CCCC' },
      {
        type: 'extension',
        dialect: 'openai-responses',
        value: { type: 'computer_screenshot', file_id: 'file_3' },
      },
    ])
  })

  it('what the assistant said and refused', () => {
    const content = [
      { type: 'output_text', text: 'a', annotations: [], logprobs: [] },
      { type: 'output_text', text: '' },
      { type: 'refusal', refusal: 'no' },
    ]
    expect(
      messages(user, {
        type: 'message',
        id: 'msg_1',
        role: 'assistant',
        status: 'completed',
        phase: 'final_answer',
        content,
      })[1]?.parts,
    ).toEqual([
      { type: 'text', text: 'a' },
      { type: 'refusal', text: 'no' },
    ])
  })
})

describe('turns', () => {
  it('what the model wrote in a row is one message, each result one of its own', () => {
    const second = { ...call, id: 'fc_2', call_id: 'call_2' }
    const read = messages(
      user,
      {
        type: 'message',
        role: 'assistant',
        content: [{ type: 'output_text', text: 'Let me see.' }],
      },
      call,
      second,
      { type: 'function_call_output', call_id: 'call_1', output: '1' },
      { type: 'function_call_output', call_id: 'call_2', output: '' },
      { role: 'assistant', content: 'Done.' },
    )
    expect(read.map(({ role, parts }) => [role, ...parts.map((part) => part.type)])).toEqual([
      ['user', 'text'],
      ['assistant', 'text', 'tool-call', 'tool-call'],
      ['tool', 'tool-result'],
      ['tool', 'tool-result'],
      ['assistant', 'text'],
    ])
    expect(read[1]?.parts[1]).toEqual({
      type: 'tool-call',
      id: 'call_1',
      name: 'f',
      arguments: '{"a":1}',
      kind: 'function',
    })
    expect(read[2]?.parts).toEqual([
      { type: 'tool-result', id: 'call_1', content: [{ type: 'text', text: '1' }] },
    ])
    expect(read[3]?.parts).toEqual([{ type: 'tool-result', id: 'call_2', content: [] }])
  })

  it('a call without arguments has an empty object of them', () => {
    expect(messages(user, { ...call, arguments: '' })[1]?.parts[0]).toMatchObject({
      arguments: '{}',
    })
  })

  it('custom tools have text for arguments, results can hold images and files', () => {
    const output = [
      { type: 'input_text', text: 'a' },
      { type: 'input_image', image_url: 'https://x/y.png' },
      { type: 'input_file', file_id: 'file_1' },
    ]
    const read = messages(
      user,
      { type: 'custom_tool_call', call_id: 'c', name: 'shell', input: 'ls' },
      { type: 'custom_tool_call_output', call_id: 'c', output },
    )
    expect(read[1]?.parts).toEqual([
      { type: 'tool-call', id: 'c', name: 'shell', arguments: 'ls', kind: 'custom' },
    ])
    expect(read[2]?.parts).toEqual([
      {
        type: 'tool-result',
        id: 'c',
        content: [
          { type: 'text', text: 'a' },
          { type: 'image', source: { kind: 'url', url: 'https://x/y.png' } },
          { type: 'file', source: { kind: 'id', id: 'file_1' } },
        ],
      },
    ])
  })

  it('items of this dialect only stay as they are, on the side they came from', () => {
    const search = { type: 'web_search_call', id: 'ws_1', status: 'completed' }
    const output = { type: 'local_shell_call_output', call_id: 'c', output: '{}' }
    const read = messages(user, search, output)
    expect(read.slice(1)).toEqual([
      {
        role: 'assistant',
        parts: [{ type: 'extension', dialect: 'openai-responses', value: search }],
      },
      { role: 'tool', parts: [{ type: 'extension', dialect: 'openai-responses', value: output }] },
    ])
  })

  it('an image the model made is one', () => {
    expect(
      messages(user, {
        type: 'image_generation_call',
        id: 'ig_1',
        status: 'completed',
        result: 'AAAA',
      })[1]?.parts,
    ).toEqual([{ type: 'image', source: { kind: 'data', mediaType: 'image/png', data: 'AAAA' } }])
  })
})

describe('reasoning', () => {
  const reasoning = (fields: JsonObject) =>
    messages(
      user,
      { type: 'reasoning', id: 'rs_1', summary: [], ...fields },
      { role: 'assistant', content: 'a' },
    )[1]?.parts[0]

  it('with the provider\u2019s own encrypted content is signed by this dialect', () => {
    const signature = {
      origin: 'openai-responses',
      value: encodeSignature({ id: 'rs_1', encryptedContent: 'gAAA' }),
    }
    expect(reasoning({ encrypted_content: 'gAAA' })).toEqual({
      type: 'reasoning',
      text: '',
      signature,
      redacted: true,
    })
    const summary = [
      { type: 'summary_text', text: 'a' },
      { type: 'summary_text', text: 'b' },
    ]
    expect(reasoning({ encrypted_content: 'gAAA', summary })).toEqual({
      type: 'reasoning',
      text: 'a\n\nb',
      signature,
    })
  })

  it('with ours gives back the proof of the provider that signed it', () => {
    const summary = [{ type: 'summary_text', text: 'hm' }]
    expect(
      reasoning({ encrypted_content: encodeProof({ signature: claude('Ep8B') }), summary }),
    ).toEqual({ type: 'reasoning', text: 'hm', signature: claude('Ep8B') })
    expect(reasoning({ encrypted_content: encodeProof({ signature: claude('Ep8B') }) })).toEqual({
      type: 'reasoning',
      text: '',
      signature: claude('Ep8B'),
    })
    expect(
      reasoning({ encrypted_content: encodeProof({ signature: claude('Ep8B'), redacted: true }) }),
    ).toEqual({
      type: 'reasoning',
      text: '',
      signature: claude('Ep8B'),
      redacted: true,
    })
  })

  it('the proof of a call goes to the call, also where the client changed the ids of items', () => {
    const read = messages(
      user,
      {
        type: 'reasoning',
        summary: [{ type: 'summary_text', text: 'hm' }],
        encrypted_content: encodeProof({ signature: thought('EqQB'), callId: 'call_1' }),
      },
      { ...call, id: undefined },
      { ...call, id: undefined, call_id: 'call_2' },
    )
    expect(read[1]?.parts).toEqual([
      { type: 'reasoning', text: 'hm' },
      {
        type: 'tool-call',
        id: 'call_1',
        name: 'f',
        arguments: '{"a":1}',
        kind: 'function',
        signature: thought('EqQB'),
      },
      { type: 'tool-call', id: 'call_2', name: 'f', arguments: '{"a":1}', kind: 'function' },
    ])
  })

  it('that says nothing is nothing, and a damaged proof proves nothing', () => {
    expect(reasoning({})).toEqual({ type: 'text', text: 'a' })
    expect(
      reasoning({
        encrypted_content: 'postern.damaged',
        content: [{ type: 'reasoning_text', text: 'hm' }],
      }),
    ).toEqual({ type: 'reasoning', text: 'hm' })
  })
})

describe('a 400 that names the place', () => {
  it.each<[string, JsonObject]>([
    ['input[0].type', {}],
    ['input[0].type', { type: 7 }],
    ['input[0].role', { role: 'critic', content: 'x' }],
    ['input[0].content', { role: 'user' }],
    ['input[0].content[0]', { role: 'user', content: ['x'] }],
    ['input[0].content[0].type', { role: 'user', content: [{}] }],
    ['input[0].content[0].text', { role: 'user', content: [{ type: 'input_text' }] }],
    ['input[0].content[0].image_url', { role: 'user', content: [{ type: 'input_image' }] }],
    [
      'input[0].content[0].image_url',
      { role: 'user', content: [{ type: 'input_image', image_url: 'file:///etc/passwd' }] },
    ],
    [
      'input[0].content[0].image_url',
      { role: 'user', content: [{ type: 'input_image', image_url: 'data:image/png;base64,' }] },
    ],
    ['input[0].content[0]', { role: 'user', content: [{ type: 'input_file' }] }],
    ['input[0].call_id', { type: 'function_call', name: 'f', arguments: '{}' }],
    ['input[0].name', { type: 'function_call', call_id: 'c', arguments: '{}' }],
    ['input[0].output', { type: 'function_call_output', call_id: 'c' }],
    [
      'input[0].output[0]',
      { type: 'function_call_output', call_id: 'c', output: [{ type: 'refusal', refusal: 'x' }] },
    ],
  ])('%s: %j', (param, item) => {
    expect(() => messages(item)).toThrow(
      expect.objectContaining({ status: 400, details: expect.objectContaining({ param }) }),
    )
  })

  it('an empty list of items', () => {
    expect(() => messages()).toThrow(
      expect.objectContaining({ details: expect.objectContaining({ param: 'input' }) }),
    )
  })
})
