import { randomUUID } from 'node:crypto'
import { switchOf } from './administration.ts'
import { type Clock, systemClock } from '../clock.ts'
import {
  type GatewayOptions,
  processEnvironment,
  resolveSettings,
  type Settings,
  watchFile,
} from '../config/index.ts'
import { type Dialect, dialects, type Usage } from '../dialects/index.ts'
import {
  createModelLists,
  createTransport,
  type DispatchDeps,
  RetryBudget,
  SharedHealth,
  TargetHealth,
  type Transport,
} from '../dispatch/index.ts'
import { GatewayError, messageOf } from '../errors.ts'
import { endExchange, type Exchange } from '../pipeline/exchange.ts'
import { InFlight } from '../pipeline/in-flight.ts'
import { HostCalls } from '../foundation/host-calls.ts'
import { type GatewayRequest, type GatewayResponse, handleWeb, targetOf } from '../http/index.ts'
import {
  callerKey,
  createIdentify,
  createJwtCheck,
  developmentKey,
  hostLogin,
} from '../identity/index.ts'
import { PriceList, ReportIntake } from '../records/index.ts'
import { type EventLoopDelay, HostLoad, type Shedding } from '../limits/index.ts'
import { createLogger, type LeveledLogger } from '../log.ts'
import { degradedParts, handle } from '../pipeline/handle.ts'
import { circuitLog, invalidConfigurationLog, logShedding } from './operator-log.ts'
import { missingParts } from './readiness.ts'
import { SharedState } from './shared-state.ts'
import type { Provider, ProviderDeps, TokenAnswer, TokenRequest } from '../providers/index.ts'
import type { Plan, PlanLimits, ProviderEntry, RoutingTable, Target } from '../routing/index.ts'
import type { Runtime } from './runtime.ts'
import { Turns } from '../json/turns.ts'

/** A running gateway. Two of them in one process share nothing. */
export interface Gateway {
  /**
   * Path the gateway was configured to live under; adapters cut it off. `''` when the framework
   * does that.
   */
  readonly prefix: string
  /** The whole pipeline for one request of any framework. Never rejects. */
  handle(request: GatewayRequest): Promise<GatewayResponse>
  /**
   * The same pipeline without a socket, as a drop-in for `fetch`, which rejects when its signal
   * aborts: `new OpenAI({ baseURL: 'http://llm/v1', apiKey, fetch: gateway.fetch })`.
   */
  fetch(input: string | URL | Request, init?: RequestInit): Promise<Response>
  /** What a health check wants to know. */
  health(): GatewayHealth
  /**
   * Takes no new requests (503), waits up to `graceMs` (default 10,000) for those under way, then
   * ends the rest with an error and frees every timer and connection. A second call waits for the
   * first.
   */
  close(options?: { readonly graceMs?: number }): Promise<void>
}

export interface GatewayHealth {
  /**
   * `degraded`: it serves, but passes targets over that keep failing, or refuses some requests for
   * the sake of the host.
   */
  readonly status: 'ok' | 'degraded' | 'closing'
  /** What is not as it should be: `targets`, `event-loop`, `store`. */
  readonly degraded: readonly string[]
  readonly providers: readonly string[]
  readonly routes: readonly string[]
  /** Requests and streams under way. */
  readonly active: number
  /**
   * Targets that keep failing and are passed over: `provider/model`, with `#key-2` behind it for
   * one of several keys.
   */
  readonly unavailable: readonly string[]
  /** Whose requests are refused because the host's event loop is too late: `batch` goes first. */
  readonly shedding: Shedding
}

/** What tests put in place of the world. */
export interface Injected {
  readonly clock?: Clock
  /** Uniform in [0, 1). */
  readonly random?: () => number
  readonly environment?: Readonly<Record<string, string | undefined>>
  readonly transport?: Transport
  readonly eventLoopDelay?: EventLoopDelay
}

/**
 * Starts a gateway from code, environment and file, in that order of precedence. Throws
 * `ConfigurationError` naming every problem, its place and its fix; a gateway that starts is
 * configured completely.
 *
 * @example const gateway = createGateway({ routes: { support: ['anthropic/claude-sonnet-4-6',
 *   'openai/gpt-5-mini'] } })
 */
export function createGateway<Host = unknown>(
  options: GatewayOptions<Host> = {},
  injected: Injected = {},
): Gateway {
  const environment = injected.environment ?? processEnvironment()
  const deps: ProviderDeps = {
    clock: injected.clock ?? systemClock,
    fetchToken: (request) => fetchToken(core.dispatch, request),
    askHost: (...asked) => core.hostCalls.credential(...asked),
  }
  const load = (): Settings => resolveSettings(options as GatewayOptions, environment, deps)
  const settings = load()
  const core = createCore(settings, injected)
  let runtime = createRuntime(settings, core)
  const invalid = invalidConfigurationLog(core.log, core.dispatch.clock)
  const reload = (): void => {
    try {
      runtime = createRuntime(load(), core)
      core.log.info('configuration reloaded')
      invalid.end()
    } catch (error) {
      invalid.begin(error)
    }
  }
  const watcher =
    settings.configPath === undefined
      ? undefined
      : watchFile(settings.configPath, {
          clock: core.dispatch.clock,
          onChange: reload,
          onError: (error) =>
            core.log.error('the configuration file is no longer watched', {
              cause: messageOf(error),
            }),
        })
  let closing: Promise<void> | undefined
  const answer = (request: GatewayRequest): Promise<GatewayResponse> => handle(runtime, request)
  return {
    prefix: settings.prefix,
    handle: answer,
    async fetch(input, init) {
      // A `Request` listens to a signal it is given until it is collected: a long-lived one would
      // gather listeners.
      const { signal, ...rest } = init ?? {}
      const request =
        input instanceof Request && init === undefined ? input : new Request(input, rest)
      const left = signal ?? request.signal
      // A `Request` has resolved dot segments and backslashes: what a string says is matched as it
      // was written.
      const url = targetOf(typeof input === 'string' ? input : request.url)
      const response = await handleWeb({ prefix: settings.prefix, handle: answer }, request, {
        url,
        signal: left,
      })
      if (response === undefined)
        throw new TypeError('A gateway without a host answers every request itself.')
      if (response.status === 499) left.throwIfAborted()
      return response
    },
    health: () => healthOf(core, runtime),
    close({ graceMs = 10_000 } = {}) {
      core.state.isOpen = false
      watcher?.close()
      invalid.close()
      core.load?.close()
      for (const condition of core.conditions) condition.close()
      closing ??= shutDown(core, graceMs)
      return closing
    },
  }
}

function healthOf(core: Core, runtime: Runtime): GatewayHealth {
  return {
    status: core.state.isOpen ? (degradedParts(runtime).length > 0 ? 'degraded' : 'ok') : 'closing',
    degraded: degradedParts(runtime),
    providers: [...runtime.routing.providers.keys()],
    routes: [...runtime.routing.routes.keys()],
    active: core.active.size,
    unavailable: core.dispatch.health.unavailable,
    shedding: core.load?.current ?? 'nobody',
  }
}

/** What outlives a reload. */
interface Core {
  readonly log: LeveledLogger
  readonly hostCalls: HostCalls
  readonly dispatch: DispatchDeps
  readonly load: HostLoad | undefined
  /** Lasting conditions that are logged: to be closed with the gateway. */
  readonly conditions: readonly { close(): void }[]
  readonly shared: SharedState
  readonly developmentKey: string | undefined
  readonly active: InFlight<Exchange>
  readonly reports: ReportIntake
  readonly state: {
    isOpen: boolean
    onIdle: (() => void) | undefined
    warnedOfHostParser: boolean
    hasLookedAtHost: boolean
  }
}

function createCore(settings: Settings, injected: Injected): Core {
  const log = createLogger(settings.log)
  const clock = injected.clock ?? systemClock
  const transport =
    injected.transport ?? createTransport({ connectTimeoutMs: settings.connectTimeoutMs })
  const active = new InFlight<Exchange>()
  const hostCalls = new HostCalls({ clock, log })
  const shared = new SharedState(settings, {
    log,
    clock,
    hostCalls,
    post: (url, body) => post({ transport, clock }, url, body),
    endRequestsOf: (key) => endRequests(active, key),
  })
  const circuits = circuitLog(log, clock)
  const health = new TargetHealth(
    clock,
    (target, state, openForMs) => {
      circuits.onChange(target, state)
      others?.tell(target, state, openForMs)
    },
    { isOff: !settings.hasCircuitBreaker },
  )
  const healthStore = settings.hasCircuitBreaker ? shared.healthStore : undefined
  const others = healthStore && new SharedHealth(healthStore, health, clock)
  health.onCoolDown = (target, ms) => others?.tellCooling(target, ms)
  return {
    log,
    hostCalls,
    dispatch: {
      clock,
      health,
      shared: others,
      retryBudget: new RetryBudget(clock),
      turns: new Turns(),
      transport,
      random: injected.random ?? Math.random,
      newId: (prefix) => prefix + randomUUID().replaceAll('-', ''),
    },
    load: loadOf(settings, { log, clock, delay: injected.eventLoopDelay }),
    conditions: [circuits],
    shared,
    developmentKey: settings.needsDevelopmentKey ? announced(developmentKey(), log) : undefined,
    active,
    reports: new ReportIntake(clock),
    state: { isOpen: true, onIdle: undefined, warnedOfHostParser: false, hasLookedAtHost: false },
  }
}

function loadOf(
  { eventLoopLagLimitMs }: Settings,
  {
    log,
    clock,
    delay,
  }: {
    readonly log: LeveledLogger
    readonly clock: Clock
    readonly delay: EventLoopDelay | undefined
  },
): HostLoad | undefined {
  if (eventLoopLagLimitMs === Number.POSITIVE_INFINITY) return undefined
  return new HostLoad({
    clock,
    limitMs: eventLoopLagLimitMs,
    delay,
    onChange: (shedding, lagMs) => logShedding(log, shedding, lagMs),
  })
}

const TOKEN_DEADLINE_MS = 10_000
const MAX_TOKEN_BYTES = 64 * 1024

/**
 * The call that gets a provider its token: no answer of a provider, so it has a deadline of its
 * own.
 */
async function fetchToken(
  { transport, clock }: DispatchDeps,
  request: TokenRequest,
): Promise<TokenAnswer> {
  const call = transport.send({ ...request, method: 'POST', onConnected: () => undefined })
  const timer = clock.setTimer(
    () => call.abort(new GatewayError('provider_unreachable', 'No token came in time.')),
    TOKEN_DEADLINE_MS,
  )
  try {
    const { status } = await call.response
    return { status, body: Buffer.from(await call.collect(MAX_TOKEN_BYTES)).toString('utf8') }
  } finally {
    timer.clear()
  }
}

/** Sends JSON to somebody who is told something, and no more than that. */
async function post(
  deps: Pick<DispatchDeps, 'transport' | 'clock'>,
  url: string,
  body: object,
): Promise<void> {
  await sendOnce(deps, url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
}

function getText(deps: DispatchDeps, url: string): Promise<string> {
  return sendOnce(deps, url, {
    method: 'GET',
    headers: { accept: 'application/json' },
    body: undefined,
  })
}

/** Rejects for every answer but a good one. */
async function sendOnce(
  { transport, clock }: Pick<DispatchDeps, 'transport' | 'clock'>,
  url: string,
  request: {
    readonly method: string
    readonly headers: Readonly<Record<string, string>>
    readonly body: string | undefined
  },
): Promise<string> {
  const { origin, pathname, search } = new URL(url)
  const call = transport.send({
    ...request,
    origin,
    path: pathname + search,
    headers: { 'user-agent': 'postern', ...request.headers },
    onConnected: () => undefined,
  })
  const timer = clock.setTimer(
    () => call.abort(new GatewayError('deadline_exceeded', 'There was no answer in time.')),
    TOKEN_DEADLINE_MS,
  )
  try {
    const { status } = await call.response
    const bytes = await call.collect(MAX_TOKEN_BYTES)
    if (status > 299) throw new Error(`${origin} answered with ${status}.`)
    return Buffer.from(bytes).toString('utf8')
  } finally {
    timer.clear()
  }
}

function announced(key: string, log: LeveledLogger): string {
  log.warn(`No keys are configured. This development key is valid until the process ends: ${key}`)
  return key
}

function createRuntime(settings: Settings, core: Core): Runtime {
  const prices = new PriceList(settings.prices)
  const keys = settings.keys.map(({ key, name, routes, models, attribution }) => ({
    key,
    caller: { id: name, ...attribution, ...(routes && { routes }), ...(models && { models }) },
  }))
  if (settings.needsDevelopmentKey && core.developmentKey !== undefined)
    keys.push({ key: core.developmentKey, caller: { id: 'development' } })
  const listModels = createModelLists(
    settings.providers.values(),
    core.dispatch,
    (provider, error) =>
      core.log.warn('a provider did not list its models', { provider, cause: messageOf(error) }),
  )
  const routing = createRoutingTable(settings)
  const isDisabled = switchOf(settings.isDisabled, core.shared.administered?.rules, core.hostCalls)
  return Object.freeze({
    clock: core.dispatch.clock,
    log: core.log,
    identify: core.shared.identify(
      createIdentify({
        auth: settings.auth === 'none' ? 'none' : 'keys',
        keys,
        ring: core.shared.administered?.ring,
        jwt:
          settings.jwt &&
          createJwtCheck(settings.jwt, {
            clock: core.dispatch.clock,
            get: (url) => getText(core.dispatch, url),
          }),
        login: settings.identify && hostLogin(settings.identify, core.hostCalls),
      }),
      core.active,
    ),
    routing,
    isDisabled,
    dispatch: core.dispatch,
    bodyLimitBytes: settings.bodyLimitBytes,
    forwardTrace: settings.forwardTrace,
    load: core.load,
    storeDefects: () => core.shared.degraded,
    missing: () =>
      missingParts({
        routing,
        health: core.dispatch.health,
        isDisabled,
        isStoreMissed: () => core.shared.isMissed(settings.limits),
      }),
    priceOf: (target: string, usage: Usage) => prices.nanoDollars(target, usage),
    surchargeOf: (target: string) => prices.surcharge(target),
    ...core.shared.admission(settings.limits),
    admin: core.shared.admin(settings),
    loopLimit: settings.loopLimit,
    throttle: core.shared.throttles.keys,
    providerLimits: settings.providerLimits,
    onRequest: settings.production
      ? (request: GatewayRequest) => lookAtHost(core, request)
      : () => undefined,
    onHostParsedBody: () => warnOfHostParser(core, settings.bodyLimitBytes),
    onRecord: core.hostCalls.notifier('onRecord', settings.onRecord),
    reports: core.reports,
    listModels,
    active: core.active,
    isOpen: () => core.state.isOpen,
    onSettled: () => {
      if (core.active.size === 0) core.state.onIdle?.()
    },
  })
}

/**
 * Load balancers commonly keep idle connections for a minute, and answer 502 for requests on one
 * that the server has just closed.
 */
const SHORTEST_KEEP_ALIVE_MS = 65_000

function lookAtHost(core: Core, { keepAliveTimeoutMs }: GatewayRequest): void {
  if (core.state.hasLookedAtHost) return
  core.state.hasLookedAtHost = true
  if (
    keepAliveTimeoutMs === undefined ||
    keepAliveTimeoutMs === 0 ||
    keepAliveTimeoutMs >= SHORTEST_KEEP_ALIVE_MS
  )
    return
  core.log.warn(
    `The host's server closes idle connections after ${keepAliveTimeoutMs} ms: behind a load balancer, which keeps them longer, that means 502 now and then. Set server.keepAliveTimeout above the load balancer's idle timeout, such as 65000.`,
  )
}

/**
 * The parser's limit holds before ours and answers in the host's own words: nothing we could do
 * when it strikes.
 */
function warnOfHostParser(core: Core, limit: number): void {
  if (core.state.warnedOfHostParser) return
  core.state.warnedOfHostParser = true
  core.log.warn(
    `A body parser of the host runs before the gateway: prompts over its own limit (100 kB in express.json(), 1 MB in @koa/bodyparser) are refused by it, whatever bodyLimit (${limit} bytes) says. Mount the gateway before the parser, or raise the parser's limit.`,
  )
}

function createRoutingTable(settings: Settings): RoutingTable {
  const limits: PlanLimits = {
    connectTimeoutMs: settings.connectTimeoutMs,
    attemptTimeoutMs: settings.attemptTimeoutMs ?? 'derived',
    ttftTimeoutMs: settings.ttftTimeoutMs,
    idleTimeoutMs: settings.idleTimeoutMs,
    timeoutMs: settings.timeoutMs,
    retries: settings.retries,
    answerLimitBytes: settings.answerLimitBytes,
    eventLimitBytes: settings.eventLimitBytes,
    dropUnsupported: settings.dropUnsupported,
    fallbackOn: settings.fallbackOn,
    overBudget: settings.overBudget,
    onClientLeave: settings.onClientLeave,
  }
  const providers = new Map(
    [...settings.providers].map(([name, provider]) => [name, entryOf(provider)]),
  )
  const target = (wanted: { provider: string; model: string }): Target => {
    const entry = providers.get(wanted.provider)
    if (entry === undefined)
      throw new TypeError(`Settings name the provider ${wanted.provider} without having it.`)
    return entry.target(wanted.model)
  }
  const routes = new Map(
    [...settings.routes].map(([name, route]): [string, Plan] => {
      const { name: _, targets, ...own } = route
      const ofRoute: PlanLimits = {
        ...limits,
        ...own,
        attemptTimeoutMs: own.attemptTimeoutMs ?? 'derived',
      }
      return [name, Object.freeze({ route: name, targets: targets.map(target), limits: ofRoute })]
    }),
  )
  return { routes, providers, limits }
}

function entryOf(provider: Provider): ProviderEntry {
  const spoken = (model: string): Dialect[] =>
    (provider.dialectsFor?.(model) ?? [provider.dialect]).map(dialectNamed)
  const byDefault = provider.dialectsFor === undefined ? spoken('') : undefined
  return {
    target: (model) => ({
      id: `${provider.name}/${model}`,
      provider,
      model,
      dialects: byDefault ?? spoken(model),
    }),
    models: provider.models,
    modelPrefixes: provider.modelPrefixes,
  }
}

function dialectNamed(name: string): Dialect {
  const dialect = dialects.get(name)
  if (dialect === undefined) throw new TypeError(`There is no dialect ${name}.`)
  return dialect
}

/** What was cancelled settles in no time, unless a reader of it has gone away without a word. */
const SETTLING_MS = 1_000

/**
 * Lets what is under way end, then ends it; when all of it is settled, what was shared is given
 * back.
 */
async function shutDown(core: Core, graceMs: number): Promise<void> {
  await idle(core, graceMs)
  const reason = new GatewayError(
    'gateway_closed',
    'The gateway was shut down before the answer was complete.',
  )
  for (const exchange of core.active) endExchange(exchange, reason)
  await core.dispatch.transport.close()
  await idle(core, SETTLING_MS)
  await core.shared.close()
}

/** An administrator has killed the key of a caller. */
function endRequests(active: InFlight<Exchange>, key: string): void {
  const reason = new GatewayError(
    'invalid_api_key',
    'The API key was revoked while the answer was under way.',
  )
  for (const exchange of active)
    if (exchange.caller !== undefined && callerKey(exchange.caller) === key)
      endExchange(exchange, reason)
}

/** Resolves when nothing is under way any more, or after `withinMs`. */
function idle({ active, state, dispatch: { clock } }: Core, withinMs: number): Promise<void> {
  if (active.size === 0) return Promise.resolve()
  return new Promise((resolve) => {
    const timer = clock.setTimer(resolve, withinMs)
    state.onIdle = () => {
      timer.clear()
      resolve()
    }
  })
}
