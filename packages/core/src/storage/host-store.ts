import { asError } from '../errors.ts'
import type { AdminStore } from './admin-store.ts'
import type { LimitStore } from './limit-store.ts'
import type { OpenWindow, RequestWindow } from './request-window.ts'
import type { Store } from './store.ts'

/**
 * A store that the host's code made. A method that throws instead of rejecting, that returns no
 * promise, or that answers something of another shape than its interface says, rejects: what a
 * store that fails means is decided where it is asked.
 */
export function hostStore(store: Store): Store {
  const { adminStore, healthStore } = store
  return {
    name: store.name,
    isShared: store.isShared,
    opening: store.opening,
    limitStore: checkedLedger(store.limitStore),
    ...(adminStore !== undefined && { adminStore: checkedDirectory(adminStore) }),
    ...(healthStore !== undefined && {
      healthStore: {
        post: (facts) => asked('healthStore.post', () => healthStore.post(facts)),
        read: () => asked('healthStore.read', () => healthStore.read(), Array.isArray),
      },
    }),
    ...(store.evictionPolicy !== undefined && {
      evictionPolicy: () =>
        asked(
          'evictionPolicy',
          () => store.evictionPolicy?.(),
          (policy) => policy === undefined || isText(policy),
        ),
    }),
    ...(store.openWindow !== undefined && { openWindow: windowsOf(store) }),
    close: () => asked('close', () => store.close()),
  }
}

/** Opened on first use: a method that throws then rejects as one that fails later does. */
function windowsOf(store: Store): OpenWindow {
  return (name, limit) => {
    let window: RequestWindow | undefined
    const take = (key: string): Promise<number | undefined> | undefined =>
      (window ??= store.openWindow?.(name, limit))?.take(key)
    return {
      take: (key) =>
        asked(
          'openWindow',
          () => take(key),
          (answer) => answer === undefined || (typeof answer === 'number' && answer >= 0),
        ),
    }
  }
}

function checkedLedger(limitStore: LimitStore): LimitStore {
  return {
    reserve: (request) =>
      asked('limitStore.reserve', () => limitStore.reserve(request), isReserveAnswer),
    settle: (reservation, actuals) =>
      asked('limitStore.settle', () => limitStore.settle(reservation, actuals), isSettleAnswer),
    read: (charges) => asked('limitStore.read', () => limitStore.read(charges), Array.isArray),
    reset: (charges) => asked('limitStore.reset', () => limitStore.reset(charges)),
    ...(limitStore.renew !== undefined && {
      renew: (lease) =>
        asked('limitStore.renew', () => limitStore.renew?.(lease) as Promise<boolean>, isBoolean),
    }),
    ...(limitStore.giveBack !== undefined && {
      giveBack: () =>
        asked('limitStore.giveBack', () => limitStore.giveBack?.() as Promise<number>, isCount),
    }),
  }
}

function checkedDirectory(adminStore: AdminStore): AdminStore {
  return {
    changesSince: (version) =>
      asked('adminStore.changesSince', () => adminStore.changesSince(version), isChanges),
    put: (entry) => asked('adminStore.put', () => adminStore.put(entry)),
    secret: (fresh) => asked('adminStore.secret', () => adminStore.secret(fresh), isText),
    ...(adminStore.restore !== undefined && {
      restore: async (known) =>
        (await asked('adminStore.restore', () => adminStore.restore?.(known))) === true,
    }),
  }
}

/** The answer, or a rejection with an error that can be looked at. */
async function asked<Value>(
  method: string,
  ask: () => Value | PromiseLike<Value>,
  isGood: (answer: unknown) => boolean = () => true,
): Promise<Value> {
  try {
    const answer = await ask()
    if (isGood(answer)) return answer
  } catch (cause) {
    throw asError(cause)
  }
  throw new TypeError(
    `The method ${method} of the store answered something else than its interface says.`,
  )
}

function isReserveAnswer(answer: unknown): boolean {
  if (typeof answer !== 'object' || answer === null) return false
  const { status, reservation, used, at, nowMs } = answer as Readonly<Record<string, unknown>>
  if (status === 'reserved')
    return (
      typeof nowMs === 'number' &&
      Array.isArray(used) &&
      typeof reservation === 'object' &&
      reservation !== null &&
      Array.isArray((reservation as { readonly charges?: unknown }).charges)
    )
  return (
    typeof nowMs === 'number' &&
    (status === 'other-time' || (status === 'refused' && typeof at === 'number'))
  )
}

function isBoolean(answer: unknown): boolean {
  return typeof answer === 'boolean'
}

function isCount(answer: unknown): boolean {
  return Number.isSafeInteger(answer)
}

function isSettleAnswer(answer: unknown): boolean {
  return answer === 'settled' || answer === 'known' || answer === 'lost'
}

function isChanges(answer: unknown): boolean {
  if (typeof answer !== 'object' || answer === null) return false
  const { version, entries, secret } = answer as Readonly<Record<string, unknown>>
  return (
    typeof version === 'number' &&
    Array.isArray(entries) &&
    (secret === undefined || isText(secret))
  )
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== ''
}
