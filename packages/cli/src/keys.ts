import type { AdminClient } from './admin-client.ts'
import { readBudget, readLimit } from './limits.ts'
import {
  type Commands,
  exactly,
  given,
  levels,
  type LevelView,
  type Options,
  type Output,
  share,
} from './output.ts'
import { table } from './table.ts'
import { UsageError } from './usage-error.ts'

/** A name for who gave none: whose the key is, with a number behind it where that is taken. */
async function freeName(client: AdminClient, options: Options): Promise<string> {
  const [base] = Object.values(given(options, ['team', 'tenant', 'user', 'feature', 'tag']))
  if (base === undefined)
    throw new UsageError(
      'Usage: postern keys create NAME, or name its owner: postern keys create --team support',
    )
  const { keys } = (await client.ask('GET', '/keys')) as { keys: KeyView[] }
  const taken = new Set(keys.filter(isInForce).map(({ name }) => name))
  const plain = base.replaceAll(/[^\w.@-]+/g, '-').replace(/^[^A-Za-z0-9]+/, '') || 'key'
  for (let number = 1; ; number++) {
    const name = number === 1 ? plain : `${plain}-${number}`
    if (!taken.has(name)) return name
  }
}

interface KeyView {
  readonly id: string
  readonly name: string
  readonly isConfigured?: boolean
  readonly hint?: string
  readonly status: string
  readonly limits?: readonly string[]
  readonly createdAt?: string
  readonly expiresAt?: string
  readonly grants: { readonly team?: string; readonly tenant?: string }
}

/** Whether its caller gets in with it: a rotated key does until its grace is over. */
function isInForce({ status }: KeyView): boolean {
  return status === 'active' || status === 'grace'
}

/** The end of a grace is a matter of hours, that of other keys one of days. */
function endOf({ status, expiresAt, isConfigured }: KeyView): string {
  if (isConfigured === true) return ''
  if (expiresAt === undefined) return 'never'
  return status === 'grace'
    ? `${expiresAt.slice(0, 16).replace('T', ' ')} UTC`
    : expiresAt.slice(0, 10)
}

function rowOf(key: KeyView): string[] {
  const { name, id, hint, status, createdAt, grants, limits = [], isConfigured } = key
  const secret = isConfigured === true ? '(configuration)' : `${hint}...`
  return [
    name,
    status,
    secret,
    grants.team ?? grants.tenant ?? '',
    limits.map((limit) => limit.replace(/ of this key$/, '')).join(', '),
    createdAt?.slice(0, 10) ?? '',
    endOf(key),
    id,
  ]
}

/** `postern keys ...`. */
export const keyCommands: Commands = {
  async create(client, names, options) {
    if (names.length > 1) throw new UsageError('Usage: postern keys create [NAME]')
    const name = names[0] ?? (await freeName(client, options))
    const limits = [
      ...(options['budget'] ?? []).map(readBudget),
      ...(options['limit'] ?? []).map(readLimit),
    ]
    const answer = await client.ask('POST', '/keys', {
      name,
      ...given(options, ['tenant', 'team', 'user', 'feature', 'tag']),
      ...(options['route'] && { routes: options['route'] }),
      ...(options['model'] && { models: options['model'] }),
      ...(options['endpoint'] && { endpoints: options['endpoint'] }),
      ...(options['may-report'] && { mayReport: true }),
      ...(limits.length > 0 && { limits }),
      ...(options['expires']?.[0] !== undefined && { expiresIn: options['expires'][0] }),
    })
    return shown(answer)
  },
  async list(client, names) {
    exactly(names, 'keys list', 0)
    const { keys } = (await client.ask('GET', '/keys')) as { keys: KeyView[] }
    return {
      text:
        keys.length === 0
          ? 'There are no keys yet: postern keys create NAME'
          : table(
              ['NAME', 'STATUS', 'KEY', 'TEAM', 'LIMITS', 'CREATED', 'EXPIRES', 'ID'],
              keys.map(rowOf),
            ),
      json: keys,
    }
  },
  async rotate(client, names, options) {
    const [name] = exactly(names, 'keys rotate NAME')
    const grace = options['grace']?.[0]
    return shown(
      await client.ask(
        'POST',
        `/keys/${encodeURIComponent(name)}/rotate`,
        grace === undefined ? {} : { grace: grace === '0' ? 0 : grace },
      ),
    )
  },
  async revoke(client, names) {
    const [name] = exactly(names, 'keys revoke NAME')
    const key = (await client.ask(
      'POST',
      `/keys/${encodeURIComponent(name)}/revoke`,
    )) as unknown as KeyView
    return {
      text: `The key ${key.name} (${key.id}) is revoked: every instance refuses it within a second.`,
      json: key,
    }
  },
  async kill(client, names) {
    const [name] = exactly(names, 'keys kill NAME')
    const { keys } = (await client.ask('POST', `/keys/${encodeURIComponent(name)}/kill`)) as {
      keys: KeyView[]
    }
    return {
      text: `Every key of ${keys[0]?.name ?? name} is revoked, and what was under way with them ends within a second.`,
      json: keys,
    }
  },
  async remove(client, names) {
    const [name] = exactly(names, 'keys remove NAME|ID')
    const { keys } = (await client.ask('DELETE', `/keys/${encodeURIComponent(name)}`)) as {
      keys: KeyView[]
    }
    return { text: `Off the list: ${keys.map(({ id }) => id).join(', ')}`, json: keys }
  },
  async usage(client, names) {
    const [name] = exactly(names, 'keys usage NAME')
    return levels(
      await client.ask('GET', `/keys/${encodeURIComponent(name)}/usage`),
      'No limit concerns this key.',
    )
  },
  async reset(client, names) {
    const [name] = exactly(names, 'keys reset NAME')
    return levels(
      await client.ask('POST', `/keys/${encodeURIComponent(name)}/reset`),
      'No limit concerns this key.',
    )
  },
}

/**
 * `postern usage` and `postern budgets`: usage of every active key. @param tell receives the
 * progress
 */
export async function usageOfAll(
  client: AdminClient,
  { onlyMoney, tell }: { readonly onlyMoney: boolean; readonly tell: (text: string) => void },
): Promise<Output> {
  const { keys } = (await client.ask('GET', '/keys')) as { keys: KeyView[] }
  const active = [...new Map(keys.filter(isInForce).map((key) => [key.name, key])).values()]
  const found: (LevelView & { name: string })[] = []
  for (const [at, { name, id }] of active.entries()) {
    if (at > 0 && at % 20 === 0) tell(`${at} of ${active.length} keys ...\n`)
    const { usage } = (await client.ask('GET', `/keys/${encodeURIComponent(id)}/usage`)) as {
      usage: LevelView[]
    }
    // few: one for each limit of a key
    found.push(
      ...usage
        .filter(({ unit }) => !onlyMoney || unit === 'usd')
        .map((level) => ({ name, ...level })),
    )
  }
  const rows = found.map(({ name, limit, used, amount, resetsAt }) => [
    name,
    limit,
    String(used),
    String(amount),
    share(used, amount),
    resetsAt ?? '',
  ])
  return {
    text:
      found.length === 0
        ? `No key in force has ${onlyMoney ? 'a budget' : 'limits'}.`
        : table(['NAME', 'LIMIT', 'USED', 'OF', 'SHARE', 'RESETS AT'], rows),
    json: found,
  }
}

function shown(answer: Record<string, unknown>): Output {
  return {
    text: `${String(answer['key'])}\n\nThis is the key of ${String(answer['name'])}. It is shown this once: keep it where secrets are kept.`,
    json: answer,
  }
}
