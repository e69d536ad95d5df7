import type { Clock } from '../clock.ts'
import { GatewayError } from '../errors.ts'
import type { KeyRing } from '../identity/index.ts'
import type { Level } from '../limits/index.ts'
import type { StoredKey } from '../storage/index.ts'
import type { KeyActs, KeyView } from './acts.ts'

/** What a key is asked for with, once it was checked. */
export interface KeyWish {
  readonly name: string
  readonly expiresInMs: number | undefined
  readonly grants: StoredKey['grants']
}

export interface KeyActsOptions {
  readonly ring: KeyRing
  readonly clock: Clock
  /** Names that static keys have. */
  readonly takenNames: () => ReadonlySet<string>
  /** Checks what is asked for; throws `invalid_request` naming every problem. `name` is not asked for again when it is known. */
  readonly read: (asked: Readonly<Record<string, unknown>>, known?: { readonly name: string }) => KeyWish
  readonly readGrace: (asked: Readonly<Record<string, unknown>>) => number
  readonly levels: (stored: StoredKey) => Promise<readonly Level[]>
  readonly reset: (stored: StoredKey) => Promise<void>
}

/** What administrators can do to keys. */
export function keyActs(options: KeyActsOptions): KeyActs {
  const { ring, clock } = options
  const statusOf = (stored: StoredKey): KeyView['status'] => statusAt(stored, clock.now())
  const view = (stored: StoredKey): KeyView => viewOf(stored, statusOf(stored))
  /** By id, or by the name of the one active key that has it. */
  const find = async (wanted: string): Promise<StoredKey> => {
    const keys = await ring.list()
    const named = keys.filter((stored) => stored.name === wanted && statusOf(stored) === 'active')
    const found = keys.find(({ id }) => id === wanted) ?? (named.length > 1 ? named.toSorted((one, other) => other.createdAt - one.createdAt)[0] : named[0])
    if (found === undefined) throw new GatewayError('invalid_request', `There is no key ${JSON.stringify(wanted.slice(0, 100))}.`, { status: 404 })
    return found
  }
  const findActive = async (wanted: string): Promise<StoredKey> => {
    const found = await find(wanted)
    if (statusOf(found) === 'active') return found
    throw new GatewayError('invalid_request', `The key ${found.id} is ${statusOf(found)}.`, { status: 409 })
  }
  return {
    listKeys: async () => (await ring.list()).map(view),
    async createKey(asked) {
      const { name, grants, expiresInMs } = options.read(asked)
      const isTaken = options.takenNames().has(name) || (await ring.list()).some((stored) => stored.name === name && statusOf(stored) === 'active')
      if (isTaken) throw new GatewayError('invalid_request', `There is a key ${JSON.stringify(name)} already: rotate it, or choose another name.`, { status: 409, param: 'name' })
      const { key, stored } = await ring.make({ name, grants, expiresAt: expiresInMs === undefined ? undefined : clock.now() + expiresInMs })
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
      for (const stored of await ring.list()) if (stored.name === name) killed.push(view(await ring.kill(stored)))
      return killed
    },
    async removeKeys(id) {
      const named = (await ring.list()).filter((stored) => stored.id === id || stored.name === id)
      if (named.length === 0) await find(id)
      const dead = named.filter((stored) => statusOf(stored) !== 'active')
      if (dead.length === 0) throw new GatewayError('invalid_request', `${id} is active: revoke it first.`, { status: 409 })
      for (const stored of dead) await ring.remove(stored)
      return dead.map(view)
    },
    usage: async (id) => options.levels(await find(id)),
    async resetUsage(id) {
      const found = await find(id)
      await options.reset(found)
      return options.levels(found)
    },
  }
}

function statusAt({ revokedAt, expiresAt }: StoredKey, now: number): KeyView['status'] {
  if (revokedAt !== undefined) return 'revoked'
  return expiresAt !== undefined && expiresAt <= now ? 'expired' : 'active'
}

function viewOf({ id, name, hint, createdAt, expiresAt, revokedAt, grants }: StoredKey, status: KeyView['status']): KeyView {
  return { id, name, hint, status, createdAt: iso(createdAt), ...(expiresAt !== undefined && { expiresAt: iso(expiresAt) }), ...(revokedAt !== undefined && { revokedAt: iso(revokedAt) }), grants }
}

function iso(ms: number): string {
  return new Date(ms).toISOString()
}
