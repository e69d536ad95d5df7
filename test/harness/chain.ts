import {
  createGateway,
  type Gateway,
  type GatewayOptions,
  type Injected,
  type ProviderOptions,
  type RequestRecord,
  type RouteOptions,
} from '@postern/core'
import {
  type DialectName,
  type FakeProvider,
  type JournalEntry,
  startFakeProvider,
} from '@postern/testing'
import { expressHarness } from './express.ts'
import { honoHarness } from './hono.ts'
import { koaHarness } from './koa.ts'
import { spokenBy } from './spoken.ts'

const NAMES = ['first', 'second', 'third', 'fourth', 'fifth'] as const
export type ProviderName = (typeof NAMES)[number]

/** Looks like a key, so that any place that prints it is found. */
export const CANARY_KEY = 'sk-canary-0123456789abcdefghij'
export const CLIENT_KEY = 'pk_client_0123456789abcdef'

export interface ChainOptions {
  /** One fake provider each. @default two that speak OpenAI chat */
  readonly dialects?: readonly DialectName[]
  /** In place of a fake provider: the address of something else. */
  readonly addresses?: Partial<Record<ProviderName, string>>
  readonly quirks?: Partial<Record<ProviderName, NonNullable<ProviderOptions['quirks']>>>
  /** Limits that the providers set for us. */
  readonly limits?: Partial<Record<ProviderName, NonNullable<ProviderOptions['limits']>>>
  readonly gateway?: Omit<GatewayOptions<never>, 'providers' | 'routes'>
  /** Limits of the route. */
  readonly route?: {
    readonly retries?: number
    readonly timeout?: string
    readonly attemptTimeout?: string
    readonly ttftTimeout?: string
    readonly idleTimeout?: string
    readonly continueStreams?: boolean
    readonly onClientLeave?: RouteOptions['onClientLeave']
    readonly fallbackOn?: RouteOptions['fallbackOn']
    readonly overBudget?: RouteOptions['overBudget']
  }
  readonly injected?: Injected
}

/**
 * Fake providers named `first`, `second`, ... and what a gateway's one route over them, `chain`,
 * makes of them.
 */
export interface Providers {
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
  /**
   * Sends anything to a path of the gateway, with a key the gateway knows unless `init` has
   * another.
   */
  send: Send
  /** Forgets what was asked and recorded. */
  reset(): void
  close(): Promise<void>
}

export interface MountedOptions extends Omit<ChainOptions, 'injected'> {
  /** @default the root, where paths the gateway does not know are the host's */
  readonly mountPath?: string
}

/** Reached through `gateway.fetch`. */
export interface Chain extends Providers {
  readonly gateway: Gateway
}

export async function startChain(options: ChainOptions = {}): Promise<Chain> {
  const { providers, configuration, records } = await startProviders(options)
  const gateway = createGateway(configuration, {
    random: () => 0,
    environment: {},
    ...options.injected,
  })
  return {
    gateway,
    ...views(providers, records),
    ...clientOf(withoutLeaks((path, init) => gateway.fetch(`http://gateway${path}`, init))),
    async close() {
      await gateway.close({ graceMs: 0 })
      await Promise.all(providers.map((provider) => provider.close()))
      refuseLeaks(records)
    },
  }
}

/** Mounted in an application of the framework and reached over its socket. */
export interface MountedChain extends Providers {
  /** Where the gateway is mounted. */
  readonly url: string
  /** Errors that reached the framework's own error handler. */
  readonly hostErrors: readonly unknown[]
}

const harnesses = { Express: expressHarness(), Koa: koaHarness(), Hono: honoHarness() }
export type Framework = keyof typeof harnesses

export async function startMountedChain(
  framework: Framework,
  options: MountedOptions = {},
): Promise<MountedChain> {
  const { providers, configuration, records } = await startProviders(options)
  const mountPath = options.mountPath ?? ''
  const application = await harnesses[framework].start({ gateway: configuration, mountPath })
  return {
    hostErrors: application.hostErrors,
    ...views(providers, records),
    url: application.url + mountPath,
    ...clientOf(withoutLeaks((path, init) => fetch(application.url + mountPath + path, init))),
    async close() {
      await application.close()
      await Promise.all(providers.map((provider) => provider.close()))
      refuseLeaks(records)
    },
  }
}

/**
 * Whatever a test is about: no key is ever in a record, or in what an answer begins with (guarantee
 * 1).
 */
function refuseLeaks(seen: unknown): void {
  const text = JSON.stringify(seen)
  for (const key of [CANARY_KEY, CLIENT_KEY])
    if (text.includes(key))
      throw new Error(
        `A key has leaked: ${text.slice(Math.max(0, text.indexOf(key) - 200), text.indexOf(key))}...`,
      )
}

function withoutLeaks(send: Send): Send {
  return async (path, init) => {
    const response = await send(path, init)
    refuseLeaks([...response.headers])
    return response
  }
}

interface Started {
  readonly providers: readonly FakeProvider[]
  readonly configuration: GatewayOptions<never>
  readonly records: RequestRecord[]
}

async function startProviders(options: ChainOptions): Promise<Started> {
  const dialects = options.dialects ?? ['openai-chat', 'openai-chat']
  const providers = await Promise.all(
    dialects.map((dialect) => startFakeProvider({ dialect, apiKey: CANARY_KEY })),
  )
  const records: RequestRecord[] = []
  const configured = providers.map((provider, at) => {
    const name = nameAt(at)
    return [
      name,
      {
        baseUrl: options.addresses?.[name] ?? provider.url,
        apiKey: CANARY_KEY,
        dialect: spokenBy(provider),
        ...(options.quirks?.[name] && { quirks: options.quirks[name] }),
        ...(options.limits?.[name] && { limits: options.limits[name] }),
      },
    ] as const
  })
  const configuration: GatewayOptions<never> = {
    // A machine that runs tests beside each other is late now and then.
    eventLoopLagLimit: 'off',
    providers: Object.fromEntries(configured),
    routes: { chain: { targets: configured.map(([name]) => targetOf(name)), ...options.route } },
    keys: { client: CLIENT_KEY },
    log: 'silent',
    // Chains are shared by tests that have nothing to do with each other's failures.
    circuitBreaker: 'off',
    onRecord: (record) => records.push(record),
    ...options.gateway,
  }
  return { providers, configuration, records }
}

function views(
  providers: readonly FakeProvider[],
  records: RequestRecord[],
): Omit<Providers, 'ask' | 'send' | 'close'> {
  return {
    providers,
    records,
    provider(name) {
      const provider = providers[NAMES.indexOf(name)]
      if (provider === undefined) throw new RangeError(`The chain has no ${name} provider.`)
      return provider
    },
    calls: () => providers.map((provider) => provider.journal.length),
    journal: () => journalOf(providers),
    reset() {
      for (const provider of providers) provider.journal.clear()
      records.length = 0
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

type Send = (path: string, init?: RequestInit) => Promise<Response>

function clientOf(fetchPath: Send): Pick<Providers, 'ask' | 'send'> {
  const send: Send = (path, init = {}) =>
    fetchPath(path, {
      ...init,
      headers: { authorization: `Bearer ${CLIENT_KEY}`, ...init.headers },
    })
  return { send, ask: (body = {}, init = {}) => ask(send, body, init) }
}

/** Sends a chat completion, to the route of a chain unless the body names another model. */
export function ask(
  send: Send,
  body: Record<string, unknown>,
  init: RequestInit = {},
): Promise<Response> {
  return send('/v1/chat/completions', {
    method: 'POST',
    ...init,
    headers: { 'content-type': 'application/json', ...init.headers },
    body: JSON.stringify({
      model: 'chain',
      messages: [{ role: 'user', content: 'Hello' }],
      ...body,
    }),
  })
}

function journalOf(providers: readonly FakeProvider[]): { target: string; status?: number }[] {
  const entries = providers.flatMap((provider, at) =>
    provider.journal.entries.map((entry): [string, JournalEntry] => [targetOf(nameAt(at)), entry]),
  )
  return entries
    .sort(([, a], [, b]) => a.at - b.at)
    .map(([target, { status }]) => ({ target, ...(status === undefined ? {} : { status }) }))
}
