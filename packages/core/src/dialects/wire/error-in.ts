import type { GatewayError } from '../../errors.ts'
import type { ErrorResponse } from '../model/call.ts'
import type { JsonObject } from '../model/json-object.ts'
import { asObject } from './json.ts'

/** A dialect, as far as it reads errors. */
export interface ErrorReader {
  readonly providerSide: { readError(response: ErrorResponse): GatewayError }
}

/** The provider and model that answered, and the dialect of the answer. */
export interface Answering {
  readonly api: ErrorReader
  readonly provider: string
  readonly model: string
}

/** The error that an answer with status 200, or an event of one, carries. */
export function errorIn(
  frame: { readonly event?: string | undefined; readonly data: string },
  body: JsonObject | undefined,
  from: Answering,
): GatewayError | undefined {
  const error = body?.error
  const carries =
    frame.event === 'error' ||
    (typeof error === 'string' && error !== '') ||
    asObject(error) !== undefined
  if (!carries) return undefined
  const { api, provider, model } = from
  return api.providerSide.readError({
    status: statusIn(asObject(error)),
    headers: {},
    body: frame.data,
    provider,
    model,
  })
}

/** Some errors name the status they would have had. */
function statusIn(error: JsonObject | undefined): number {
  const status = Number(error?.status ?? error?.code)
  return Number.isInteger(status) && status >= 400 && status <= 599 ? status : 500
}
