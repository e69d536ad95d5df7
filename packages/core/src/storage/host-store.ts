import { asError } from '../errors.ts'
import type { Directory } from './admin-store.ts'
import type { Ledger } from './limit-store.ts'
import type { OpenWindow, RequestWindow } from './request-window.ts'
import type { Store } from './store.ts'

/**
 * A store that the host's code made. A method that throws instead of rejecting, that returns no
 * promise, or that answers something of another shape than its interface says, rejects: what a
 * store that fails means is decided where it is asked.
 */
export function hostStore(store: Store): Store {
  const { directory, board } = store
  return {
    name: store.name,
    isShared: store.isShared,
    opening: store.opening,
    ledger: checkedLedger(store.ledger),
    ...(directory !== undefined && { directory: checkedDirectory(directory) }),
    ...(board !== undefined && {
      board: {
        post: (facts) => asked('board.post', () => board.post(facts)),
        read: () => asked('board.read', () => board.read(), Array.isArray),
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

function checkedLedger(ledger: Ledger): Ledger {
  return {
    reserve: (request) => asked('ledger.reserve', () => ledger.reserve(request), isReserveAnswer),
    settle: (reservation, actuals) =>
      asked('ledger.settle', () => ledger.settle(reservation, actuals), isSettleAnswer),
    read: (draws) => asked('ledger.read', () => ledger.read(draws), Array.isArray),
    reset: (draws) => asked('ledger.reset', () => ledger.reset(draws)),
    ...(ledger.renew !== undefined && {
      renew: (lease) =>
        asked('ledger.renew', () => ledger.renew?.(lease) as Promise<boolean>, isBoolean),
    }),
    ...(ledger.giveBack !== undefined && {
      giveBack: () =>
        asked('ledger.giveBack', () => ledger.giveBack?.() as Promise<number>, isCount),
    }),
  }
}

function checkedDirectory(directory: Directory): Directory {
  return {
    changesSince: (version) =>
      asked('directory.changesSince', () => directory.changesSince(version), isChanges),
    put: (entry) => asked('directory.put', () => directory.put(entry)),
    secret: (fresh) => asked('directory.secret', () => directory.secret(fresh), isText),
    ...(directory.restore !== undefined && {
      restore: async (known) =>
        (await asked('directory.restore', () => directory.restore?.(known))) === true,
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
      Array.isArray((reservation as { readonly draws?: unknown }).draws)
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
