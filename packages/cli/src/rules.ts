import type { AdminClient } from './admin-client.ts'
import { readBudget, readLimit } from './limits.ts'
import { type Commands, exactly, given, levels, type Options, type Output } from './output.ts'
import { table } from './table.ts'
import { UsageError } from './usage-error.ts'

interface LimitView {
  readonly id: string
  readonly says: string
  readonly isConfigured?: boolean
  readonly written?: { readonly only?: Readonly<Record<string, unknown>>; readonly mode?: string }
}

/** Attributes that `scope` and `usage` accept. */
const SCOPES = [
  'key',
  'tenant',
  'team',
  'user',
  'feature',
  'tag',
  'route',
  'model',
  'provider',
  'session',
] as const

/** `postern limits ...`. */
export const limitCommands: Commands = {
  async list(client, names) {
    exactly(names, 'limits list', 0)
    const { limits } = (await client.ask('GET', '/limits')) as { limits: LimitView[] }
    const rows = limits.map(({ id, says, isConfigured, written }) => [
      says,
      forWhom(written),
      written?.mode ?? (isConfigured === true ? '' : 'hard'),
      isConfigured === true ? 'configuration' : 'admin',
      id,
    ])
    return {
      text:
        limits.length === 0
          ? 'There are no limits: postern limits create --limit tokens=2000000/day --scope team'
          : table(['LIMIT', 'ONLY', 'MODE', 'MADE IN', 'ID'], rows),
      json: limits,
    }
  },
  async create(client, names, options) {
    exactly(names, 'limits create --budget 500/month --scope team', 0)
    const written = [
      ...(options['budget'] ?? []).map(readBudget),
      ...(options['limit'] ?? []).map(readLimit),
    ]
    const [limit] = written
    if (limit === undefined || written.length > 1)
      throw new UsageError(
        'Say what to limit, once: --budget 500/month, or --limit tokens=90000/minute.',
      )
    const only = given(options, SCOPES)
    const scope = options['scope']
    const made = (await client.ask('POST', '/limits', {
      ...limit,
      ...(scope !== undefined && { scope: scope.length === 1 ? scope[0] : scope }),
      ...(Object.keys(only).length > 0 && { only }),
      ...given(options, ['mode']),
      ...(options['time-zone']?.[0] !== undefined && { timeZone: options['time-zone'][0] }),
    })) as unknown as LimitView
    return {
      text: `${made.says}: ${made.id}\nIt is in force on every instance within a second.`,
      json: made,
    }
  },
  async remove(client, names) {
    const [id] = exactly(names, 'limits remove ID')
    const removed = (await client.ask(
      'DELETE',
      `/limits/${encodeURIComponent(id)}`,
    )) as unknown as LimitView
    return { text: `${removed.says} is no limit any more.`, json: removed }
  },
}

function forWhom(written: LimitView['written']): string {
  return Object.entries(written?.only ?? {})
    .map(([scope, values]) => `${scope}=${[values].flat().join('|')}`)
    .join(' ')
}

/**
 * `postern usage --team support`, `postern reset --team support`: of everything that is counted by
 * these.
 */
export async function usageOf(
  client: AdminClient,
  options: Options,
  { isReset }: { readonly isReset: boolean },
): Promise<Output> {
  const subject = given(options, SCOPES)
  if (isReset && Object.keys(subject).length === 0)
    throw new UsageError('Name the owner of the limits to reset: --team support, --key web, ...')
  const answer = isReset
    ? await client.ask('POST', '/usage/reset', subject)
    : await client.ask('GET', `/usage?${new URLSearchParams(subject).toString()}`)
  return levels(answer, 'Nothing is counted by that alone.')
}

/** Whether the usage of one owner is requested. */
export function namesSubject(options: Options): boolean {
  return SCOPES.some((scope) => options[scope] !== undefined)
}

interface SwitchView {
  readonly target: string
  readonly since: string
}

/** `postern targets ...`. */
export const targetCommands: Commands = {
  async disabled(client, names) {
    exactly(names, 'targets disabled', 0)
    const { disabled } = (await client.ask('GET', '/disabled')) as { disabled: SwitchView[] }
    return {
      text:
        disabled.length === 0
          ? 'No target is switched off.'
          : table(
              ['TARGET', 'SINCE'],
              disabled.map(({ target, since }) => [target, since]),
            ),
      json: disabled,
    }
  },
  async disable(client, names) {
    const [target] = exactly(names, 'targets disable provider/model')
    return {
      text: `${target} is switched off: no instance calls it any more within a second.`,
      json: await client.ask('POST', '/disabled', { target }),
    }
  },
  async enable(client, names) {
    const [target] = exactly(names, 'targets enable provider/model')
    return {
      text: `${target} is switched on again.`,
      json: await client.ask('DELETE', `/disabled/${encodeURIComponent(target)}`),
    }
  },
}
