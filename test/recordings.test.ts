import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import {
  type DialectName,
  loadRecordings,
  type Recording,
  syntheticRecordings,
} from '@postern/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { GatewayReading } from './recordings/gateway-client.ts'
import { expectMeaning, type Json } from './recordings/meaning.ts'
import { openReplay, ownApis, providersOf, type Replay } from './recordings/replay.ts'

const folder = fileURLToPath(new URL('../../shared/recordings/', import.meta.url))
const isPresent = existsSync(folder)
const isRequired = process.env['REQUIRE_RECORDINGS'] === '1'
const dialects: readonly DialectName[] = [
  'openai-chat',
  'openai-responses',
  'anthropic-messages',
  'gemini',
  'bedrock-converse',
  'cohere',
]

/** Recordings that are no witness, and why. */
const unusable: Readonly<Record<string, string>> = {
  'openai-responses/aisdk-azure-deepseek-reasoning.1':
    'a chat completion that was filed with the responses',
  'openai-responses/aisdk-openai-shell-container.1.stream':
    'its deltas say another sentence than its last event',
}

const recordings = isPresent
  ? dialects
      .flatMap((dialect) => loadRecordings(`${folder}${dialect}`))
      .filter(({ name, dialect }) => !(`${dialect}/${name}` in unusable))
  : []

/**
 * Recordings the provider's own SDK cannot read as they are, with what they lack. The SDK gets them
 * mended, the gateway as they were recorded.
 */
const unreadable: Readonly<Record<string, { readonly why: string; readonly missing: string }>> = {
  'gomodel-anthropic-messages_stream': {
    why: 'the blank line after message_stop was not recorded, so the SDK never sees the event',
    missing: '\n',
  },
}

/** In one piece, and cut into writes of 1 to 97 bytes. */
const writings = [undefined, { seed: 97 }]

it('finds the recordings beside the project', ({ skip }) => {
  if (!isPresent && !isRequired)
    skip(
      'The folder shared/recordings does not lie beside the project; only the synthetic recordings were replayed.',
    )
  for (const dialect of dialects)
    expect(recordings.filter((recording) => recording.dialect === dialect).length).toBeGreaterThan(
      0,
    )
})

describe.each(dialects)('recordings of %s', (dialect) => {
  const own = recordings.filter((recording) => recording.dialect === dialect)
  const synthetic = syntheticRecordings(dialect)
  const replays = new Map<string, Replay>()

  beforeAll(async () => {
    const names = new Set([...own, ...synthetic].flatMap(providersOf))
    for (const surface of ['gateway.fetch', 'Express'] as const)
      replays.set(surface, await openReplay(surface, dialect, names))
  })
  afterAll(async () => {
    await Promise.all([...replays.values()].map((replay) => replay.close()))
  })

  const through = (surface = 'gateway.fetch'): Replay => {
    const replay = replays.get(surface)
    if (replay === undefined) throw new TypeError(`There is no gateway behind ${surface}.`)
    return replay
  }

  const answers = own.filter(({ status }) => status < 400)
  const streams = answers.filter(({ isStream }) => isStream)
  const refusals = own.filter(({ status }) => status >= 400)

  it.each(answers.map(titled))(
    '%s means the same as through the provider’s SDK',
    async (_, recording) => {
      await expectSame(through(), recording)
    },
  )

  it.each(answers.filter(({ name }) => name in unreadable).map(unreadableTitle))(
    'the provider’s SDK cannot read %s',
    async (_, recording) => {
      await expect(through().throughProvider(recording)).rejects.toThrow()
    },
  )

  it.each(answers.filter(isSampled).map(titled))(
    '%s means the same through Express',
    async (_, recording) => {
      await expectSame(through('Express'), recording)
    },
  )

  it.each(dialect in ownApis ? answers.map(titled) : [])(
    '%s means the same through the same API of the gateway',
    async (_, recording) => {
      const expected = await through('Express').throughProvider(readable(recording))
      const [provider = ''] = providersOf(recording)
      for (const writeSizes of writings) {
        const seen = await through('Express').throughOwnApi(recording, { provider, writeSizes })
        // Where the provider gives its calls no ids, its own clients need none.
        expectMeaning(
          {
            ...seen,
            toolCalls: seen.toolCalls.map((call, at) => ({ ...call, id: call.id ?? `call ${at}` })),
          },
          expected,
        )
      }
    },
  )

  it.each(refusals.map(titled))('%s is refused as documented', async (_, recording) => {
    expect(
      statusIn(
        await through()
          .throughProvider(recording)
          .catch((error: unknown) => error),
      ),
    ).toBe(recording.status)
    for (const isStream of [false, true]) {
      for (const provider of providersOf(recording)) {
        const { reading, record } = await through().throughGateway(
          { ...recording, isStream },
          { provider },
        )
        expectRefusal(reading, recording)
        expect(record).toMatchObject({
          status: reading.error?.status,
          code: record.attempts[0]?.code,
        })
      }
    }
  })

  it.each(streams.map(titled))('%s never looks whole when it breaks', async (_, recording) => {
    const expected = await through().throughProvider(readable(recording))
    const half = Math.floor(recording.body.length / 2)
    const [provider = ''] = providersOf(recording)
    const ended = await through().throughGateway(
      { ...recording, body: recording.body.subarray(0, half) },
      { provider },
    )
    const reset = await through().throughGateway(recording, { provider, cutAfterBytes: half })
    for (const { reading, record } of [ended, reset]) {
      expect(expected.text.startsWith(reading.text)).toBe(true)
      expectBroken(reading)
      expect(record.code).not.toBe('ok')
    }
  })

  it.each(synthetic.map(titled))('synthetic %s means what it says', async (_, recording) => {
    const [provider = ''] = providersOf(recording)
    for (const writeSizes of writings) {
      const { reading, record } = await through().throughGateway(recording, {
        provider,
        writeSizes,
      })
      expectMeaning(reading, recording.expected)
      if (recording.expected.outcome === 'complete') expectWhole(reading, recording)
      else expectBroken(reading)
      const { usage } = recording.expected
      if (usage === undefined) continue
      if (record.usage?.estimated !== true) expect(record.usage).toMatchObject(usage)
      // Of an answer that broke off, what may have been made by then is counted as well.
      else
        expect([record.usage.input, record.usage.output >= (usage.output ?? 0)]).toEqual([
          usage.input,
          true,
        ])
    }
  })
})

/** SDKs keep the status of a refusal under different names. */
function statusIn(error: unknown): unknown {
  const { status, statusCode, $metadata } = error as {
    status?: number
    statusCode?: number
    $metadata?: { httpStatusCode?: number }
  }
  return status ?? statusCode ?? $metadata?.httpStatusCode
}

function titled<T extends Recording>(recording: T): [string, T] {
  return [recording.name, recording]
}

function unreadableTitle(recording: Recording): [string, Recording] {
  return [`${recording.name}: ${unreadable[recording.name]?.why ?? ''}`, recording]
}

function readable(recording: Recording): Recording {
  const missing = unreadable[recording.name]?.missing ?? ''
  return { ...recording, body: Buffer.concat([recording.body, Buffer.from(missing)]) }
}

function isSampled(_: Recording, at: number): boolean {
  return at % 7 === 0
}

async function expectSame(replay: Replay, recording: Recording): Promise<void> {
  const expected = await replay.throughProvider(readable(recording))
  for (const provider of providersOf(recording)) {
    for (const writeSizes of writings) {
      const { reading, record } = await replay.throughGateway(recording, { provider, writeSizes })
      expectMeaning(reading, expected)
      expectWhole(reading, recording)
      if (provider === 'openai' && recording.dialect === 'openai-chat')
        expect(reading.body.trimEnd()).toBe(recording.body.toString('utf8').trimEnd())
      expect(record).toMatchObject({ status: 200, code: 'ok', finishReasons: [expected.finish] })
      // Usage that a provider does not report is estimated, for limits.
      if (expected.usage === undefined) expect(record.usage?.estimated).toBe(true)
      else
        expect([
          record.usage?.input,
          record.usage && record.usage.input + record.usage.output,
        ]).toEqual([expected.usage.input, expected.totalTokens])
    }
  }
}

function expectWhole(reading: GatewayReading, { isStream }: Recording): void {
  expect(reading.error).toBeUndefined()
  if (isStream) expect(reading.body.endsWith('\n\ndata: [DONE]\n\n')).toBe(true)
  expect(reading.body.split('[DONE]')).toHaveLength(isStream ? 2 : 1)
}

function expectBroken(reading: GatewayReading): void {
  expect(reading.error).toBeDefined()
  expect(reading.outcome).not.toBe('complete')
  expect(reading.body).not.toContain('[DONE]')
}

/**
 * A refusal of our own key is never the client's 401, and the provider's words about it stay here;
 * others keep their status.
 */
function expectRefusal(
  { error, body }: GatewayReading,
  { status, body: recorded }: Recording,
): void {
  const isAboutKey =
    status === 401 ||
    /api[ _]key[ _](not valid|invalid)|incorrect api key|security token/i.test(
      recorded.toString('utf8'),
    )
  if (isAboutKey) {
    expect(error).toMatchObject({ status: 502, code: 'provider_credentials' })
    expect(error?.message).toMatch(/refused the gateway's own credentials/)
  } else if (status === 429) expect(error).toMatchObject({ status })
  else if (status >= 500) expect([502, 503, 504]).toContain(error?.status)
  else {
    const { message, code, param } = (JSON.parse(recorded.toString('utf8')) as { error: Json })
      .error
    expect(error).toMatchObject({ status, param, ...(code !== null && { code }) })
    expect(error?.message).toContain(message)
  }
  expect(body).not.toContain('sk-the-providers-own-key')
}
