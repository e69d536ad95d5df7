import type { Faults, WriteSizes } from './faults.ts'

const DEFAULT_MIN_BYTES = 1
const DEFAULT_MAX_BYTES = 97

/**
 * Cuts a body into the writes the faults ask for; without any, each item is one write. Lazy:
 * nothing is read ahead.
 */
export function* sliceWrites(
  body: Iterable<Uint8Array>,
  faults: Pick<Faults, 'writeSizes' | 'splitUtf8' | 'slowDrip'>,
): Generator<Uint8Array> {
  const sizes = faults.slowDrip?.bytes ?? faults.writeSizes
  const slices = sizes === undefined ? body : resized(body, sizesFrom(sizes))
  if (faults.splitUtf8 === true) for (const slice of slices) yield* splitCharacters(slice)
  else yield* slices
}

function* resized(body: Iterable<Uint8Array>, sizes: Iterator<number>): Generator<Uint8Array> {
  let open: Uint8Array[] = []
  let missing = nextSize(sizes)
  for (const item of body) {
    let rest = item
    while (rest.length >= missing) {
      yield Buffer.concat([...open, rest.subarray(0, missing)])
      rest = rest.subarray(missing)
      open = []
      missing = nextSize(sizes)
    }
    if (rest.length > 0) {
      open.push(rest)
      missing -= rest.length
    }
  }
  if (open.length > 0) yield Buffer.concat(open)
}

function nextSize(sizes: Iterator<number>): number {
  return Number(sizes.next().value)
}

function* sizesFrom(sizes: WriteSizes): Generator<number> {
  if (typeof sizes === 'number') for (;;) yield sizes
  const { seed, min = DEFAULT_MIN_BYTES, max = DEFAULT_MAX_BYTES } = sizes
  const random = pseudoRandom(seed)
  for (;;) yield min + Math.floor(random() * (max - min + 1))
}

/** mulberry32: small, and the same sequence for the same seed everywhere. */
function pseudoRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

const FIRST_LEAD_BYTE = 0xc2

/** Cuts after the first byte of every multi-byte character. */
function* splitCharacters(slice: Uint8Array): Generator<Uint8Array> {
  let start = 0
  for (let at = 1; at < slice.length; at++) {
    if ((slice[at - 1] ?? 0) < FIRST_LEAD_BYTE) continue
    yield slice.subarray(start, at)
    start = at
  }
  if (start < slice.length) yield slice.subarray(start)
}
