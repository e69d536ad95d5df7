import { randomUUID } from 'node:crypto'
import type { Clock } from '../clock.ts'
import { GatewayError } from '../errors.ts'
import { describe, type LimitUsage, type Limit, type Subject } from '../limits/index.ts'
import type { AdminCache, StoredLimit } from '../storage/index.ts'
import type { LimitView, RuleService, SwitchView } from './admin-service.ts'

type Written = Readonly<Record<string, unknown>>

export interface RuleServiceOptions {
  readonly register: Pick<AdminCache, 'list' | 'put'>
  readonly clock: Clock
  /** Limits of the configuration. */
  readonly configured: readonly Limit[]
  readonly providers: ReadonlySet<string>
  /** Checks the input; throws `invalid_request` naming every problem. */
  readonly read: (asked: Written) => Written
  readonly readSubject: (asked: Written) => Subject
  readonly limitOf: (written: Written, place: string) => Limit
  readonly levels: (limits: readonly Limit[], subject: Subject) => Promise<readonly LimitUsage[]>
  readonly reset: (limits: readonly Limit[], subject: Subject) => Promise<void>
}

/** Limits made while the gateway runs: listing, finding one, and how administrators see it. */
function madeLimitsOf({ register, configured, limitOf }: RuleServiceOptions): {
  madeLimits(): Promise<StoredLimit[]>
  view(stored: StoredLimit): LimitView
  find(id: string): Promise<StoredLimit>
} {
  const madeLimits = async (): Promise<StoredLimit[]> =>
    (await register.list('limit'))
      .filter(({ removedAt }) => removedAt === undefined)
      .toSorted((one, other) => one.createdAt - other.createdAt)
  const view = (stored: StoredLimit): LimitView => {
    const { id, createdAt, written } = stored
    const limit = readable(stored, limitOf)
    return {
      id,
      says: limit === undefined ? UNREADABLE : describe(limit),
      createdAt: iso(createdAt),
      written,
    }
  }
  const find = async (id: string): Promise<StoredLimit> => {
    const found = (await madeLimits()).find((limit) => limit.id === id)
    if (found !== undefined) return found
    const isConfigured = configured.some(({ place }) => place === id)
    throw new GatewayError(
      'invalid_request',
      isConfigured
        ? `${id} stands in the configuration: it is changed there.`
        : `There is no limit ${JSON.stringify(id.slice(0, 100))}.`,
      { status: isConfigured ? 409 : 404 },
    )
  }
  return { madeLimits, view, find }
}

/** The administrators' operations on limits and targets. */
export function createRuleService(options: RuleServiceOptions): RuleService {
  const { register, clock, configured, limitOf } = options
  const { madeLimits, view, find } = madeLimitsOf(options)
  const concerned = async (subject: Subject): Promise<Limit[]> => {
    const all = [
      ...configured,
      ...(await madeLimits()).flatMap((stored) => readable(stored, limitOf) ?? []),
    ]
    return all.filter(({ scope }) => scope.every((name) => subject[name] !== undefined))
  }
  return {
    async listLimits() {
      return [
        ...configured.map((limit) => ({
          id: limit.place,
          says: describe(limit),
          isConfigured: true as const,
        })),
        ...(await madeLimits()).map(view),
      ]
    },
    async createLimit(asked) {
      const made: StoredLimit = {
        kind: 'limit',
        id: `limit_${randomUUID().replaceAll('-', '')}`,
        createdAt: clock.now(),
        written: options.read(asked),
      }
      await register.put(made)
      return view(made)
    },
    async changeLimit(id, asked) {
      const found = await find(id)
      const changed = { ...found, written: options.read({ ...found.written, ...asked }) }
      await register.put(changed)
      return view(changed)
    },
    async removeLimit(id) {
      const found = await find(id)
      await register.put({ ...found, removedAt: clock.now() })
      return view(found)
    },
    async usageOf(asked) {
      const subject = options.readSubject(asked)
      return options.levels(await concerned(subject), subject)
    },
    async resetUsageOf(asked) {
      const subject = options.readSubject(asked)
      const limits = await concerned(subject)
      await options.reset(limits, subject)
      return options.levels(limits, subject)
    },
    ...createSwitches(options),
  }
}

/** Targets that administrators switch off and on. */
function createSwitches(
  options: RuleServiceOptions,
): Pick<RuleService, 'listDisabled' | 'disable' | 'enable'> {
  return {
    listDisabled: async () =>
      (await options.register.list('switch'))
        .filter(({ isOff }) => isOff)
        .map(({ target, changedAt }) => ({ target, since: iso(changedAt) })),
    disable: (target) => turn(options, target, true),
    enable: (target) => turn(options, target, false),
  }
}

const UNREADABLE = 'made by a newer version, which this one cannot read: it does not hold here'

/** `undefined` for one that only a newer version can read. */
function readable(
  { id, written }: StoredLimit,
  limitOf: RuleServiceOptions['limitOf'],
): Limit | undefined {
  try {
    return limitOf(written, id)
  } catch {
    return undefined
  }
}

const TARGET = /^([\w-]+)\/(\S{1,200})$/

async function turn(
  { register, clock, providers }: RuleServiceOptions,
  target: unknown,
  isOff: boolean,
): Promise<SwitchView> {
  const provider = typeof target === 'string' ? TARGET.exec(target)?.[1] : undefined
  if (provider === undefined)
    throw new GatewayError(
      'invalid_request',
      'target: this names no target. Write "provider/model", or "provider/*" for all of them.',
      { param: 'target' },
    )
  if (!providers.has(provider))
    throw new GatewayError(
      'invalid_request',
      `target: there is no provider ${JSON.stringify(provider)}. Known: ${[...providers].join(', ')}.`,
      { param: 'target' },
    )
  const name = target as string
  const changedAt = clock.now()
  await register.put({ kind: 'switch', id: `switch ${name}`, target: name, isOff, changedAt })
  return { target: name, since: iso(changedAt) }
}

function iso(ms: number): string {
  return new Date(ms).toISOString()
}
