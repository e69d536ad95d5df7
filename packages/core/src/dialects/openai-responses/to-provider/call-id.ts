import { createHash } from 'node:crypto'

const LONGEST = 64

/**
 * A call's id as this dialect allows it: other services put whole signatures into theirs. The same
 * rule on calls and results keeps pairs.
 */
export function wireCallId(id: string): string {
  return id.length <= LONGEST
    ? id
    : `call_${createHash('sha256')
        .update(id)
        .digest('hex')
        .slice(0, LONGEST - 'call_'.length)}`
}
