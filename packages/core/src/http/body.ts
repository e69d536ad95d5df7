import { GatewayError } from '../errors.ts'
import { invalidJson, parseOutside } from '../json/parse.ts'
import { JsonSyntaxError, REQUEST_LIMITS, SMALL_JSON_BYTES } from '../json/scan.ts'
import { checkStructure } from '../json/structure.ts'
import { Turns } from '../json/turns.ts'
import type { GatewayRequest } from './request.ts'

export interface JsonBody {
  readonly value: Record<string, unknown>
  /** Absent when only the parsed value is left of the original. */
  readonly bytes: Uint8Array | undefined
}

interface ReadOptions {
  /** Stands for an empty body, which is refused otherwise. */
  readonly whenEmpty?: JsonBody['value']
  /**
   * Awaited before a body of more than 64 KiB is parsed, which is not parsed where this rejects.
   */
  readonly beforeLarge?: () => Promise<void>
  /** Shared with other large texts; its own where absent. */
  readonly turns?: Turns
}

/** The JSON object a client sent; the host's already parsed body is used as it is. */
export async function readJsonBody(
  request: GatewayRequest,
  limit: number,
  { whenEmpty, beforeLarge, turns }: ReadOptions = {},
): Promise<JsonBody> {
  const parsed = request.parsedBody
  if (parsed !== undefined && typeof parsed !== 'string' && !(parsed instanceof Uint8Array)) {
    if (Number(request.header('content-length') ?? 0) > SMALL_JSON_BYTES) await beforeLarge?.()
    checkStructure(parsed, REQUEST_LIMITS)
    return { value: objectOf(parsed), bytes: undefined }
  }
  const bytes =
    parsed === undefined
      ? await request.bytes(limit)
      : typeof parsed === 'string'
        ? Buffer.from(parsed)
        : parsed
  if (bytes.length > limit) throw bodyTooLarge(limit)
  if (bytes.length === 0 && whenEmpty !== undefined) return { value: whenEmpty, bytes }
  if (bytes.length > SMALL_JSON_BYTES) await beforeLarge?.()
  const value = parseJson(bytes, turns)
  return { value: objectOf(value instanceof Promise ? await value : value), bytes }
}

/**
 * The largest body that is kept while it is sent, so that it can be sent again: to the next target,
 * say.
 */
export const REPLAYABLE_BYTES = 1024 * 1024

/**
 * A body of any kind to pass on: whole while it is small, otherwise as it comes, once. `undefined`
 * when the client sent none. What the host's parser made of it is written out again.
 */
export async function readUpload(
  request: GatewayRequest,
  limit: number,
): Promise<Uint8Array | AsyncIterable<Uint8Array> | undefined> {
  const parsed = request.parsedBody
  if (parsed !== undefined) {
    const bytes =
      parsed instanceof Uint8Array
        ? parsed
        : Buffer.from(typeof parsed === 'string' ? parsed : JSON.stringify(parsed))
    if (bytes.length > limit) throw bodyTooLarge(limit)
    return bytes
  }
  const source = request.stream(limit)[Symbol.asyncIterator]()
  const chunks: Uint8Array[] = []
  let size = 0
  while (size <= REPLAYABLE_BYTES) {
    const { done, value } = await source.next()
    if (done === true) return size === 0 ? undefined : Buffer.concat(chunks, size)
    chunks.push(value)
    size += value.length
  }
  return followedBy(chunks, source)
}

/** The chunks that were read, then the rest. Leaving it early ends the rest. */
async function* followedBy(
  first: readonly Uint8Array[],
  rest: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array, undefined> {
  try {
    yield* first
    for (let next = await rest.next(); next.done !== true; next = await rest.next())
      yield next.value
  } finally {
    await rest.return?.()
  }
}

export function bodyTooLarge(limit: number): GatewayError {
  return new GatewayError(
    'body_too_large',
    `The request body is larger than the limit of ${limit} bytes (option bodyLimit, POSTERN_BODY_LIMIT).`,
  )
}

export function encodingNotAccepted(encoding: string): GatewayError {
  return new GatewayError(
    'invalid_request',
    `Request bodies with content-encoding ${JSON.stringify(encoding.slice(0, 80))} are not accepted. Use gzip, br, zstd or deflate, three in a row at most, or send the body uncompressed.`,
    { status: 415, headers: { 'accept-encoding': 'gzip, br, zstd, deflate' } },
  )
}

/** A promise for a large body. */
function parseJson(bytes: Uint8Array, turns = new Turns()): unknown {
  if (bytes.length === 0)
    throw new GatewayError('invalid_json', 'The request body is empty; expected a JSON object.')
  const explained = (error: unknown): never => {
    throw error instanceof JsonSyntaxError ? invalidJson(error, bytes) : error
  }
  try {
    const value = parseOutside(bytes, REQUEST_LIMITS, turns)
    return value instanceof Promise ? value.catch(explained) : value
  } catch (error) {
    return explained(error)
  }
}

/**
 * Requests of all APIs have a few dozen; each of them may be copied, checked and named in what is
 * dropped.
 */
const MAX_FIELDS = 1_000

function objectOf(value: unknown): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    const fields = Object.keys(value).length
    if (fields > MAX_FIELDS)
      throw new GatewayError(
        'invalid_request',
        `The request body has ${fields} fields; the limit is ${MAX_FIELDS}. Send what belongs together inside one field.`,
      )
    return value as Record<string, unknown>
  }
  throw new GatewayError(
    'invalid_request',
    `The request body must be a JSON object, not ${value === null ? 'null' : Array.isArray(value) ? 'an array' : `a ${typeof value}`}.`,
  )
}
