import { type GatewayError } from '../../errors.ts'
import type { Dialect, JsonObject } from '../model/dialect.ts'
import { asObject } from './json.ts'

/** Who answered, in which API. */
export interface Answering {
  readonly api: Dialect
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
  return api.client.readError({
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
