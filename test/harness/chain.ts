import { createGateway, type Gateway, type GatewayOptions, type Injected, type RequestRecord } from '@postern/core'
import { type DialectName, type FakeProvider, type JournalEntry, startFakeProvider } from '@postern/testing'

const NAMES = ['first', 'second', 'third', 'fourth', 'fifth'] as const
export type ProviderName = (typeof NAMES)[number]

/** Looks like a key, so that whoever prints it is caught whatever cleans texts. */
export const CANARY_KEY = 'sk-canary-0123456789abcdefghij'
export const CLIENT_KEY = 'pk_client_0123456789abcdef'

export interface ChainOptions {
  /** One fake provider each. @default two that speak OpenAI chat */
  readonly dialects?: readonly DialectName[]
  /** In place of a fake provider: the address of something else. */
  readonly addresses?: Partial<Record<ProviderName, string>>
  readonly gateway?: Omit<GatewayOptions<never>, 'providers' | 'routes'>
  /** Limits of the route. */
  readonly route?: { readonly retries?: number; readonly timeout?: string; readonly ttftTimeout?: string; readonly idleTimeout?: string }
  readonly injected?: Injected
}

/** A gateway with one route, `chain`, over fake providers named `first`, `second`, ... */
export interface Chain {
  readonly gateway: Gateway
  readonly providers: readonly FakeProvider[]
  /** Of every finished request, in order. */
  readonly records: readonly RequestRecord[]
  provider(name: ProviderName): FakeProvider
  /** How often each provider was called, in the order of the route. */
  calls(): number[]
  /** Every call any provider saw, in order, as the gateway should have recorded it. */
  journal(): { target: string; status?: number }[]
  /** Sends a chat completion to the route. */
  ask(body?: Record<string, unknown>, init?: RequestInit): Promise<Response>
  reset(): void
  close(): Promise<void>
}

export async function startChain(options: ChainOptions = {}): Promise<Chain> {
  const dialects = options.dialects ?? ['openai-chat', 'openai-chat']
  const providers = await Promise.all(dialects.map((dialect) => startFakeProvider({ dialect, apiKey: CANARY_KEY })))
  const names = NAMES.slice(0, providers.length)
  const records: RequestRecord[] = []
  const gateway = createGateway(
    {
      providers: Object.fromEntries(
        providers.map((provider, at) => {
          const name = nameAt(at)
          return [name, { baseUrl: options.addresses?.[name] ?? provider.url, apiKey: CANARY_KEY, dialect: provider.dialect }]
        }),
      ),
      routes: { chain: { targets: names.map(targetOf), ...options.route } },
      keys: { client: CLIENT_KEY },
      log: 'silent',
      onRecord: (record) => records.push(record),
      ...options.gateway,
    },
    { random: () => 0, environment: {}, ...options.injected },
  )
  return {
    gateway,
    providers,
    records,
    provider(name) {
      const provider = providers[NAMES.indexOf(name)]
      if (provider === undefined) throw new RangeError(`The chain has no ${name} provider.`)
      return provider
    },
    calls: () => providers.map((provider) => provider.journal.length),
    journal: () => journalOf(providers),
    ask: (body = {}, init = {}) => ask(gateway, body, init),
    reset() {
      for (const provider of providers) provider.journal.clear()
      records.length = 0
    },
    async close() {
      await gateway.close({ graceMs: 0 })
      await Promise.all(providers.map((provider) => provider.close()))
    },
  }
}

/** The target of a route's provider. */
export function targetOf(name: string): string {
  return `${name}/model-of-${name}`
}

function nameAt(at: number): ProviderName {
  const name = NAMES[at]
  if (name === undefined) throw new RangeError(`A chain has at most ${NAMES.length} providers.`)
  return name
}

/** Sends a chat completion through `gateway.fetch` with the key a chain knows. */
export function ask(gateway: Gateway, body: Record<string, unknown>, init: RequestInit = {}): Promise<Response> {
  return gateway.fetch('http://gateway/v1/chat/completions', {
    method: 'POST',
    ...init,
    headers: { 'content-type': 'application/json', authorization: `Bearer ${CLIENT_KEY}`, ...init.headers },
    body: JSON.stringify({ model: 'chain', messages: [{ role: 'user', content: 'Hello' }], ...body }),
  })
}

function journalOf(providers: readonly FakeProvider[]): { target: string; status?: number }[] {
  const entries = providers.flatMap((provider, at) => provider.journal.entries.map((entry): [string, JournalEntry] => [targetOf(nameAt(at)), entry]))
  return entries
    .sort(([, a], [, b]) => a.at - b.at)
    .map(([target, { status }]) => ({ target, ...(status === undefined ? {} : { status }) }))
}
