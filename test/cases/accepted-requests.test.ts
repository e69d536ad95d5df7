import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createGateway, type Gateway } from '@postern/core'
import {
  CONFORMANCE_KEY,
  type DialectName,
  type FakeProvider,
  startFakeProvider,
} from '@postern/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { withCase } from '../harness/shared-cases.ts'

type Json = Record<string, unknown>

const schema = { type: 'object', properties: { city: { type: 'string' } } }
const PDF = 'https://example.com/a.pdf'
const PNG = 'https://example.com/a.png'
const said = (part: unknown): Json => ({
  messages: [{ role: 'user', content: [{ type: 'text', text: 'x' }, part] }],
})
const input = (part: unknown): Json => ({
  input: [{ role: 'user', content: [{ type: 'input_text', text: 'x' }, part] }],
})
const hello = { messages: [{ role: 'user', content: 'x' }] }
const contents = [{ role: 'user', parts: [{ text: 'x' }] }]
const chatTool = { type: 'function', function: { name: 'f', parameters: schema } }
const flatTool = { type: 'function', name: 'f', parameters: schema }
const claudeTool = { name: 'f', input_schema: schema }

/** How a request reached the provider, in the words of the dialect it speaks. */
const facts: Readonly<Record<string, (body: Json) => unknown>> = {
  tool: (body) => (body['tools'] as { name: string; input_schema: unknown }[])[0],
  choice: (body) => body['tool_choice'],
  picture: (body) =>
    ((body['messages'] as { content: Json[] }[])[0]?.content ?? []).find(
      ({ type }) => type === 'image',
    )?.['source'],
  document: (body) =>
    ((body['messages'] as { content: Json[] }[])[0]?.content ?? []).find(
      ({ type }) => type === 'document',
    )?.['source'],
  schema: (body) => JSON.stringify(body).includes('"city"'),
}

const tool = { tool: { name: 'f', input_schema: schema } }
const forced = { choice: { type: 'any' } }
const named = { choice: { type: 'tool', name: 'f' } }
const picture = { picture: { type: 'url', url: PNG } }
const document = { document: { type: 'url', url: PDF } }
const structured = { schema: true }

/**
 * Requests that the services of each API take, beside what its reference says, and what an
 * Anthropic provider gets of them.
 */
const accepted: readonly (readonly [api: string, what: string, request: Json, sent: Json])[] = [
  ['chat', 'a tool without a type', { ...hello, tools: [{ function: chatTool.function }] }, tool],
  ['chat', 'a tool as the newer API has it', { ...hello, tools: [flatTool] }, tool],
  ['chat', 'a tool as it is defined for Claude', { ...hello, tools: [claudeTool] }, tool],
  ['chat', 'a picture by its URL alone', said({ type: 'image_url', image_url: PNG }), picture],
  [
    'chat',
    'a document by its URL alone',
    said({ type: 'document_url', document_url: PDF }),
    document,
  ],
  [
    'chat',
    'a document by an object with its URL',
    said({ type: 'document_url', document_url: { url: PDF }, document_name: 'a' }),
    document,
  ],
  ['chat', 'a file by its URL', said({ type: 'file_url', file_url: { url: PDF } }), document],
  ['chat', 'a file with a URL', said({ type: 'file', file: { file_url: PDF } }), document],
  [
    'chat',
    'text as the newer API has it',
    {
      messages: [{ role: 'user', content: [{ type: 'input_text', text: 'x' }] }],
      tools: [chatTool],
    },
    tool,
  ],
  ...['any', 'ANY', 'required', { type: 'any' }, { type: 'required' }].map(
    (choice) =>
      [
        'chat',
        `the choice ${JSON.stringify(choice)}`,
        { ...hello, tools: [chatTool], tool_choice: choice },
        forced,
      ] as const,
  ),
  ...[
    { type: 'function', name: 'f' },
    { type: 'tool', name: 'f' },
  ].map(
    (choice) =>
      [
        'chat',
        `the choice ${JSON.stringify(choice)}`,
        { ...hello, tools: [chatTool], tool_choice: choice },
        named,
      ] as const,
  ),
  [
    'chat',
    'a schema without a name',
    { ...hello, response_format: { type: 'json_schema', json_schema: { schema } } },
    structured,
  ],
  [
    'chat',
    'a schema beside its type',
    { ...hello, response_format: { type: 'json_schema', schema } },
    structured,
  ],
  [
    'chat',
    'a schema of an object',
    { ...hello, response_format: { type: 'json_object', schema } },
    structured,
  ],

  [
    'responses',
    'a tool without a type',
    { input: 'x', tools: [{ name: 'f', parameters: schema }] },
    tool,
  ],
  ['responses', 'a tool as chat completions have it', { input: 'x', tools: [chatTool] }, tool],
  [
    'responses',
    'a picture by an object with its URL',
    input({ type: 'input_image', image_url: { url: PNG, detail: 'low' } }),
    picture,
  ],
  [
    'responses',
    'a picture as chat completions have it',
    input({ type: 'image_url', image_url: { url: PNG } }),
    picture,
  ],
  [
    'responses',
    'a document by its URL',
    input({ type: 'document_url', document_url: PDF }),
    document,
  ],
  ...['any', 'REQUIRED', { type: 'any' }, { type: 'required' }].map(
    (choice) =>
      [
        'responses',
        `the choice ${JSON.stringify(choice)}`,
        { input: 'x', tools: [flatTool], tool_choice: choice },
        forced,
      ] as const,
  ),
  ...[
    { type: 'function', function: { name: 'f' } },
    { type: 'tool', name: 'f' },
  ].map(
    (choice) =>
      [
        'responses',
        `the choice ${JSON.stringify(choice)}`,
        { input: 'x', tools: [flatTool], tool_choice: choice },
        named,
      ] as const,
  ),
  [
    'responses',
    'a schema without a name',
    { input: 'x', text: { format: { type: 'json_schema', schema } } },
    structured,
  ],
  [
    'responses',
    'a schema one level deeper',
    { input: 'x', text: { format: { type: 'json_schema', json_schema: { name: 'n', schema } } } },
    structured,
  ],

  [
    'gemini',
    'modes in lower case',
    {
      contents,
      tools: [{ functionDeclarations: [{ name: 'f', parameters: schema }] }],
      toolConfig: { functionCallingConfig: { mode: 'any' } },
    },
    forced,
  ],
  [
    'gemini',
    'fields with underscores and modes in lower case',
    {
      contents,
      tools: { function_declarations: { name: 'f', parameters_json_schema: schema } },
      tool_config: { function_calling_config: { mode: 'any', allowed_function_names: ['f'] } },
    },
    { ...tool, ...named },
  ],
  [
    'gemini',
    'the roles of other APIs',
    {
      contents: [...contents, { role: 'assistant', parts: [{ text: 'y' }] }, ...contents],
      generationConfig: { responseMimeType: 'application/json', responseSchema: schema },
    },
    structured,
  ],
]

/** The same in the words of Anthropic's API, read for a provider of OpenAI's. */
const forClaude: readonly (readonly [what: string, request: Json, sent: Json])[] = [
  ['a tool as chat completions have it', { tools: [chatTool] }, { tools: [chatTool] }],
  ['a tool as the newer API has it', { tools: [flatTool] }, { tools: [chatTool] }],
  [
    'a tool whose schema is called parameters',
    { tools: [{ name: 'f', parameters: schema }] },
    { tools: [chatTool] },
  ],
  ...['any', 'required', { type: 'required' }].map(
    (choice) =>
      [
        `the choice ${JSON.stringify(choice)}`,
        { tools: [claudeTool], tool_choice: choice },
        { tool_choice: 'required' },
      ] as const,
  ),
  ['the choice "auto"', { tools: [claudeTool], tool_choice: 'auto' }, { tool_choice: 'auto' }],
  [
    'a function chosen as chat completions do',
    { tools: [claudeTool], tool_choice: { type: 'function', function: { name: 'f' } } },
    { tool_choice: { type: 'function', function: { name: 'f' } } },
  ],
  [
    'a picture as chat completions have it',
    { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: PNG } }] }] },
    { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: PNG } }] }] },
  ],
  [
    'a picture whose source has no type',
    { messages: [{ role: 'user', content: [{ type: 'image', source: { url: PNG } }] }] },
    { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: PNG } }] }] },
  ],
]

describe('requests that services take themselves are taken translated as well', () => {
  const fakes = new Map<DialectName, FakeProvider>()
  let gateway: Gateway
  /** Vertex AI: the same API at addresses of its own. */
  let cloud: Server
  let atCloud: Json = {}

  beforeAll(async () => {
    for (const dialect of [
      'anthropic-messages',
      'openai-chat',
      'openai-responses',
      'gemini',
      'bedrock-converse',
      'cohere',
    ] as const)
      fakes.set(dialect, await startFakeProvider({ dialect, validate: false }))
    const providers = Object.fromEntries(
      [...fakes]
        .filter(([dialect]) => dialect !== 'gemini')
        .map(([dialect, { url }]) => [dialect, { baseUrl: url, apiKey: 'canary', dialect }]),
    )
    cloud = createServer((request, response) => {
      const chunks: Buffer[] = []
      request
        .on('data', (chunk: Buffer) => chunks.push(chunk))
        .on('end', () => {
          atCloud = JSON.parse(Buffer.concat(chunks).toString()) as Json
          response.writeHead(200, { 'content-type': 'application/json' }).end(
            JSON.stringify({
              candidates: [
                { content: { role: 'model', parts: [{ text: 'ok' }] }, finishReason: 'STOP' },
              ],
            }),
          )
        })
    })
    cloud.listen(0, '127.0.0.1')
    await once(cloud, 'listening')
    const vx = {
      kind: 'vertex' as const,
      baseUrl: `http://127.0.0.1:${(cloud.address() as AddressInfo).port}`,
      project: 'p',
      token: () => Promise.resolve('canary'),
    }
    const google = { baseUrl: fakes.get('gemini')?.url ?? '', apiKey: 'canary' }
    gateway = createGateway({
      providers: { ...providers, vx, gemini: google },
      keys: { team: CONFORMANCE_KEY },
      log: 'silent',
      retries: 0,
    })
  })
  afterAll(async () => {
    await gateway.close()
    cloud.closeAllConnections()
    cloud.close()
    await Promise.all([...fakes.values()].map((fake) => fake.close()))
  })

  const post = async (
    api: string,
    model: string,
    body: Json,
  ): Promise<{ readonly status: number; readonly text: string }> => {
    const path =
      api === 'gemini'
        ? `/v1beta/models/${model}:generateContent`
        : { chat: '/v1/chat/completions', responses: '/v1/responses', anthropic: '/v1/messages' }[
            api
          ]
    const request = new Request(`http://gateway${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${CONFORMANCE_KEY}` },
      body: JSON.stringify({ ...body, ...(api !== 'gemini' && { model }) }),
    })
    const response = await gateway.fetch(request)
    return { status: response.status, text: await response.text() }
  }
  const bodyAt = (dialect: DialectName): Json => fakes.get(dialect)?.journal.last().body as Json

  it.each(accepted)('%s: %s', async (api, _, request, sent) => {
    const { status, text } = await post(api, 'anthropic-messages/claude-sonnet-4-6', request)
    expect(status, text).toBe(200)
    for (const [fact, value] of Object.entries(sent))
      expect(facts[fact]?.(bodyAt('anthropic-messages'))).toEqual(value)
  })

  it.each(forClaude)('anthropic: %s', async (_, request, sent) => {
    const { status, text } = await post('anthropic', 'openai-chat/m', {
      max_tokens: 9,
      ...hello,
      ...request,
    })
    expect(status, text).toBe(200)
    expect(bodyAt('openai-chat')).toMatchObject(sent)
  })

  it(
    'reads a file from the storage of the cloud that it is in',
    withCase('gs-uri-on-vertex', async (sharedCase) => {
      const { status, text } = await post('chat', 'vx/gemini-3', sharedCase.json('request.json'))
      expect(status, text).toBe(200)
      expect(atCloud['contents']).toEqual([
        {
          role: 'user',
          parts: [
            { text: 'x' },
            { fileData: { fileUri: 'gs://bucket/a.png', mimeType: 'image/png' } },
          ],
        },
      ])
    }),
  )

  const inStorage = (url: string): readonly (readonly [api: string, body: Json])[] => [
    ['chat', said({ type: 'image_url', image_url: { url } })],
    ['chat', said({ type: 'file', file: { file_data: url } })],
    ['responses', input({ type: 'input_image', image_url: url })],
    ['responses', input({ type: 'input_file', file_url: url })],
    [
      'anthropic',
      {
        max_tokens: 9,
        messages: [{ role: 'user', content: [{ type: 'image', source: { type: 'url', url } }] }],
      },
    ],
  ]

  it('reads such files through every API', async () => {
    for (const [api, body] of inStorage('gs://bucket/a.png')) {
      const { status, text } = await post(api, 'vx/gemini-3', body)
      expect(status, text).toBe(200)
      expect(JSON.stringify(atCloud)).toContain('"fileUri":"gs://bucket/a.png"')
    }
  })

  it('refuses such files for providers that cannot read them', async () => {
    for (const model of [
      'gemini/gemini-3',
      'anthropic-messages/m',
      'openai-chat/m',
      'openai-responses/m',
      'cohere/m',
      'bedrock-converse/anthropic.claude-3',
    ]) {
      for (const [api, body] of inStorage('gs://bucket/a.png')) {
        // The provider's own API is the provider's to judge.
        if (model.startsWith(`openai-${api}`) || model.startsWith(api)) continue
        const { status, text } = await post(api, model, body)
        expect(status, `${model} ${api} ${text}`).toBe(400)
        expect(text).toContain('gs://')
      }
    }
  })
})
