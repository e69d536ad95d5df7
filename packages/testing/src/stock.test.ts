import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { DialectName } from './dialects/dialect.ts'
import { isObject, objectIn, objectsIn } from './json.ts'
import { type FakeProvider, startFakeProvider } from './server.ts'

const providers: Partial<Record<DialectName, FakeProvider>> = {}
const names: readonly DialectName[] = [
  'openai-chat',
  'openai-responses',
  'anthropic-messages',
  'gemini',
  'bedrock-converse',
  'cohere',
]
/** Dialects without a word for one call at most. */
const alwaysParallel: readonly DialectName[] = ['gemini', 'bedrock-converse', 'cohere']

beforeAll(async () => {
  for (const dialect of names) providers[dialect] = await startFakeProvider({ dialect })
})
afterAll(() => Promise.all(Object.values(providers).map((provider) => provider.close())))

interface Read {
  readonly text: string
  readonly calls: { name: unknown; arguments: unknown }[]
  readonly usage: { input: unknown; output: unknown }
}

const png = Buffer.alloc(68, 1).toString('base64')
const schema = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] }

/**
 * The same conversation in every dialect: `text` alone or with tools, a format, an image, or after
 * tool results.
 */
interface Asked {
  readonly text: string
  readonly tools?: boolean
  readonly choice?: 'none' | 'forced' | 'one'
  readonly json?: boolean
  readonly image?: boolean
  readonly results?: boolean
}

const build: Record<DialectName, (asked: Asked) => { path: string; body: object }> = {
  'openai-chat': ({ text, tools, choice, json, image, results }) => ({
    path: '/chat/completions',
    body: {
      model: 'm',
      messages: [
        {
          role: 'user',
          content: image
            ? [
                { type: 'text', text },
                { type: 'image_url', image_url: { url: `data:image/png;base64,${png}` } },
              ]
            : text,
        },
        ...(results
          ? [
              {
                role: 'assistant',
                content: null,
                tool_calls: ['a', 'b'].map((id) => ({
                  id,
                  type: 'function',
                  function: { name: 'get_weather', arguments: '{}' },
                })),
              },
              { role: 'tool', tool_call_id: 'a', content: '20 degrees' },
              { role: 'tool', tool_call_id: 'b', content: [{ type: 'text', text: '25 degrees' }] },
            ]
          : []),
      ],
      ...(tools
        ? { tools: [{ type: 'function', function: { name: 'get_weather', parameters: schema } }] }
        : {}),
      ...(choice === 'none' ? { tool_choice: 'none' } : {}),
      ...(choice === 'forced'
        ? { tool_choice: { type: 'function', function: { name: 'get_weather' } } }
        : {}),
      ...(choice === 'one' ? { parallel_tool_calls: false } : {}),
      ...(json
        ? { response_format: { type: 'json_schema', json_schema: { name: 'place', schema } } }
        : {}),
    },
  }),
  'anthropic-messages': ({ text, tools, choice, json, image, results }) => ({
    path: '/v1/messages',
    body: {
      model: 'm',
      max_tokens: 100,
      messages: [
        {
          role: 'user',
          content: image
            ? [
                { type: 'text', text },
                { type: 'image', source: { type: 'base64', media_type: 'image/png', data: png } },
              ]
            : text,
        },
        ...(results
          ? [
              {
                role: 'assistant',
                content: ['a', 'b'].map((id) => ({
                  type: 'tool_use',
                  id,
                  name: 'get_weather',
                  input: {},
                })),
              },
              {
                role: 'user',
                content: [
                  { type: 'tool_result', tool_use_id: 'a', content: '20 degrees' },
                  {
                    type: 'tool_result',
                    tool_use_id: 'b',
                    content: [{ type: 'text', text: '25 degrees' }],
                  },
                ],
              },
            ]
          : []),
      ],
      ...(tools ? { tools: [{ name: 'get_weather', input_schema: schema }] } : {}),
      ...(choice === 'none' ? { tool_choice: { type: 'none' } } : {}),
      ...(choice === 'forced' ? { tool_choice: { type: 'tool', name: 'get_weather' } } : {}),
      ...(choice === 'one'
        ? { tool_choice: { type: 'auto', disable_parallel_tool_use: true } }
        : {}),
      ...(json ? { output_config: { format: { type: 'json_schema', schema } } } : {}),
    },
  }),
  gemini: ({ text, tools, choice, json, image, results }) => ({
    path: '/v1beta/models/m:generateContent',
    body: {
      contents: [
        {
          role: 'user',
          parts: [
            { text },
            ...(image ? [{ inlineData: { mimeType: 'image/png', data: png } }] : []),
          ],
        },
        ...(results
          ? [
              {
                role: 'model',
                parts: [
                  { functionCall: { name: 'get_weather', args: {} } },
                  { functionCall: { name: 'get_weather' } },
                ],
              },
              {
                role: 'user',
                parts: ['20 degrees', '25 degrees'].map((result) => ({
                  functionResponse: { name: 'get_weather', response: { result } },
                })),
              },
            ]
          : []),
      ],
      ...(tools
        ? { tools: [{ functionDeclarations: [{ name: 'get_weather', parameters: schema }] }] }
        : {}),
      ...(choice === 'none' ? { toolConfig: { functionCallingConfig: { mode: 'NONE' } } } : {}),
      ...(choice === 'forced'
        ? {
            toolConfig: {
              functionCallingConfig: { mode: 'ANY', allowedFunctionNames: ['get_weather'] },
            },
          }
        : {}),
      ...(json
        ? { generationConfig: { responseMimeType: 'application/json', responseSchema: schema } }
        : {}),
    },
  }),
  'openai-responses': ({ text, tools, choice, json, image, results }) => ({
    path: '/responses',
    body: {
      model: 'm',
      input: [
        {
          role: 'user',
          content: image
            ? [
                { type: 'input_text', text },
                { type: 'input_image', image_url: `data:image/png;base64,${png}` },
              ]
            : text,
        },
        ...(results
          ? [
              ...['a', 'b'].map((call_id) => ({
                type: 'function_call',
                call_id,
                name: 'get_weather',
                arguments: '{}',
              })),
              { type: 'function_call_output', call_id: 'a', output: '20 degrees' },
              {
                type: 'function_call_output',
                call_id: 'b',
                output: [{ type: 'input_text', text: '25 degrees' }],
              },
            ]
          : []),
      ],
      ...(tools
        ? { tools: [{ type: 'function', name: 'get_weather', parameters: schema, strict: false }] }
        : {}),
      ...(choice === 'none' ? { tool_choice: 'none' } : {}),
      ...(choice === 'forced' ? { tool_choice: { type: 'function', name: 'get_weather' } } : {}),
      ...(choice === 'one' ? { parallel_tool_calls: false } : {}),
      ...(json ? { text: { format: { type: 'json_schema', name: 'place', schema } } } : {}),
    },
  }),
  'bedrock-converse': ({ text, tools, choice, json, image, results }) => ({
    path: '/model/m/converse',
    body: {
      messages: [
        {
          role: 'user',
          content: [
            { text },
            ...(image ? [{ image: { format: 'png', source: { bytes: png } } }] : []),
          ],
        },
        ...(results
          ? [
              {
                role: 'assistant',
                content: ['a', 'b'].map((toolUseId) => ({
                  toolUse: { toolUseId, name: 'get_weather', input: {} },
                })),
              },
              {
                role: 'user',
                content: [
                  { toolResult: { toolUseId: 'a', content: [{ text: '20 degrees' }] } },
                  { toolResult: { toolUseId: 'b', content: [{ text: '25 degrees' }] } },
                ],
              },
            ]
          : []),
      ],
      // There is no choice to call none: the tools are left out.
      ...(tools && choice !== 'none'
        ? {
            toolConfig: {
              tools: [{ toolSpec: { name: 'get_weather', inputSchema: { json: schema } } }],
              ...(choice === 'forced' ? { toolChoice: { tool: { name: 'get_weather' } } } : {}),
            },
          }
        : {}),
      ...(json
        ? {
            outputConfig: {
              textFormat: {
                type: 'json_schema',
                structure: { jsonSchema: { name: 'place', schema: JSON.stringify(schema) } },
              },
            },
          }
        : {}),
    },
  }),
  cohere: ({ text, tools, choice, json, image, results }) => ({
    path: '/v2/chat',
    body: {
      model: 'm',
      messages: [
        {
          role: 'user',
          content: image
            ? [
                { type: 'text', text },
                { type: 'image_url', image_url: { url: `data:image/png;base64,${png}` } },
              ]
            : text,
        },
        ...(results
          ? [
              {
                role: 'assistant',
                tool_calls: ['a', 'b'].map((id) => ({
                  id,
                  type: 'function',
                  function: { name: 'get_weather', arguments: '{}' },
                })),
              },
              { role: 'tool', tool_call_id: 'a', content: '20 degrees' },
              { role: 'tool', tool_call_id: 'b', content: [{ type: 'text', text: '25 degrees' }] },
            ]
          : []),
      ],
      ...(tools
        ? { tools: [{ type: 'function', function: { name: 'get_weather', parameters: schema } }] }
        : {}),
      ...(choice === 'none' ? { tool_choice: 'NONE' } : {}),
      ...(choice === 'forced' ? { tool_choice: 'REQUIRED' } : {}),
      ...(json ? { response_format: { type: 'json_object', json_schema: schema } } : {}),
    },
  }),
}

async function ask(dialect: DialectName, asked: Asked): Promise<Read> {
  const { path, body } = build[dialect](asked)
  const response = await fetch(`${providers[dialect]?.url}${path}`, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'anthropic-version': '2023-06-01' },
  })
  const answer = objectIn(await response.json())
  expect([
    answer['error'] ?? undefined,
    answer['message'] === undefined || isObject(answer['message']),
  ]).toEqual([undefined, true])
  return readers[dialect](answer)
}

const readers: Record<DialectName, (answer: Record<string, unknown>) => Read> = {
  'openai-chat': (answer) => {
    const message = objectIn(objectsIn(answer['choices'])[0]?.['message'])
    const calls = objectsIn(message['tool_calls']).map((call) => objectIn(call['function']))
    const usage = objectIn(answer['usage'])
    return {
      text: String(message['content'] ?? ''),
      calls: calls.map((call) => ({
        name: call['name'],
        arguments: JSON.parse(String(call['arguments'])) as unknown,
      })),
      usage: { input: usage['prompt_tokens'], output: usage['completion_tokens'] },
    }
  },
  'anthropic-messages': (answer) => {
    const blocks = objectsIn(answer['content'])
    const usage = objectIn(answer['usage'])
    return {
      text: blocks.map((block) => block['text'] ?? '').join(''),
      calls: blocks
        .filter((block) => block['type'] === 'tool_use')
        .map((block) => ({ name: block['name'], arguments: block['input'] })),
      usage: { input: usage['input_tokens'], output: usage['output_tokens'] },
    }
  },
  gemini: (answer) => {
    const parts = objectsIn(objectIn(objectsIn(answer['candidates'])[0]?.['content'])['parts'])
    const usage = objectIn(answer['usageMetadata'])
    return {
      text: parts.map((part) => part['text'] ?? '').join(''),
      calls: parts
        .filter((part) => isObject(part['functionCall']))
        .map((part) => ({
          name: objectIn(part['functionCall'])['name'],
          arguments: objectIn(part['functionCall'])['args'],
        })),
      usage: { input: usage['promptTokenCount'], output: usage['candidatesTokenCount'] },
    }
  },
  'openai-responses': (answer) => {
    const items = objectsIn(answer['output'])
    const usage = objectIn(answer['usage'])
    return {
      text: items
        .flatMap((item) => objectsIn(item['content']))
        .map((part) => part['text'] ?? '')
        .join(''),
      calls: items
        .filter((item) => item['type'] === 'function_call')
        .map((item) => ({
          name: item['name'],
          arguments: JSON.parse(String(item['arguments'])) as unknown,
        })),
      usage: { input: usage['input_tokens'], output: usage['output_tokens'] },
    }
  },
  'bedrock-converse': (answer) => {
    const blocks = objectsIn(objectIn(objectIn(answer['output'])['message'])['content'])
    const usage = objectIn(answer['usage'])
    return {
      text: blocks.map((block) => block['text'] ?? '').join(''),
      calls: blocks
        .filter((block) => isObject(block['toolUse']))
        .map((block) => ({
          name: objectIn(block['toolUse'])['name'],
          arguments: objectIn(block['toolUse'])['input'],
        })),
      usage: { input: usage['inputTokens'], output: usage['outputTokens'] },
    }
  },
  cohere: (answer) => {
    const message = objectIn(answer['message'])
    const usage = objectIn(objectIn(answer['usage'])['tokens'])
    return {
      text: objectsIn(message['content'])
        .map((part) => part['text'] ?? '')
        .join(''),
      calls: objectsIn(message['tool_calls'])
        .map((call) => objectIn(call['function']))
        .map((call) => ({
          name: call['name'],
          arguments: JSON.parse(String(call['arguments'])) as unknown,
        })),
      usage: { input: usage['input_tokens'], output: usage['output_tokens'] },
    }
  },
}

describe.each(names)('stockScript in %s', (dialect) => {
  it('echoes, with the same usage everywhere', async () => {
    expect(await ask(dialect, { text: 'Good morning all' })).toEqual({
      text: 'You said: Good morning all',
      calls: [],
      usage: { input: 10, output: 5 },
    })
  })

  it('calls a weather tool for each city named, Paris and Rome when none is', async () => {
    const calls = (...cities: string[]) =>
      cities.map((city) => ({ name: 'get_weather', arguments: { city } }))
    const text = 'What is the weather in Oslo, New York and Lima?'
    expect(await ask(dialect, { text, tools: true })).toEqual({
      text: '',
      calls: calls('Oslo', 'New York'),
      usage: { input: 17, output: 20 },
    })
    expect((await ask(dialect, { text: 'weather?', tools: true })).calls).toEqual(
      calls('Paris', 'Rome'),
    )
    expect((await ask(dialect, { text, tools: true, choice: 'none' })).calls).toEqual([])
    expect((await ask(dialect, { text })).calls).toEqual([])
    if (!alwaysParallel.includes(dialect))
      expect((await ask(dialect, { text, tools: true, choice: 'one' })).calls).toEqual(
        calls('Oslo'),
      )
  })

  it('calls a forced tool with arguments its schema allows', async () => {
    expect((await ask(dialect, { text: 'Hi', tools: true, choice: 'forced' })).calls).toEqual([
      { name: 'get_weather', arguments: { city: 'text' } },
    ])
    expect((await ask(dialect, { text: 'Hi', tools: true })).calls).toEqual([])
  })

  it('quotes tool results, writes JSON by a schema, and describes an image', async () => {
    expect((await ask(dialect, { text: 'The weather?', tools: true, results: true })).text).toBe(
      'Results: 20 degrees | 25 degrees',
    )
    expect((await ask(dialect, { text: 'A place, please', json: true })).text).toBe(
      '{"city":"text"}',
    )
    expect((await ask(dialect, { text: 'Some json' })).text).toBe('{"ok":true}')
    expect((await ask(dialect, { text: 'What is this?', image: true })).text).toBe(
      'You sent image/png (68 bytes).',
    )
  })
})
