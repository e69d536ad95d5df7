import type { Clock } from '../clock.ts'
import { GatewayError } from '../errors.ts'
import type { ManagedKeys } from '../identity/index.ts'
import type { LimitUsage } from '../limits/index.ts'
import type { StoredKey } from '../storage/index.ts'
import type { KeyService, KeyView } from './admin-service.ts'

/** Checked input for a key. */
export interface KeyInput {
  readonly name: string
  readonly expiresInMs: number | undefined
  readonly grants: StoredKey['grants']
}

/** A key of the configuration: listed and counted, never changed here. */
export interface ConfiguredKey {
  readonly kind: 'configured'
  readonly name: string
  readonly grants: StoredKey['grants']
}

export interface KeyServiceOptions {
  readonly ring: ManagedKeys
  readonly clock: Clock
  /** Keys of the configuration, by name. */
  readonly configured: ReadonlyMap<string, ConfiguredKey>
  /** The own limits of a key, in words. */
  readonly limitsOf: (key: StoredKey | ConfiguredKey) => readonly string[]
  /**
   * Checks the input; throws `invalid_request` naming every problem. A known `name` need not be
   * given again.
   */
  readonly read: (
    asked: Readonly<Record<string, unknown>>,
    known?: { readonly name: string },
  ) => KeyInput
  readonly readGrace: (asked: Readonly<Record<string, unknown>>) => number
  readonly levels: (key: StoredKey | ConfiguredKey) => Promise<readonly LimitUsage[]>
  readonly reset: (key: StoredKey | ConfiguredKey) => Promise<void>
}

interface Finders {
  statusOf(stored: StoredKey): KeyView['status']
  /**
   * By id, or by the name of the one key in force that has it: the newest, while a rotated one is
   * in its grace.
   */
  find(wanted: string): Promise<StoredKey>
  /** As `find`; 409 for a key that lets no caller in. */
  findActive(wanted: string): Promise<StoredKey>
  /** As `find`, those of the configuration too. */
  findCounted(wanted: string): Promise<StoredKey | ConfiguredKey>
}

function finders({ ring, clock, configured }: KeyServiceOptions): Finders {
  const statusOf = (stored: StoredKey): KeyView['status'] => statusAt(stored, clock.now())
  const configuredOf = (wanted: string): ConfiguredKey | undefined =>
    configured.get(wanted.replace(/^keys\./, '')) ?? configured.get(wanted)
  const find = async (wanted: string): Promise<StoredKey> => {
    const keys = await ring.list()
    const named = keys.filter((stored) => stored.name === wanted && isInForce(statusOf(stored)))
    const found =
      keys.find(({ id }) => id === wanted) ??
      (named.length > 1
        ? named.toSorted((one, other) => other.createdAt - one.createdAt)[0]
        : named[0])
    if (found !== undefined) return found
    const fixed = configuredOf(wanted)
    if (fixed !== undefined)
      throw new GatewayError(
        'invalid_request',
        `The key ${JSON.stringify(fixed.name)} is part of the configuration (option keys, POSTERN_KEYS): change it there.`,
        { status: 409 },
      )
    throw new GatewayError(
      'invalid_request',
      `There is no key ${JSON.stringify(wanted.slice(0, 100))}.`,
      { status: 404 },
    )
  }
  return {
    statusOf,
    find,
    async findActive(wanted) {
      const found = await find(wanted)
      if (isInForce(statusOf(found))) return found
      throw new GatewayError('invalid_request', `The key ${found.id} is ${statusOf(found)}.`, {
        status: 409,
      })
    },
    async findCounted(wanted) {
      // A key that was made goes before one of the configuration with the same name, which
      // `keys.<name>` names as well.
      const isMade = (await ring.list()).some(
        (stored) => stored.id === wanted || stored.name === wanted,
      )
      return (isMade ? undefined : configuredOf(wanted)) ?? (await find(wanted))
    },
  }
}

async function refuseTakenName(options: KeyServiceOptions, name: string): Promise<void> {
  const { ring, configured } = options
  const { statusOf } = finders(options)
  const isTaken =
    configured.has(name) ||
    (await ring.list()).some((stored) => stored.name === name && isInForce(statusOf(stored)))
  if (isTaken)
    throw new GatewayError(
      'invalid_request',
      `A key ${JSON.stringify(name)} exists already: rotate it, or choose another name.`,
      { status: 409, param: 'name' },
    )
}

/** The administrators' operations on keys. */
export function createKeyService(options: KeyServiceOptions): KeyService {
  const { ring, clock, configured } = options
  const { statusOf, find, findActive, findCounted } = finders(options)
  const view = (stored: StoredKey): KeyView =>
    viewOf(stored, statusOf(stored), options.limitsOf(stored))
  return {
    listKeys: async () => [
      ...[...configured.values()].map((key) => viewOfConfigured(key, options.limitsOf(key))),
      ...(await ring.list()).map(view),
    ],
    async createKey(asked) {
      const { name, grants, expiresInMs } = options.read(asked)
      await refuseTakenName(options, name)
      const { key, stored } = await ring.make({
        name,
        grants,
        expiresAt: expiresInMs === undefined ? undefined : clock.now() + expiresInMs,
      })
      return { key, created: view(stored) }
    },
    async rotateKey(id, asked) {
      const graceMs = options.readGrace(asked)
      const { key, stored } = await ring.rotate(await findActive(id), graceMs)
      return { key, created: view(stored) }
    },
    async changeKey(id, asked) {
      const found = await findActive(id)
      const { grants } = options.read({ ...found.grants, ...asked }, { name: found.name })
      return view(await ring.change(found, grants))
    },
    revokeKey: async (id) => view(await ring.revoke(await find(id))),
    async killKey(id) {
      const { name } = await find(id)
      const killed: KeyView[] = []
      for (const stored of await ring.list())
        if (stored.name === name) killed.push(view(await ring.kill(stored)))
      return killed
    },
    async removeKeys(id) {
      const named = (await ring.list()).filter((stored) => stored.id === id || stored.name === id)
      if (named.length === 0) await find(id)
      const dead = named.filter((stored) => !isInForce(statusOf(stored)))
      if (dead.length === 0)
        throw new GatewayError('invalid_request', `${id} is in force: revoke it first.`, {
          status: 409,
        })
      for (const stored of dead) await ring.remove(stored)
      return dead.map(view)
    },
    usage: async (id) => options.levels(await findCounted(id)),
    async resetUsage(id) {
      const found = await findCounted(id)
      await options.reset(found)
      return options.levels(found)
    },
  }
}

function statusAt({ revokedAt, expiresAt, rotatedAt }: StoredKey, now: number): KeyView['status'] {
  if (revokedAt !== undefined) return 'revoked'
  if (expiresAt !== undefined && expiresAt <= now) return 'expired'
  return rotatedAt === undefined ? 'active' : 'grace'
}

/** Whether a key of this status lets its caller in. */
function isInForce(status: KeyView['status']): boolean {
  return status === 'active' || status === 'grace'
}

function viewOfConfigured({ name, grants }: ConfiguredKey, limits: readonly string[]): KeyView {
  return { id: `keys.${name}`, name, isConfigured: true, status: 'active', limits, grants }
}

function viewOf(
  { id, name, hint, createdAt, expiresAt, revokedAt, grants }: StoredKey,
  status: KeyView['status'],
  limits: readonly string[],
): KeyView {
  return {
    id,
    name,
    hint,
    status,
    limits,
    createdAt: iso(createdAt),
    ...(expiresAt !== undefined && { expiresAt: iso(expiresAt) }),
    ...(revokedAt !== undefined && { revokedAt: iso(revokedAt) }),
    grants,
  }
}

function iso(ms: number): string {
  return new Date(ms).toISOString()
}
