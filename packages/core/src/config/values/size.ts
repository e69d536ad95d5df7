/** As in Express and nginx, `kb` and `KiB` both mean 1024 bytes. */
const UNITS_BYTES: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  k: 2 ** 10,
  m: 2 ** 20,
  g: 2 ** 30,
}

/** No longer text can be decoded by the runtime. */
export const LARGEST_SIZE_BYTES = 2 ** 29 - 25

export const sizeHint =
  'Write bytes, or a number with a unit, such as 512kb, 20mb or 20MiB (1 MiB is 1048576 bytes), below 512MiB.'

/**
 * Bytes of a size: a number of bytes, or a string such as `20mb` or `20MiB`. `undefined` for
 * everything else; nothing is clamped.
 */
export function parseSize(value: unknown): number | undefined {
  const bytes = typeof value === 'string' ? fromText(value) : value
  return typeof bytes === 'number' &&
    Number.isInteger(bytes) &&
    bytes >= 1 &&
    bytes <= LARGEST_SIZE_BYTES
    ? bytes
    : undefined
}

function fromText(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*(?:([kmg])i?b|(b)?)$/i.exec(text.trim())
  if (match === null) return undefined
  return Number(match[1]) * (UNITS_BYTES[(match[2] ?? match[3] ?? '').toLowerCase()] as number)
}
