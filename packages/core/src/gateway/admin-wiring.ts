import {
  Admin,
  type AdminGuard,
  type ConfiguredKey,
  createKeyService,
  LiveRules,
  createRuleService,
} from '../admin/index.ts'
import type { Clock } from '../clock.ts'
import {
  limitOfWish,
  limitsOfCaller,
  readGrace,
  parseKeyInput,
  parseLimitInput,
  readSubject,
  type Settings,
  type TargetFilter,
} from '../config/index.ts'
import { messageOf } from '../errors.ts'
import type { HostCalls } from '../foundation/host-calls.ts'
import { readJsonBody } from '../http/index.ts'
import {
  attributionOf,
  callerKey,
  type Caller,
  type KnownCaller,
  ManagedKeys,
  type Throttle,
} from '../identity/index.ts'
import { type AdmissionControl, describe, type Limit, type Subject } from '../limits/index.ts'
import { LastingCondition } from '../foundation/condition-log.ts'
import type { LeveledLogger } from '../log.ts'
import {
  type AdminStore,
  AdminCache,
  type RequestWindow,
  type StoredKey,
} from '../storage/index.ts'

/** Administration at run time: keys, limits and switches, as this instance knows them. */
export interface AdminState {
  readonly register: AdminCache
  readonly ring: ManagedKeys
  readonly rules: LiveRules
  readonly damage: LastingCondition
}

/** @param deps `endRequestsOf` ends the requests of a caller */
export function administer(
  adminStore: AdminStore,
  {
    clock,
    log,
    endRequestsOf,
  }: {
    readonly clock: Clock
    readonly log: LeveledLogger
    readonly endRequestsOf: (callerKey: string) => void
  },
): AdminState {
  const rules = new LiveRules(limitOfWish, (limit, cause) =>
    log.error('stored limit unreadable, not enforced', {
      limit,
      cause: messageOf(cause),
    }),
  )
  const register: AdminCache = new AdminCache({
    adminStore,
    clock,
    onDamage: (isRestored) => {
      damage.begin()
      if (isRestored) damage.end()
    },
    onChange(changed, isAnew) {
      ring.learn(changed, isAnew)
      rules.learn(changed, isAnew)
      // Whatever is read is whole.
      damage.end()
      for (const entry of changed)
        if (entry.kind === 'key' && entry.isKilled === true)
          endRequestsOf(callerKey({ id: entry.name, credential: 'made' }))
    },
  })
  const damage = new LastingCondition(clock, {
    began: () =>
      log.error('admin store damaged', {
        effect:
          'keys that no running instance knows are refused; without one, what is left is taken as it is after 10 s',
      }),
    lasts: (forMs) => log.error('admin store still damaged', { forMs }),
    over: (afterMs) => log.warn('admin store restored', { afterMs }),
  })
  const ring = new ManagedKeys({ register, clock, callerOf })
  return { register, ring, rules, damage }
}

/** Grants of a key were checked when it was made. */
function callerOf({ name, grants }: StoredKey): KnownCaller {
  return { ...(grants as Partial<Caller>), id: name, credential: 'made' }
}

function callerOfAny(key: StoredKey | ConfiguredKey): KnownCaller {
  return key.kind === 'key'
    ? callerOf(key)
    : { ...(key.grants as Partial<Caller>), id: key.name, credential: 'key' }
}

function configuredKeys(keys: Settings['keys']): ReadonlyMap<string, ConfiguredKey> {
  return new Map(
    keys.map(({ name, routes, models, attribution }) => [
      name,
      {
        kind: 'configured',
        name,
        grants: { ...attribution, ...(routes && { routes }), ...(models && { models }) },
      },
    ]),
  )
}

/**
 * The limits that were given to a key itself, in words. Sorted by key once: there may be many of
 * both.
 */
function ownLimits(
  limits: readonly Limit[],
): (key: StoredKey | ConfiguredKey) => readonly string[] {
  const ofConfigured = Map.groupBy(
    limits.filter(
      ({ scope, only }) => scope.join() === 'key' && only.size === 1 && only.get('key')?.size === 1,
    ),
    ({ only }) => [...(only.get('key') ?? [])].join(),
  )
  return (key) => {
    if (key.kind === 'configured') return (ofConfigured.get(key.name) ?? []).map(describe)
    try {
      return limitsOfCaller(callerOf(key)).map(describe)
    } catch (cause) {
      return [messageOf(cause)]
    }
  }
}

/**
 * Targets switched off by the configuration or by an administrator; `undefined` when nothing can be
 * switched off.
 */
export function switchOf(
  configured: TargetFilter | undefined,
  live: LiveRules | undefined,
  hostCalls: HostCalls,
): TargetFilter | undefined {
  // A switch that breaks leaves everything on.
  const isOff: TargetFilter | undefined =
    configured && ((target) => hostCalls.decide('disabled', configured, target))
  if (live === undefined) return isOff
  return (target) => live.isDisabled(target) || (isOff?.(target) ?? false)
}

/**
 * A name without a kind is that of a key of the configuration, or else of one made while the
 * gateway runs.
 */
function withSpelledKey(subject: Subject, staticNames: ReadonlySet<string>): Subject {
  const { key } = subject
  return key === undefined || key.includes(':') || staticNames.has(key)
    ? subject
    : { ...subject, key: callerKey({ id: key, credential: 'made' }) }
}

interface AdminParts extends AdminState {
  readonly settings: Settings
  readonly admission: AdmissionControl
  readonly clock: Clock
  readonly log: LeveledLogger
  readonly token: string | undefined
  readonly hostCalls: HostCalls
  readonly throttle: Throttle
  readonly requests: RequestWindow
}

/** `/admin/*` of a gateway. */
export function createAdmin({
  register,
  ring,
  rules,
  settings,
  admission,
  clock,
  log,
  token,
  hostCalls,
  throttle,
  requests,
}: AdminParts): Admin {
  const { adminGuard, onAdmin, keys, bodyLimitBytes, limits, providers } = settings
  const tellHost = hostCalls.notifier('onAdmin', onAdmin)
  const staticNames = new Set(keys.map(({ name }) => name))
  const whose = (key: StoredKey | ConfiguredKey): readonly [readonly Limit[], Subject] => {
    const caller = callerOfAny(key)
    return [
      [...limits, ...rules.limits, ...limitsOfCaller(caller)],
      { key: callerKey(caller), ...attributionOf(caller) },
    ]
  }
  const ofKeys = createKeyService({
    ring,
    clock,
    configured: configuredKeys(keys),
    limitsOf: ownLimits(limits),
    read: parseKeyInput,
    readGrace,
    levels: (key) => admission.levels(...whose(key)),
    reset: (key) => admission.reset(...whose(key)),
  })
  const ofRules = createRuleService({
    register,
    clock,
    configured: limits,
    providers: new Set(providers.keys()),
    read: parseLimitInput,
    readSubject: (asked) => withSpelledKey(readSubject(asked), staticNames),
    limitOf: limitOfWish,
    levels: (wanted, subject) => admission.levels(wanted, subject),
    reset: (wanted, subject) => admission.reset(wanted, subject),
  })
  return new Admin({
    service: { ...ofKeys, ...ofRules },
    clock,
    token,
    hostCalls,
    throttle,
    requests,
    guard: adminGuard as AdminGuard<unknown> | undefined,
    readBody: async (request) =>
      request.header('content-type') === undefined
        ? {}
        : (await readJsonBody(request, bodyLimitBytes, { whenEmpty: {} })).value,
    onAct: (act) => {
      log.info('admin action', { act })
      tellHost?.(act)
    },
  })
}
