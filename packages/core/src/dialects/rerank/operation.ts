import { GatewayError } from '../../errors.ts'
import type { ClientRequest } from '../model/request.ts'
import type { JsonObject } from '../model/json-object.ts'
import { errorIn } from '../wire/error-in.ts'
import { asObject, asObjects } from '../wire/json.ts'
import type { Operation, OperationContext, OperationTarget } from '../model/operation.ts'
import type { Translation } from '../translation/translation.ts'
import { nativeUsageOf, readUsage } from '../wire/usage-fields.ts'
import { tokenCount, type Usage } from '../model/usage.ts'
import { parseRerank, type RerankRequest } from './request.ts'

/** A rerank request, for every target that supports it. */
export function readRerank(request: ClientRequest): Operation {
  const asked = parseRerank(request)
  return {
    model: asked.model,
    stream: false,
    translationFor: (target, context) => translationTo(asked, target, context),
  }
}

function translationTo(
  asked: RerankRequest,
  { provider, model, dialects: [api] }: OperationTarget,
  { requestId }: OperationContext,
): Translation {
  const format = api?.rerank?.(model)
  if (api === undefined || format === undefined)
    throw new GatewayError(
      'unsupported_content',
      `${provider.name} serves no reranking by ${model}.`,
      { provider: provider.name, param: 'model' },
    )
  const from = { api, provider: provider.name, model }
  return {
    answer: 'json',
    accept: 'application/json',
    contentType: 'application/json',
    buildRequest: () => format(asked, { provider: provider.name, model, quirks: provider.quirks }),
    readAnswer(body) {
      const error =
        body.error === undefined || body.error === null
          ? undefined
          : errorIn({ data: JSON.stringify(body) }, body, from)
      if (error !== undefined) throw error
      return {
        body: JSON.stringify(render(body, { asked, model, provider: provider.name, requestId })),
        usage: mapUsage(body),
        finishes: [],
      }
    },
    openStream() {
      throw new TypeError('Reranking does not stream.')
    },
    readError: (response) => api.providerSide.readError(response),
  }
}

interface Rendering {
  readonly asked: RerankRequest
  readonly model: string
  readonly provider: string
  readonly requestId: string
}

/**
 * `{ id, model, results: [{ index, relevance_score, document? }] }`, and the provider's other
 * fields.
 */
function render(
  { data, results, ...native }: JsonObject,
  { asked, model, provider, requestId }: Rendering,
): JsonObject {
  const items = asObjects(results ?? data)
  if (items.length === 0)
    throw new GatewayError('upstream_invalid', `${provider} answered with no results.`)
  const scored = items.map((item) => {
    const { index } = item
    const score = item.relevance_score ?? item.score
    const document = typeof index === 'number' ? asked.documents[index] : undefined
    if (document === undefined || typeof score !== 'number')
      throw new GatewayError(
        'upstream_invalid',
        `${provider} sent a result that belongs to no document, or has no score.`,
      )
    return {
      index,
      relevance_score: score,
      ...(asked.returnsDocuments
        ? { document: typeof document === 'string' ? { text: document } : document }
        : {}),
    }
  })
  // Best first, and no more than were requested, whatever the service returns.
  scored.sort((a, b) => b.relevance_score - a.relevance_score)
  return { id: requestId, model, ...native, results: scored.slice(0, asked.topN) }
}

/** Tokens where the service counts them; some bill by the search, which only `native` says. */
function mapUsage(body: JsonObject): Usage | undefined {
  const native = nativeUsageOf(body)
  if (native !== undefined) return readUsage(native)
  const billed = asObject(asObject(body.meta)?.billed_units)
  return (
    billed && {
      inputTokens: tokenCount(billed.input_tokens) ?? 0,
      outputTokens: 0,
      native: body.meta,
    }
  )
}
