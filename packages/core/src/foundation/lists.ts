/**
 * Lists of any length: `to.push(...items)` and `Math.max(...items)` put each element on the stack,
 * which throws a RangeError at about a hundred thousand of them.
 */

/** Adds elements to the end of another list. */
export function append<T>(to: T[], items: Iterable<T>): void {
  for (const item of items) to.push(item)
}

/** The smallest number; `Infinity` where there is none. */
export function smallest(numbers: readonly number[]): number {
  let found = Number.POSITIVE_INFINITY
  for (const number of numbers) found = Math.min(found, number)
  return found
}

/** The largest number; `-Infinity` where there is none. */
export function largest(numbers: readonly number[]): number {
  let found = Number.NEGATIVE_INFINITY
  for (const number of numbers) found = Math.max(found, number)
  return found
}
