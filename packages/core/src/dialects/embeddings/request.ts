import type { ClientRequest } from '../model/request.ts'
import type { JsonObject } from '../model/json-object.ts'
import { optionalString, type Place, requiredText } from '../wire/fields.ts'
import { invalid } from '../model/invalid.ts'
import { isObject } from '../wire/json.ts'

/**
 * Input of one vector. `value` is an input only some services have (`{ image: ... }`), in
 * their own words.
 */
export type EmbeddingInput =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'tokens'; readonly tokens: readonly number[] }
  | { readonly kind: 'other'; readonly value: JsonObject }

/**
 * A request as OpenAI's API has it, with the additional field `input_type`, which many services
 * need.
 */
export interface EmbeddingsRequest {
  readonly model: string
  /** At least one. */
  readonly inputs: readonly EmbeddingInput[]
  readonly dimensions: number | undefined
  readonly encoding: Encoding
  /** Purpose of the vectors (`query`, `document`, or a word of the target's own). */
  readonly inputType: string | undefined
  /** As it came, for targets that speak the same. */
  readonly body: JsonObject
  readonly bytes: Uint8Array | undefined
}

/**
 * How a vector is written: as numbers, or as the base64 of its little-endian 32-bit floats (what
 * official SDKs ask for).
 */
export type Encoding = 'float' | 'base64'

/** Throws `invalid_request` with `param`. */
export function parseEmbeddings({
  body,
  bytes,
}: Pick<ClientRequest, 'body' | 'bytes'>): EmbeddingsRequest {
  const place: Place = { value: body, path: '' }
  return {
    model: requiredText(place, 'model'),
    inputs: inputsOf(body.input),
    dimensions: dimensionsOf(body.dimensions),
    encoding: encodingOf(optionalString(place, 'encoding_format') ?? 'float'),
    inputType: optionalString(place, 'input_type'),
    body,
    bytes,
  }
}

const INPUT = 'a string, a list of token ids, or a list of these'

function inputsOf(input: unknown): EmbeddingInput[] {
  if (typeof input === 'string') return [{ kind: 'text', text: input }]
  if (!Array.isArray(input) || input.length === 0) throw invalid('input', INPUT, input)
  if (typeof input[0] === 'number') return [{ kind: 'tokens', tokens: tokensOf(input, 'input') }]
  return input.map((item: unknown, at) => inputOf(item, `input[${at}]`))
}

function inputOf(item: unknown, path: string): EmbeddingInput {
  if (typeof item === 'string') return { kind: 'text', text: item }
  if (Array.isArray(item) && item.length > 0)
    return { kind: 'tokens', tokens: tokensOf(item, path) }
  if (!isObject(item)) throw invalid(path, 'a string or a list of token ids', item)
  // Whatever else stands beside it, a text is a text.
  return typeof item.text === 'string' && Object.keys(item).length === 1
    ? { kind: 'text', text: item.text }
    : { kind: 'other', value: item }
}

function tokensOf(list: readonly unknown[], path: string): readonly number[] {
  const wrong = list.findIndex((token) => !Number.isSafeInteger(token) || (token as number) < 0)
  if (wrong !== -1) throw invalid(`${path}[${wrong}]`, 'a token id (a whole number)', list[wrong])
  return list as readonly number[]
}

function dimensionsOf(value: unknown): number | undefined {
  if (value === undefined || value === null) return undefined
  if (!Number.isSafeInteger(value) || (value as number) < 1)
    throw invalid('dimensions', 'a whole number above 0', value)
  return value as number
}

function encodingOf(value: string): Encoding {
  if (value !== 'float' && value !== 'base64')
    throw invalid('encoding_format', '"float" or "base64"', value)
  return value
}
