import type { GatewayError } from '../../../errors.ts'
import type { ErrorResponse } from '../../model/call.ts'
import type { JsonObject } from '../../model/json-object.ts'
import { foreignFacts } from '../../wire/foreign-error.ts'
import { upstreamError } from '../../wire/upstream-error.ts'
import { parseFirstObject } from '../../wire/json.ts'
import { errorFactsOf } from '../from-provider/error-facts.ts'

/**
 * OpenAI's error envelope: all four fields, always. A request that used up its attempts lists them.
 */
export function renderError(error: GatewayError): JsonObject {
  const { param, providerCode, attempts, resetsAtMs, mostOutputTokens } = error.details
  return {
    error: {
      message: error.message,
      type: error.type,
      param: param ?? null,
      code: error.code === 'provider_rejected' ? (providerCode ?? error.code) : error.code,
      ...(resetsAtMs === undefined ? {} : { resets_at: new Date(resetsAtMs).toISOString() }),
      ...(mostOutputTokens === undefined ? {} : { max_output_tokens: mostOutputTokens }),
      ...(attempts === undefined || attempts.length === 0
        ? {}
        : { attempts: attempts.map(({ target, code, ms }) => ({ target, code, ms })) }),
    },
  }
}

/**
 * Last event of a broken stream. Clients take any chunk with an `error` for the end; `[DONE]`
 * would say it was whole.
 */
export function renderStreamError(error: GatewayError): string {
  return `data: ${JSON.stringify(renderError(error))}\n\n`
}

/**
 * The error of a non-2xx answer, whatever its body: the shapes of this dialect, plain text, a
 * proxy's HTML, nothing.
 */
export function readError(response: ErrorResponse): GatewayError {
  const { status, provider } = response
  const body = parseFirstObject(response.body)
  const facts =
    body === undefined
      ? { message: response.body }
      : { ...foreignFacts(body), ...errorFactsOf(body) }
  return upstreamError({ ...facts, status, provider })
}
