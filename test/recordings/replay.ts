import { createGateway, type GatewayOptions, type RequestRecord } from '@postern/core'
import {
  CONFORMANCE_KEY,
  type DialectName,
  type Recording,
  type ScriptedReply,
  startFakeProvider,
  type WriteSizes,
} from '@postern/testing'
import { expressHarness } from '../harness/express.ts'
import { spokenBy } from '../harness/spoken.ts'
import { readAnthropicMessages } from './anthropic-messages.ts'
import { readBedrockConverse } from './bedrock-converse.ts'
import { readCohere } from './cohere.ts'
import { type GatewayAddress, type GatewayReading, readThroughGateway } from './gateway-client.ts'
import { readGemini } from './gemini.ts'
import type { ProviderReading, ReaderOptions } from './meaning.ts'
import { readOpenaiChat } from './openai-chat.ts'
import { readOpenaiResponses } from './openai-responses.ts'

/** One way to reach a gateway, and one provider behind it that says what was recorded. */
export interface Replay {
  /**
   * The recording as the provider's own SDK reads it. Rejects with the SDK's error for a refusal.
   */
  throughProvider(recording: Recording): Promise<ProviderReading>
  /**
   * The answer that the official OpenAI SDK gets from the gateway, and the gateway's record.
   */
  throughGateway(
    recording: Recording,
    options: ReplayOptions,
  ): Promise<{ readonly reading: GatewayReading; readonly record: RequestRecord }>
  /** The answer that the provider's own SDK gets from the gateway, through the same API. */
  throughOwnApi(recording: Recording, options: ReplayOptions): Promise<ProviderReading>
  close(): Promise<void>
}

/** Dialects that clients of the gateway speak as well, and what their SDKs have after the mount. */
export const ownApis: Readonly<Partial<Record<DialectName, string>>> = {
  'openai-responses': '/v1',
  'anthropic-messages': '',
  gemini: '',
}

export interface ReplayOptions {
  /** Name of the provider as the gateway knows it. */
  readonly provider: string
  /** @default the body in one piece */
  readonly writeSizes?: WriteSizes | undefined
  /** @default the whole recording, ended as it was */
  readonly cutAfterBytes?: number
}

const PROVIDER_KEY = 'sk-the-providers-own-key'

const readers: Readonly<Record<DialectName, (options: ReaderOptions) => Promise<ProviderReading>>> =
  {
    'openai-chat': readOpenaiChat,
    'openai-responses': readOpenaiResponses,
    'anthropic-messages': readAnthropicMessages,
    gemini: readGemini,
    'bedrock-converse': readBedrockConverse,
    cohere: readCohere,
  }

/** Starts a fake provider of this dialect and a gateway that knows it under these names. */
export async function openReplay(
  surface: 'Express' | 'gateway.fetch',
  dialect: DialectName,
  providers: Iterable<string>,
): Promise<Replay> {
  const fake = await startFakeProvider({ dialect, validate: false })
  const records: RequestRecord[] = []
  const gateway = await reach(surface, {
    providers: Object.fromEntries(
      [...providers].map((name) => [
        name,
        { baseUrl: fake.url, apiKey: PROVIDER_KEY, dialect: spokenBy(fake), ...quirksOf(name) },
      ]),
    ),
    keys: { conformance: CONFORMANCE_KEY },
    log: 'silent',
    circuitBreaker: 'off',
    retries: 0,
    onRecord: (record) => void records.push(record),
  })
  return {
    throughProvider(recording) {
      fake.reply({ replay: recording })
      return readers[dialect]({ url: fake.url, isStream: recording.isStream })
    },
    async throughGateway(recording, { provider, ...faults }) {
      fake.reply(replyOf(recording, faults))
      records.length = 0
      const reading = await readThroughGateway(gateway, {
        model: `${provider}/recorded`,
        isStream: recording.isStream,
      })
      const [record] = records
      if (record === undefined || records.length > 1)
        throw new Error(`One request left ${records.length} records.`)
      return { reading, record }
    },
    throughOwnApi(recording, { provider, ...faults }) {
      fake.reply(replyOf(recording, faults))
      const url = gateway.baseURL.replace(/\/v1$/, '') + (ownApis[dialect] ?? '')
      return readers[dialect]({
        url,
        apiKey: CONFORMANCE_KEY,
        model: `${provider}/recorded`,
        isStream: recording.isStream,
      })
    },
    async close() {
      await gateway.close()
      await fake.close()
    },
  }
}

function replyOf(
  replay: Recording,
  { writeSizes, cutAfterBytes }: Omit<ReplayOptions, 'provider'>,
): ScriptedReply {
  return {
    replay,
    ...(writeSizes !== undefined && { writeSizes }),
    ...(cutAfterBytes !== undefined && { cutAfterBytes, cutBy: 'rst' as const }),
  }
}

/**
 * OpenAI keeps to the letter, so its bytes are forwarded; the gateway must be configured so at an
 * unknown address.
 */
function quirksOf(provider: string): { readonly quirks?: { readonly exact: boolean } } {
  return provider === 'openai' ? { quirks: { exact: true } } : {}
}

async function reach(
  surface: 'Express' | 'gateway.fetch',
  given: GatewayOptions<never>,
): Promise<GatewayAddress & { close(): Promise<void> }> {
  // A machine that runs tests beside each other is late now and then.
  const options = { eventLoopLagLimit: 'off' as const, ...given }
  if (surface === 'Express') {
    const application = await expressHarness().start({ gateway: options, mountPath: '/llm' })
    return {
      baseURL: `${application.url}/llm/v1`,
      apiKey: CONFORMANCE_KEY,
      fetch: globalThis.fetch,
      close: () => application.close(),
    }
  }
  const own = createGateway(options)
  return {
    baseURL: 'http://gateway/v1',
    apiKey: CONFORMANCE_KEY,
    fetch: own.fetch as typeof globalThis.fetch,
    close: () => own.close(),
  }
}

/** Names the gateway's catalogue has for recorded services that call themselves otherwise. */
const aliases: Readonly<Record<string, string>> = {
  moonshotai: 'moonshot',
  'openai-compatible': 'xai',
  gemini: 'google-openai',
  synthetic: 'compatible',
}

/**
 * The names a recording is replayed under: who was recorded, by label or by host (`api.mistral.ai`
 * is `mistral`).
 */
export function providersOf({ dialect, provider }: Recording): readonly string[] {
  if (dialect === 'anthropic-messages') return ['anthropic']
  if (dialect === 'gemini') return ['gemini']
  if (dialect === 'bedrock-converse') return ['bedrock']
  if (dialect === 'cohere') return ['cohere']
  const label = provider.split('.').at(-2) ?? provider
  const name = aliases[label] ?? label
  // Once with its bytes forwarded, once read and mended like everybody else's.
  return name === 'openai' ? [name, 'openai-compatible'] : [name]
}
