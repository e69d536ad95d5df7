import { GatewayError } from '../../errors.ts'
import type { BuiltRequest, CallContext } from '../model/call.ts'
import type { JsonObject } from '../model/json-object.ts'
import type { RerankRequest } from './request.ts'

export type RerankCall = Pick<CallContext, 'provider' | 'model' | 'quirks'>

/** Format of a service's rerank requests. All services answer alike. */
export type RerankFormat = (request: RerankRequest, call: RerankCall) => BuiltRequest

/** `/rerank`, as Jina, vLLM and most hosts of open models have it. */
export const commonRerank: RerankFormat = (
  { model: asked, topN, body, bytes },
  { model, quirks: { rerank } },
) => {
  if (rerank === undefined)
    return {
      path: '/rerank',
      body: asked === model ? (bytes ?? body) : { ...body, model },
      dropped: [],
    }
  const { top_n: _, ...rest } = body
  return {
    path: '/rerank',
    body: {
      ...rerank.fixed,
      ...rest,
      model,
      ...(topN === undefined ? {} : { [rerank.topField ?? 'top_n']: topN }),
    },
    dropped: [],
  }
}

/**
 * Query, texts and how many of them, for services that read nothing but text. Throws
 * `unsupported_content` with `param`.
 */
export function plainRerank(request: RerankRequest, { provider }: RerankCall): JsonObject {
  const documents = request.documents.map((document, at) => {
    if (typeof document === 'string') return document
    throw new GatewayError(
      'unsupported_content',
      `documents[${at}]: a document that is no text is not supported by ${provider}.`,
      { param: `documents[${at}]`, provider },
    )
  })
  return {
    query: request.query,
    documents,
    ...(request.topN === undefined ? {} : { top_n: request.topN }),
  }
}

const OWN_FIELDS: ReadonlySet<string> = new Set([
  'model',
  'query',
  'documents',
  'top_n',
  'return_documents',
])

/** The client's fields that a service of another format has no place for, except the given ones. */
export function otherFields({ body }: RerankRequest, taken: readonly string[] = []): string[] {
  return Object.keys(body).filter(
    (field) =>
      !OWN_FIELDS.has(field) &&
      !taken.includes(field) &&
      body[field] !== undefined &&
      body[field] !== null,
  )
}
