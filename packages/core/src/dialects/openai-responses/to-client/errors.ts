import type { GatewayError } from '../../../errors.ts'
import type { JsonObject } from '../../model/json-object.ts'

/**
 * OpenAI's error envelope: all four fields, always. A request that used up its attempts lists them.
 */
export function renderError(error: GatewayError): JsonObject {
  const { attempts } = error.details
  return {
    error: {
      ...errorFields(error),
      ...(attempts === undefined || attempts.length === 0
        ? {}
        : { attempts: attempts.map(({ target, code, ms }) => ({ target, code, ms })) }),
    },
  }
}

/**
 * Event of a broken stream: an `error` event, flat as it is documented and nested as it is
 * sent, since clients read the one or the other.
 */
export function errorEvent(error: GatewayError): JsonObject {
  const fields = errorFields(error)
  const { code, message, param } = fields
  return { code, message, param, error: fields }
}

/** `error` of a response that failed. */
export function responseError(error: GatewayError): JsonObject {
  const { code, message } = errorFields(error)
  return { code, message }
}

function errorFields(error: GatewayError): {
  readonly message: string
  readonly type: string
  readonly param: string | null
  readonly code: string
} {
  return {
    message: error.message,
    type: error.type,
    param: error.details.param ?? null,
    code: codeOf(error),
  }
}

/** A provider's own word where it refused the request, and ours where that is one clients know. */
function codeOf({ code, details }: GatewayError): string {
  return code === 'provider_rejected' || code === 'invalid_request'
    ? (details.providerCode ?? code)
    : code
}
