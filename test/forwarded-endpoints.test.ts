import type { IncomingMessage, ServerResponse } from 'node:http'
import type { RequestRecord } from '@postern/core'
import type { AdapterHarness } from '@postern/testing'
import OpenAI, { toFile } from 'openai'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { expressHarness } from './harness/express.ts'
import { honoHarness } from './harness/hono.ts'
import { koaHarness } from './harness/koa.ts'
import { listen } from './harness/listen.ts'

const CLIENT_KEY = 'pk_team_alpha_0123456789'
const PROVIDER_KEY = 'canary-provider-key-0001'

interface Asked {
  readonly method: string
  readonly path: string
  readonly key: string | undefined
  readonly body: Buffer
}

/** Answers of OpenAI at each of these paths. */
const answers: Readonly<Record<string, (response: ServerResponse, asked: Asked) => void>> = {
  'POST /v1/audio/speech': (response, { body }) => {
    if (!body.includes('"stream_format":"sse"'))
      return void response
        .setHeader('content-type', 'audio/mpeg')
        .end(Buffer.from([0xff, 0xf3, 0x00, 0x80]))
    events(
      response,
      { type: 'speech.audio.delta', audio: 'AAA=' },
      { type: 'speech.audio.done', usage: { input_tokens: 3, output_tokens: 4, total_tokens: 7 } },
    )
  },
  'POST /v1/audio/transcriptions': (response, { body }) => {
    const asksFor = (name: string, value: string): boolean =>
      body.includes(`name="${name}"\r\n\r\n${value}`)
    if (asksFor('stream', 'true'))
      return events(
        response,
        { type: 'transcript.text.delta', delta: 'Hel' },
        { type: 'transcript.text.done', text: 'Hello' },
      )
    if (asksFor('response_format', 'srt'))
      return void response.setHeader('content-type', 'text/plain').end('1\nHello')
    json(response, {
      text: 'Hello',
      usage: { type: 'tokens', input_tokens: 5, output_tokens: 1, total_tokens: 6 },
    })
  },
  'POST /v1/audio/translations': (response) => json(response, { text: 'Good day' }),
  'POST /v1/images/generations': (response, { body }) => {
    if (!body.includes('"stream":true'))
      return json(response, {
        created: 1,
        data: [{ b64_json: 'aGk=' }],
        usage: { input_tokens: 1, output_tokens: 2, total_tokens: 3 },
      })
    events(
      response,
      { type: 'image_generation.partial_image', b64_json: 'aA==' },
      {
        type: 'image_generation.completed',
        b64_json: 'aGk=',
        usage: { input_tokens: 1, output_tokens: 2, total_tokens: 3 },
      },
    )
  },
  'POST /v1/images/edits': (response) =>
    json(response, { created: 1, data: [{ b64_json: 'aGk=' }] }),
  'POST /v1/moderations': (response) =>
    json(response, { id: 'modr-1', model: 'omni', results: [{ flagged: false }] }),
  'POST /v1/files': (response) =>
    json(response, { id: 'file-1', object: 'file', purpose: 'batch' }),
  'GET /v1/files': (response) =>
    json(response, { object: 'list', data: [{ id: 'file-1' }], has_more: false }),
  'GET /v1/files/file-1': (response) => json(response, { id: 'file-1', object: 'file' }),
  'GET /v1/files/file-1/content': (response) =>
    void response
      .setHeader('content-type', 'application/octet-stream')
      .end(Buffer.from([0, 1, 2, 255])),
  'DELETE /v1/files/file-1': (response) => json(response, { id: 'file-1', deleted: true }),
  'POST /v1/batches': (response) => json(response, { id: 'batch_1', status: 'validating' }),
  'GET /v1/batches/batch_1': (response) => json(response, { id: 'batch_1', status: 'completed' }),
  'POST /v1/batches/batch_1/cancel': (response) =>
    json(response, { id: 'batch_1', status: 'cancelling' }),
}

function json(response: ServerResponse, body: object): void {
  response.setHeader('content-type', 'application/json').end(JSON.stringify(body))
}

function events(response: ServerResponse, ...list: object[]): void {
  response
    .setHeader('content-type', 'text/event-stream')
    .end(list.map((event) => `data: ${JSON.stringify(event)}\n\n`).join(''))
}

async function bytesOf(request: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = []
  for await (const piece of request) pieces.push(piece as Buffer)
  return Buffer.concat(pieces)
}

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const call: Asked = {
    method: request.method ?? '',
    path: request.url ?? '',
    key: request.headers.authorization,
    body: await bytesOf(request),
  }
  asked.push(call)
  const answer = answers[`${call.method} ${call.path.split('?')[0]}`]
  if (answer === undefined) response.writeHead(404).end()
  else answer(response, call)
}

const asked: Asked[] = []
const records: RequestRecord[] = []
const surfaces: Readonly<Record<string, AdapterHarness>> = {
  Express: expressHarness(),
  Koa: koaHarness(),
  Hono: honoHarness(),
}

describe.each(Object.entries(surfaces))('the official SDK through %s', (_, harness) => {
  let upstream: Awaited<ReturnType<typeof listen>>
  let application: Awaited<ReturnType<AdapterHarness['start']>>
  let client: OpenAI
  const sound = () => toFile(Buffer.alloc(200_000, 7), 'sound.mp3', { type: 'audio/mpeg' })

  beforeAll(async () => {
    upstream = await listen((request, response) => {
      void serve(request, response)
    })
    const openai = { baseUrl: `${upstream.url}/v1`, apiKey: PROVIDER_KEY }
    application = await harness.start({
      mountPath: '/llm',
      gateway: {
        providers: { openai },
        keys: { alpha: CLIENT_KEY },
        log: 'silent',
        retries: 0,
        onRecord: (record) => void records.push(record),
      },
    })
    client = new OpenAI({ baseURL: `${application.url}/llm/v1`, apiKey: CLIENT_KEY, maxRetries: 0 })
  })
  beforeEach(() => {
    asked.length = 0
    records.length = 0
  })
  afterAll(async () => {
    await application.close()
    await upstream.close()
  })

  function expectOneCall(path: string): Asked {
    expect(asked.map((call) => call.path)).toEqual([path])
    const [call] = asked as [Asked]
    expect(call.key).toBe(`Bearer ${PROVIDER_KEY}`)
    expect(call.body.includes(CLIENT_KEY)).toBe(false)
    expect(records).toMatchObject([{ status: 200, code: 'ok', attempts: [{ code: 'ok' }] }])
    return call
  }

  it('speaks', async () => {
    const speech = await client.audio.speech.create({
      model: 'openai/gpt-4o-mini-tts',
      voice: 'alloy',
      input: 'Hello',
    })
    expect(Buffer.from(await speech.arrayBuffer())).toEqual(Buffer.from([0xff, 0xf3, 0x00, 0x80]))
    expect(speech.headers.get('content-type')).toBe('audio/mpeg')
    expect(JSON.parse(String(expectOneCall('/v1/audio/speech').body))).toMatchObject({
      model: 'gpt-4o-mini-tts',
    })
  })

  it('speaks as events, and the usage among them is kept', async () => {
    const speech = await client.audio.speech.create({
      model: 'openai/gpt-4o-mini-tts',
      voice: 'alloy',
      input: 'Hello',
      stream_format: 'sse',
    })
    expect(await speech.text()).toContain('speech.audio.done')
    expectOneCall('/v1/audio/speech')
    expect(records[0]?.usage).toMatchObject({ input: 3, output: 4 })
  })

  it('hears: the form goes through with the model of the provider in it', async () => {
    const { text } = await client.audio.transcriptions.create({
      model: 'openai/whisper-1',
      file: await sound(),
    })
    expect(text).toBe('Hello')
    const { body } = expectOneCall('/v1/audio/transcriptions')
    expect(body.includes('name="model"\r\n\r\nwhisper-1\r\n')).toBe(true)
    expect(body.length).toBeGreaterThan(200_000)
    expect(records[0]?.usage).toMatchObject({ input: 5, output: 1 })
  })

  it('hears in other formats and as a stream', async () => {
    expect(
      await client.audio.transcriptions.create({
        model: 'openai/whisper-1',
        file: await sound(),
        response_format: 'srt',
      }),
    ).toBe('1\nHello')
    const stream = await client.audio.transcriptions.create({
      model: 'openai/gpt-4o-transcribe',
      file: await sound(),
      stream: true,
    })
    const types: string[] = []
    for await (const event of stream) types.push(event.type)
    expect(types).toEqual(['transcript.text.delta', 'transcript.text.done'])
  })

  it('translates what it hears', async () => {
    expect(
      await client.audio.translations.create({ model: 'openai/whisper-1', file: await sound() }),
    ).toMatchObject({ text: 'Good day' })
    expectOneCall('/v1/audio/translations')
  })

  it('draws', async () => {
    const images = await client.images.generate({ model: 'openai/gpt-image-1', prompt: 'a cat' })
    expect(images.data?.[0]?.b64_json).toBe('aGk=')
    expectOneCall('/v1/images/generations')
    expect(records[0]?.usage).toMatchObject({ input: 1, output: 2 })
  })

  it('draws as a stream', async () => {
    const stream = await client.images.generate({
      model: 'openai/gpt-image-1',
      prompt: 'a cat',
      stream: true,
      partial_images: 1,
    })
    const types: string[] = []
    for await (const event of stream) types.push(event.type)
    expect(types).toEqual(['image_generation.partial_image', 'image_generation.completed'])
    expectOneCall('/v1/images/generations')
  })

  it('edits a picture', async () => {
    const image = await toFile(Buffer.alloc(1000, 1), 'a.png', { type: 'image/png' })
    await client.images.edit({ model: 'openai/gpt-image-1', image, prompt: 'a hat' })
    expect(expectOneCall('/v1/images/edits').body.includes('name="prompt"\r\n\r\na hat')).toBe(true)
  })

  it('moderates, with the default model of the one provider there is', async () => {
    expect((await client.moderations.create({ input: 'hi' })).results[0]?.flagged).toBe(false)
    expectOneCall('/v1/moderations')
  })

  it('keeps files', async () => {
    const file = await client.files.create({
      file: await toFile(Buffer.from('{}\n'), 'batch.jsonl'),
      purpose: 'batch',
    })
    expect(file.id).toBe('file-1')
    expectOneCall('/v1/files')
    expect((await client.files.retrieve('file-1')).id).toBe('file-1')
    expect((await client.files.list({ limit: 2 })).data).toEqual([{ id: 'file-1' }])
    expect(Buffer.from(await (await client.files.content('file-1')).arrayBuffer())).toEqual(
      Buffer.from([0, 1, 2, 255]),
    )
    expect((await client.files.delete('file-1')).deleted).toBe(true)
    expect(asked.map(({ method, path }) => `${method} ${path}`).slice(1)).toEqual([
      'GET /v1/files/file-1',
      'GET /v1/files?limit=2',
      'GET /v1/files/file-1/content',
      'DELETE /v1/files/file-1',
    ])
    expect(records.map(({ code }) => code)).toEqual(['ok', 'ok', 'ok', 'ok', 'ok'])
  })

  it('runs batches', async () => {
    const batch = await client.batches.create({
      input_file_id: 'file-1',
      endpoint: '/v1/chat/completions',
      completion_window: '24h',
    })
    expect((await client.batches.retrieve(batch.id)).status).toBe('completed')
    expect((await client.batches.cancel(batch.id)).status).toBe('cancelling')
  })
})
