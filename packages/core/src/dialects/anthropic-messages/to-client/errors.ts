import type { ErrorCode, GatewayError } from '../../../errors.ts'
import type { JsonObject } from '../../model/json-object.ts'
import { STATUS_OF_TYPE } from '../error-types.ts'

/** Where the status alone does not tell. */
const typesByCode: Partial<Record<ErrorCode, string>> = { insufficient_quota: 'billing_error' }

const typesByStatus: ReadonlyMap<number, string> = new Map([
  ...[...STATUS_OF_TYPE].map(([type, status]) => [status, type] as const),
  [503, 'overloaded_error'],
])

/** The error envelope of this dialect. A request that used up its attempts lists them. */
export function renderError(error: GatewayError, requestId: string): JsonObject {
  const { attempts, providerCode } = error.details
  return {
    type: 'error',
    error: {
      type: typeOf(error),
      message: messageOf(error),
      ...(providerCode === undefined || STATUS_OF_TYPE.has(providerCode)
        ? {}
        : { details: { error_code: providerCode } }),
      ...(attempts === undefined || attempts.length === 0
        ? {}
        : { attempts: attempts.map(({ target, code, ms }) => ({ target, code, ms })) }),
    },
    request_id: requestId,
  }
}

/** Last event of a broken stream. */
export function renderStreamError(error: GatewayError, requestId: string): string {
  return `event: error\ndata: ${JSON.stringify(renderError(error, requestId))}\n\n`
}

function typeOf({ code, status }: GatewayError): string {
  return (
    typesByCode[code] ??
    typesByStatus.get(status) ??
    (status < 500 ? 'invalid_request_error' : 'api_error')
  )
}

const TOO_LONG = 'prompt is too long'

/**
 * Agents recognise by these words that they must shorten the conversation, for every provider.
 */
function messageOf({ code, message }: GatewayError): string {
  if (code !== 'context_length_exceeded' || message.toLowerCase().includes(TOO_LONG)) return message
  return `${TOO_LONG}: ${message}`
}
