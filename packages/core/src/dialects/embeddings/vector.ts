import type { Encoding } from './request.ts'

/** A vector as it came: numbers, or the base64 of little-endian 32-bit floats. */
export type Vector = readonly number[] | string

/** The value when it is a vector of at least one number; `undefined` for everything else. */
export function vectorOf(value: unknown): Vector | undefined {
  if (typeof value === 'string') return isFloats(value) ? value : undefined
  return Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === 'number')
    ? (value as number[])
    : undefined
}

export function isEncodedAs(vector: Vector, encoding: Encoding): boolean {
  return (typeof vector === 'string') === (encoding === 'base64')
}

/** The same vector in the requested encoding. */
export function encode(vector: Vector, encoding: Encoding): Vector {
  if (isEncodedAs(vector, encoding)) return vector
  return typeof vector === 'string' ? decode(vector) : toBase64(vector)
}

function toBase64(numbers: readonly number[]): string {
  const bytes = Buffer.allocUnsafe(numbers.length * FLOAT_BYTES)
  for (let at = 0; at < numbers.length; at++) bytes.writeFloatLE(numbers[at] ?? 0, at * FLOAT_BYTES)
  return bytes.toString('base64')
}

function decode(base64: string): number[] {
  const bytes = Buffer.from(base64, 'base64')
  return Array.from({ length: bytes.length / FLOAT_BYTES }, (_, at) =>
    bytes.readFloatLE(at * FLOAT_BYTES),
  )
}

const FLOAT_BYTES = 4
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/

function isFloats(text: string): boolean {
  return BASE64.test(text) && Buffer.byteLength(text, 'base64') % FLOAT_BYTES === 0
}
