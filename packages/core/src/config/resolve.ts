import { resolve } from 'node:path'
import type { ProviderDeps } from '../providers/index.ts'
import { readCloudVariables } from './sources/cloud-variables.ts'
import { parseDuration } from './values/duration.ts'
import { type Environment, readEnvironment, valueOf } from './sources/env.ts'
import { describePath, readConfigFile } from './sources/file.ts'
import { merge, type Merged } from './sources/merge.ts'
import type { GatewayOptions, TargetFilter } from './options.ts'
import { ConfigurationError, type Problem } from './values/problem.ts'
import { resolveAdmission, resolveProviderLimits } from './resolve-admission.ts'
import { resolveKeys } from './resolve-keys.ts'
import { resolveProviders } from './resolve-providers.ts'
import { resolveLimits, resolveRoutes } from './resolve-routes.ts'
import { defaults } from './schema/defaults.ts'
import { SHORTEST_KEY } from './schema/key-schema.ts'
import type { Settings } from './settings.ts'
import { parseSize } from './values/size.ts'
import { type Source, validate } from './schema/validate.ts'
import { readWellKnown } from './sources/well-known.ts'

/**
 * Everything configured, from code over environment over file, checked as a whole. Throws one
 * `ConfigurationError` that lists every problem found; settings are never half valid. `outside` is
 * for providers whose credentials expire.
 */
export function resolveSettings(
  options: GatewayOptions<never>,
  environment: Environment,
  deps: ProviderDeps,
): Settings {
  const problems: Problem[] = []
  const { merged, configPath } = readSources(options, environment, problems)
  const { providers, providerKeys } = resolveProviders(merged, { environment, deps }, problems)
  const limits = resolveLimits(merged)
  const routes = resolveRoutes(merged, { providers, limits }, problems)
  const keys = resolveKeys(merged, { providers, routes, providerKeys }, problems)
  const production = valueOf(environment, 'NODE_ENV') === 'production'
  const admin = resolveAdmin(merged, problems)
  const jwt = resolveJwt(merged)
  const access = resolveAccess(
    merged,
    {
      hasKeys:
        keys.length > 0 ||
        jwt !== undefined ||
        admin.adminToken !== undefined ||
        admin.adminGuard !== undefined,
      production,
    },
    problems,
  )
  if (problems.length > 0) throw new ConfigurationError(problems)
  return Object.freeze({
    providers,
    routes,
    keys,
    ...access,
    ...admin,
    jwt,
    production,
    ...limits,
    limits: resolveAdmission(merged),
    providerLimits: resolveProviderLimits(merged),
    prices: new Map(Object.entries(merged.first('prices') ?? {})),
    ...resolveStore(merged, environment),
    ...resolveEdge(merged),
    configPath,
  })
}

interface Sources {
  readonly merged: Merged
  /** Where the first source that says something of it does. */
  placeOf(option: keyof GatewayOptions<never>): string
  readonly configPath: string | undefined
}

/**
 * Everything that was said, the strongest source first; `problems` get what is wrong with one of
 * them alone.
 */
export function readSources(
  options: GatewayOptions<never>,
  environment: Environment,
  problems: Problem[],
): Sources {
  const code = validate(
    options,
    (path) => (path.length === 0 ? 'options' : `option ${describePath(path)}`),
    problems,
  )
  const variables = readEnvironment(environment, problems)
  const configured = code.options.config ?? variables.options.config
  const configPath = configured === undefined ? undefined : resolve(configured)
  const file =
    configured === undefined ? undefined : readConfigFile(configured, { environment, problems })
  const explicit: Source[] = file === undefined ? [code, variables] : [code, variables, file]
  const providers = new Map(
    [...merge(explicit).providers()].map(([name, { value }]) => [name, value]),
  )
  const wellKnown = readWellKnown(environment, new Set(providers.keys()), problems)
  const ofClouds = readCloudVariables(
    environment,
    { providers, routed: routedProviders(explicit) },
    problems,
  )
  const sources = [code, variables, wellKnown, ...explicit.slice(2), ofClouds]
  return {
    merged: merge(sources),
    configPath,
    placeOf: (option) =>
      sources.find(({ options: said }) => said[option] !== undefined)?.placeOf([option]) ??
      'default',
  }
}

/** Provider names in the targets of routes. */
function routedProviders(sources: readonly Source[]): ReadonlySet<string> {
  const targets = sources.flatMap(({ options }) =>
    Object.values(options.routes ?? {}).flatMap((route) => route.targets),
  )
  return new Set(targets.map((target) => target.trim().split('/', 1).join()))
}

function resolveJwt(merged: Merged): Settings['jwt'] {
  const jwt = merged.first('jwt')
  if (jwt === undefined) return undefined
  const claims = Object.fromEntries(
    Object.entries(jwt.claims ?? {}).filter(([, claim]) => claim !== undefined),
  )
  return Object.freeze({ ...jwt, claims })
}

function resolveAdmin(
  merged: Merged,
  problems: Problem[],
): Pick<
  Settings,
  | 'loopLimit'
  | 'wrongKeysPerAddress'
  | 'wrongKeys'
  | 'adminRequests'
  | 'adminToken'
  | 'adminGuard'
  | 'onAdmin'
> {
  const adminToken = merged.first('adminToken')
  if (adminToken !== undefined && adminToken.length < SHORTEST_KEY)
    problems.push({
      place: 'POSTERN_ADMIN_TOKEN',
      message: `The admin token is shorter than ${SHORTEST_KEY} characters and could be guessed.`,
      fix: 'Generate one: openssl rand -hex 24.',
    })
  const throttles = {
    wrongKeysPerAddress: merged.first('wrongKeysPerAddress') ?? 20,
    wrongKeys: merged.first('wrongKeys') ?? 1000,
    adminRequests: merged.first('adminRequests') ?? 600,
  }
  return {
    loopLimit: merged.first('loopLimit') ?? Number.POSITIVE_INFINITY,
    ...throttles,
    adminToken,
    adminGuard: merged.first('adminGuard'),
    onAdmin: merged.first('onAdmin'),
  }
}

type Access = Pick<Settings, 'auth' | 'needsDevelopmentKey' | 'identify'>

interface AccessFacts {
  readonly hasKeys: boolean
  readonly production: boolean
}

/** Authentication. Never open by accident: in production, a missing setting is a problem. */
function resolveAccess(merged: Merged, facts: AccessFacts, problems: Problem[]): Access {
  const identify = merged.first('identify')
  if (merged.first('auth') === 'none') return { auth: 'none', needsDevelopmentKey: false, identify }
  if (facts.hasKeys) return { auth: 'keys', needsDevelopmentKey: false, identify }
  if (identify !== undefined) return { auth: 'identify-only', needsDevelopmentKey: false, identify }
  const isBroken = ['keys', 'identify', 'auth'].some((option) => merged.isBroken(option))
  if (facts.production && !isBroken) {
    problems.push({
      place: 'keys',
      message: 'This is production, and nothing says who may call the gateway.',
      fix:
        'Either set POSTERN_KEYS (or the option keys), or pass identify so that your own login decides, ' +
        'or set POSTERN_AUTH=none to let everybody in.',
    })
  }
  return { auth: 'keys', needsDevelopmentKey: !facts.production, identify }
}

function resolveStore(
  merged: Merged,
  environment: Environment,
): Pick<
  Settings,
  'store' | 'isStoreImplied' | 'onAlert' | 'alertWebhook' | 'limitFailMode' | 'budgetFailMode'
> {
  return {
    store: merged.first('store') ?? valueOf(environment, 'REDIS_URL') ?? 'memory',
    isStoreImplied: merged.first('store') === undefined,
    onAlert: merged.first('onAlert'),
    alertWebhook: merged.first('alertWebhook'),
    limitFailMode: merged.first('limitsWithoutStore') ?? defaults.limitsWithoutStore,
    budgetFailMode: merged.first('budgetsWithoutStore') ?? defaults.budgetsWithoutStore,
  }
}

type Edge = Pick<
  Settings,
  | 'isDisabled'
  | 'hasCircuitBreaker'
  | 'eventLoopLagLimitMs'
  | 'connectTimeoutMs'
  | 'bodyLimitBytes'
  | 'answerLimitBytes'
  | 'eventLimitBytes'
  | 'log'
  | 'forwardTrace'
  | 'onRecord'
  | 'prefix'
>

function resolveEdge(merged: Merged): Edge {
  return {
    hasCircuitBreaker: (merged.first('circuitBreaker') ?? defaults.circuitBreaker) === 'on',
    isDisabled: filterOf(merged.first('disabled') ?? []),
    eventLoopLagLimitMs:
      merged.first('eventLoopLagLimit') ?? (parseDuration(defaults.eventLoopLagLimit) as number),
    connectTimeoutMs:
      merged.first('connectTimeout') ?? (parseDuration(defaults.connectTimeout) as number),
    bodyLimitBytes: merged.first('bodyLimit') ?? (parseSize(defaults.bodyLimit) as number),
    answerLimitBytes: merged.first('answerLimit') ?? (parseSize(defaults.answerLimit) as number),
    eventLimitBytes: merged.first('eventLimit') ?? (parseSize(defaults.eventLimit) as number),
    log: merged.first('log') ?? defaults.log,
    forwardTrace: new Set(merged.first('forwardTrace')),
    onRecord: merged.first('onRecord'),
    prefix: merged.first('prefix') ?? defaults.prefix,
  }
}

function filterOf(disabled: readonly string[] | TargetFilter): TargetFilter | undefined {
  if (typeof disabled === 'function') return disabled
  const names = new Set(disabled)
  return names.size === 0
    ? undefined
    : ({ provider, model }) => names.has(`${provider}/*`) || names.has(`${provider}/${model}`)
}
