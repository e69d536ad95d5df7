import { GatewayError } from '../../errors.ts'
import type { BuiltRequest, CallContext } from '../model/call.ts'
import type { JsonObject } from '../model/json-object.ts'
import type { Usage } from '../model/usage.ts'
import type { ErrorReader } from '../wire/error-in.ts'
import type { EmbeddingInput, EmbeddingsRequest } from './request.ts'
import type { Vector } from './vector.ts'

export interface EmbeddingsCall extends Pick<
  CallContext,
  'provider' | 'model' | 'quirks' | 'dropUnsupported'
> {
  /** Dialect of the provider. */
  readonly api: ErrorReader
}

/** Format of a service's embeddings API. */
export interface EmbeddingFormat {
  /** Most inputs of one call; more are split over several calls. Any number when absent. */
  readonly maxInputs?: number
  /** Throws `unsupported_content` with `param` for inputs and fields the service does not have. */
  buildRequest(request: EmbeddingsRequest, call: EmbeddingsCall): BuiltRequest
  /** Throws `upstream_invalid` for a malformed answer, or the error the body carries. */
  readAnswer(body: JsonObject, call: EmbeddingsCall): EmbeddingsAnswer
}

export interface EmbeddingsAnswer {
  /** In the order of the inputs; `undefined` where there is none. */
  readonly vectors: readonly (Vector | undefined)[]
  /** Absent where the service does not say. */
  readonly usage?: Usage | undefined
  /** The whole answer of a service that speaks the client's own format. */
  readonly native?: JsonObject
}

/** The texts of a request, for services that read nothing else. */
export function textsOf({ inputs }: EmbeddingsRequest, { provider }: EmbeddingsCall): string[] {
  return inputs.map((input, at) =>
    asText(input, { provider, path: inputs.length === 1 ? 'input' : `input[${at}]` }),
  )
}

function asText(
  input: EmbeddingInput,
  { provider, path }: { readonly provider: string; readonly path: string },
): string {
  if (input.kind === 'text') return input.text
  const what =
    input.kind === 'tokens'
      ? 'a list of token ids (send the text itself)'
      : 'an input that is no text'
  throw new GatewayError(
    'unsupported_content',
    `${path}: ${what} is not supported by ${provider}.`,
    { param: path, provider },
  )
}

const OWN_FIELDS: ReadonlySet<string> = new Set([
  'model',
  'input',
  'dimensions',
  'encoding_format',
  'input_type',
])

/** The client's fields that a service of another format has no place for, except the given ones. */
export function otherFields({ body }: EmbeddingsRequest, taken: readonly string[] = []): string[] {
  return Object.keys(body).filter(
    (field) =>
      !OWN_FIELDS.has(field) &&
      !taken.includes(field) &&
      body[field] !== undefined &&
      body[field] !== null,
  )
}
