import type { ClientRequest } from '../model/request.ts'
import type { JsonObject } from '../model/json-object.ts'
import { optionalBoolean, type Place, requiredText } from '../wire/fields.ts'
import { invalid } from '../model/invalid.ts'
import { isObject } from '../wire/json.ts'

/**
 * A request as Cohere's and Jina's APIs have it: documents to be put in the order of their
 * relevance to a query.
 */
export interface RerankRequest {
  readonly model: string
  readonly query: string
  /**
   * At least one. A text, or what a service of the client's own format reads (`{ image: ... }`).
   */
  readonly documents: readonly (string | JsonObject)[]
  /** As many results as documents when absent. */
  readonly topN: number | undefined
  /** The documents come back with their scores. */
  readonly returnsDocuments: boolean
  /** As it came, for targets that speak the same. */
  readonly body: JsonObject
  readonly bytes: Uint8Array | undefined
}

/** Throws `invalid_request` with `param`. */
export function parseRerank({ body, bytes }: Pick<ClientRequest, 'body' | 'bytes'>): RerankRequest {
  const place: Place = { value: body, path: '' }
  return {
    model: requiredText(place, 'model'),
    query: requiredText(place, 'query'),
    documents: documentsOf(body.documents),
    topN: topOf(body.top_n),
    returnsDocuments: optionalBoolean(place, 'return_documents') ?? false,
    body,
    bytes,
  }
}

function documentsOf(value: unknown): (string | JsonObject)[] {
  if (!Array.isArray(value) || value.length === 0)
    throw invalid('documents', 'a list of strings', value)
  return value.map((document: unknown, at) => {
    if (typeof document === 'string') return document
    if (!isObject(document)) throw invalid(`documents[${at}]`, 'a string', document)
    return typeof document.text === 'string' ? document.text : document
  })
}

function topOf(value: unknown): number | undefined {
  if (value === undefined || value === null) return undefined
  if (!Number.isSafeInteger(value) || (value as number) < 1)
    throw invalid('top_n', 'a whole number above 0', value)
  return value as number
}
