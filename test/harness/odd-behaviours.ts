/** A way in which a function of the host may behave other than it should. */
export interface OddBehaviour {
  readonly name: string
  readonly run: () => unknown
  /** `late`: it settles after every deadline, or never. */
  readonly outcome: 'answers' | 'fails' | 'late'
  /** Of one that answers: the value, or that of the promise. */
  readonly value?: unknown
  /** It returns a promise, or something like one. */
  readonly isPromised: boolean
}

/** Promises of `settlesLate` that wait to be settled. */
export const late: (() => void)[] = []

const circular: Record<string, unknown> = { id: {}, name: {} }
circular['self'] = circular
circular['id'] = circular
circular['name'] = circular

const nextTurn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve))
const angry = (trap: () => never): object =>
  new Proxy(
    {},
    { get: trap, has: trap, getPrototypeOf: trap, ownKeys: trap, getOwnPropertyDescriptor: trap },
  )
const refuses = (): never => {
  throw new Error('looked at')
}
const getterThrows = {
  get id(): string {
    return refuses()
  },
  get name(): string {
    return refuses()
  },
}

const values: readonly unknown[] = [
  undefined,
  null,
  false,
  0,
  '',
  Number.NaN,
  true,
  {},
  [],
  5n,
  7,
  Symbol('odd'),
  () => 'never',
  new Error('returned'),
  new Map(),
  { id: undefined, name: undefined },
  { id: '', name: '' },
  { id: ' ', name: ' ' },
  { id: Number.NaN, name: 5 },
  { id: {}, name: [] },
  { id: 'x'.repeat(300), name: 'x'.repeat(300) },
  { id: '\uD800', name: {} },
  circular,
  getterThrows,
]

function nameOf(value: unknown, at: number): string {
  if (value === circular) return 'a circular value'
  if (value === getterThrows) return 'getters that throw'
  if (typeof value === 'object' && value !== null)
    return `${at}: ${Object.prototype.toString.call(value)} of ${Object.keys(value).join()}`
  return typeof value === 'bigint' ? `${value}n` : String(value)
}

/**
 * The linter is right that objects with such a method are dangerous: that is what they are here
 * for.
 */
const THEN = ['th', 'en'].join('')
const raise = (thrown: unknown): never => {
  throw thrown
}
const thenable = (
  then: (resolve: (value: unknown) => void, reject: (cause: unknown) => void) => void,
): object => Object.defineProperty({}, THEN, { value: then })

const fails = (name: string, run: () => unknown): OddBehaviour => ({
  name,
  run,
  outcome: 'fails',
  isPromised: false,
})
const failsLater = (name: string, run: () => unknown): OddBehaviour => ({
  name,
  run,
  outcome: 'fails',
  isPromised: true,
})
const isLate = (name: string, run: () => unknown): OddBehaviour => ({
  name,
  run,
  outcome: 'late',
  isPromised: true,
})
const resolves = (name: string, run: () => unknown): OddBehaviour => ({
  name,
  run,
  outcome: 'answers',
  value: undefined,
  isPromised: true,
})

/** Every behaviour that a function of the host is tried with. */
export const oddBehaviours: readonly OddBehaviour[] = [
  ...values.map((value, at): OddBehaviour => ({
    name: `answers ${nameOf(value, at)}`,
    run: () => value,
    outcome: 'answers',
    value,
    isPromised: false,
  })),
  ...values.map((value, at): OddBehaviour => ({
    name: `resolves with ${nameOf(value, at)}`,
    run: () => nextTurn().then(() => value),
    outcome: 'answers',
    value,
    isPromised: true,
  })),
  fails('answers a proxy that throws', () => angry(refuses)),
  fails('throws', refuses),
  fails('throws nothing', () => raise(undefined)),
  fails('throws what has no words', () => raise(Object.create(null))),
  fails('throws a proxy that throws', () => raise(angry(refuses))),
  fails('throws an error with a stack that throws', () =>
    raise(Object.defineProperty(new Error('odd'), 'stack', { get: refuses })),
  ),
  failsLater('rejects', () => Promise.reject(new Error('rejected'))),
  failsLater('rejects later', () => nextTurn().then(refuses)),
  failsLater('rejects with a proxy that throws', () => Promise.reject(angry(refuses))),
  failsLater('has a then that throws', () => thenable(refuses)),
  fails('has a getter of then that throws', () =>
    Object.defineProperty({}, THEN, { get: refuses }),
  ),
  resolves('resolves twice, then rejects', () =>
    thenable((resolve, reject) => {
      resolve(undefined)
      resolve(true)
      reject(new Error('third'))
    }),
  ),
  resolves('resolves, then throws', () =>
    thenable((resolve) => {
      resolve(undefined)
      refuses()
    }),
  ),
  isLate('never settles', () => new Promise(() => undefined)),
  isLate('never settles, as a thenable', () => thenable(() => undefined)),
  isLate(
    'resolves late',
    () => new Promise((resolve) => void late.push(() => resolve({ id: 'late', name: 'late' }))),
  ),
  isLate(
    'rejects late',
    () => new Promise((_, reject) => void late.push(() => reject(new Error('late')))),
  ),
]
