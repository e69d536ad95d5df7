import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createGateway, type Gateway } from '@postern/core'
import {
  CONFORMANCE_KEY,
  type FakeProvider,
  readRecording,
  type Recording,
  startFakeProvider,
} from '@postern/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { clientApiNames, clientApis } from '../harness/client-apis.ts'
import { needsSharedCases, translationCases } from '../harness/shared-cases.ts'

const folder = mkdtempSync(join(tmpdir(), 'bedrock-'))
const NAMES = ['bedrock-tool-use-type', 'bedrock-tool-use-type-stream']
/**
 * Words that models and servers write where the field is optional; only those of the provider's own
 * tools keep a call from the client.
 */
const CLIENT_TYPES = [undefined, 'tool_use', 'client_tool_use', 'function', 'custom', '', null]

describe('a tool call of Bedrock that names its type', () => {
  let provider: FakeProvider
  let gateway: Gateway

  beforeAll(async () => {
    provider = await startFakeProvider({ dialect: 'bedrock-converse', validate: false })
    gateway = createGateway({
      providers: {
        bedrock: { baseUrl: provider.url, apiKey: 'canary', dialect: 'bedrock-converse' },
      },
      keys: { team: CONFORMANCE_KEY },
      log: 'silent',
      retries: 0,
    })
  })
  afterAll(async () => {
    await gateway.close()
    await provider.close()
    rmSync(folder, { recursive: true })
  })

  const read = async (api: (typeof clientApiNames)[number], recording: Recording) => {
    provider.reply({ replay: recording })
    return clientApis[api](
      { url: 'http://gateway', apiKey: CONFORMANCE_KEY, fetch: gateway.fetch as typeof fetch },
      { model: 'bedrock/claude', isStream: recording.isStream },
    )
  }

  it('reaches every client in the shared cases', async (context) => {
    needsSharedCases(context)
    const cases = translationCases().filter(({ name }) => NAMES.includes(name))
    expect(cases).toHaveLength(NAMES.length)
    for (const { clients, recording, expect: expected } of cases) {
      for (const api of clients)
        expect(await read(api, recording), `${recording.name} through ${api}`).toMatchObject({
          ...expected,
        })
    }
  })

  it.each(CLIENT_TYPES.flatMap((type) => [false, true].map((isStream) => ({ type, isStream }))))(
    'is the client’s to run with type $type (stream: $isStream)',
    async ({ type, isStream }) => {
      for (const api of clientApiNames) {
        const { text, tools, finish } = await read(
          api,
          answer(
            { toolUseId: 'tooluse_1', name: 'get_weather', ...(type !== undefined && { type }) },
            isStream,
          ),
        )
        expect({ text, tools, finish }).toEqual({
          text: '',
          tools: [{ id: 'tooluse_1', name: 'get_weather', args: { city: 'Rome' } }],
          finish: 'tool_calls',
        })
      }
    },
  )

  it.each([
    ['server_tool_use', false],
    ['server_tool_use', true],
    ['mcp_tool_use', false],
    ['mcp_tool_use', true],
  ])('is not the client’s to run with type %s (stream: %s)', async (type, isStream) => {
    for (const api of clientApiNames)
      expect(
        (
          await read(
            api,
            answer({ toolUseId: 'tooluse_1', name: 'nova_grounding', type }, isStream, 'end_turn'),
          )
        ).tools,
      ).toEqual([])
  })
})

function answer(
  toolUse: Record<string, unknown>,
  isStream: boolean,
  stopReason = 'tool_use',
): Recording {
  const usage = { inputTokens: 5, outputTokens: 3, totalTokens: 8 }
  const whole = {
    output: {
      message: {
        role: 'assistant',
        content: [{ toolUse: { ...toolUse, input: { city: 'Rome' } } }],
      },
    },
    stopReason,
    usage,
  }
  const events = [
    { messageStart: { role: 'assistant' } },
    { contentBlockStart: { contentBlockIndex: 0, start: { toolUse } } },
    {
      contentBlockDelta: { contentBlockIndex: 0, delta: { toolUse: { input: '{"city":"Rome"}' } } },
    },
    { contentBlockStop: { contentBlockIndex: 0 } },
    { messageStop: { stopReason } },
    { metadata: { usage, metrics: { latencyMs: 1 } } },
  ]
  const path = join(folder, 'answer.json')
  writeFileSync(
    path,
    JSON.stringify({
      ...(isStream && { unframed: true }),
      response: {
        status: 200,
        headers: { 'content-type': 'application/json' },
        body: isStream
          ? events.map((event) => JSON.stringify(event)).join('\n')
          : JSON.stringify(whole),
      },
    }),
  )
  return { ...readRecording(path), isStream }
}
