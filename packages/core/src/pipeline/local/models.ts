import { renderModel, renderModels } from '../../dialects/index.ts'
import { GatewayError } from '../../errors.ts'
import type { Runtime } from '../../gateway/runtime.ts'
import type { GatewayRequest, GatewayResponse } from '../../http/index.ts'
import type { Exchange } from '../exchange.ts'
import { answerHeaders } from '../response-headers.ts'
import { settle } from '../settle.ts'
import { type Allowance, mayUseModel, type Plan, planFor } from '../../routing/index.ts'

/**
 * The entry that the list has for `id`; a model of a provider that lists none is there where a
 * request would reach it.
 */
export async function retrieveModel(
  runtime: Runtime,
  exchange: Exchange,
  { request, id }: { readonly request: GatewayRequest; readonly id: string },
): Promise<GatewayResponse> {
  const [target] = planToList(runtime, exchange, id).targets
  if (target !== undefined && !runtime.routing.routes.has(id)) {
    const listed = (await runtime.listModels()).filter((model) =>
      model.startsWith(`${target.provider.name}/`),
    )
    if (listed.length > 0 && !listed.includes(target.id))
      throw new GatewayError(
        'model_not_found',
        `${target.provider.name} lists no model ${JSON.stringify(target.model.slice(0, 200))}.`,
        { param: 'model' },
      )
  }
  settle(runtime, exchange, { status: 200, code: 'ok' })
  return {
    status: 200,
    headers: { ...answerHeaders(exchange), 'content-type': 'application/json' },
    body: JSON.stringify(renderModel(id, Math.floor(exchange.startedAt / 1000), request)),
  }
}

/** Models that a caller may not use are not found, as in the list. */
function planToList({ routing }: Runtime, { caller }: Exchange, id: string): Plan {
  try {
    return planFor(routing, id, caller ?? {})
  } catch (error) {
    if (!(error instanceof GatewayError) || error.code !== 'permission_denied') throw error
    throw new GatewayError(
      'model_not_found',
      `There is no route or model ${JSON.stringify(id.slice(0, 200))}.`,
      { param: 'model' },
    )
  }
}

/** Routes first, then models: what this caller may use. */
export async function listModels(
  runtime: Runtime,
  exchange: Exchange,
  request: GatewayRequest,
): Promise<GatewayResponse> {
  const streamBudget: Allowance = exchange.caller ?? {}
  const created = Math.floor(exchange.startedAt / 1000)
  const routes = [...runtime.routing.routes.keys()].filter(
    (name) => streamBudget.routes?.includes(name) ?? true,
  )
  const models = (await runtime.listModels()).filter((id) => mayUseModel(streamBudget, id))
  settle(runtime, exchange, { status: 200, code: 'ok' })
  return {
    status: 200,
    headers: { ...answerHeaders(exchange), 'content-type': 'application/json' },
    body: JSON.stringify(renderModels({ routes, models, created }, request)),
  }
}
