/**
 * Calls code of the host and gives back its result; `undefined` where it throws. A thrown value,
 * and the rejection of a promise that nothing waits for, go to `onFailure`.
 */
export function isolated(call: () => unknown, onFailure: (cause: unknown) => void): unknown {
  try {
    const result = call()
    // Through a promise of ours: a `then` of the host may throw, or settle twice.
    if (isThenable(result)) Promise.resolve(result).then(undefined, onFailure)
    return result
  } catch (cause) {
    onFailure(cause)
    return undefined
  }
}

/** Throws where the `then` of the value is a getter that throws. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    ((typeof value === 'object' && value !== null) || typeof value === 'function') &&
    typeof (value as { readonly then?: unknown }).then === 'function'
  )
}
