import {
  fieldElsewhere,
  namesModelElsewhere,
  type Operation,
  paidFields,
  plainName,
  type Powers,
} from '../dialects/index.ts'
import { GatewayError } from '../errors.ts'
import { repeatedMember } from '../http/index.ts'
import type { Caller } from '../identity/index.ts'
import type { Plan, Target } from './plan.ts'
import type { RoutingTable } from './resolve.ts'

/**
 * Two parsers see two requests in a body that says a thing twice: the gateway one, and the provider
 * the other.
 */
export function refuseAmbiguous(operation: Operation): void {
  const bytes = operation.json?.()?.bytes
  const name = bytes === undefined ? undefined : repeatedMember(bytes, plainName)
  if (name === undefined) return
  const shown = name.slice(0, 100)
  throw new GatewayError(
    'invalid_request',
    `The request has the field ${JSON.stringify(shown)} twice (other spellings of a name count as the same). Send each field once.`,
    { param: shown },
  )
}

/** A caller who may use some models only may not ask for what lets another one answer. */
export function refuseElsewhere(
  caller: Caller | undefined,
  operation: Operation,
  { route, targets }: Plan,
): void {
  if (caller?.models === undefined && caller?.routes === undefined) return
  const body = operation.json?.()?.body ?? {}
  for (const { id, model, provider } of targets) {
    const field = fieldElsewhere(body, provider.powers)
    if (field !== undefined)
      throw new GatewayError(
        'permission_denied',
        `${field} lets ${provider.name} answer with another model, host or account than the requested one, and this key may use some only.`,
        { param: field },
      )
    // A target that the operator wrote out is allowed as written.
    const isNamed = route !== undefined || caller.models?.includes(id) === true
    if (!isNamed && namesModelElsewhere(model, provider.powers))
      throw new GatewayError(
        'permission_denied',
        `The model ${JSON.stringify(id)} lets ${provider.name} choose what answers, and this key may use it only where its list of models names it in full.`,
        { param: 'model' },
      )
  }
}

/**
 * Where a request asks a target for what its tokens do not pay for, beyond what is the same
 * everywhere.
 */
export function paidBesideAt(
  routing: RoutingTable,
  target: string,
  operation: Operation,
): readonly string[] {
  const powers = powersAt(routing, target)
  return powers === undefined
    ? []
    : paidFields(operation.json?.()?.body ?? {}, target.slice(target.indexOf('/') + 1), powers)
}

/**
 * Where a request lets a target answer with another model, whose price is not the one that is
 * reserved.
 */
export function pricedElsewhere(
  routing: RoutingTable,
  target: string,
  operation: Operation,
): string | undefined {
  const powers = powersAt(routing, target)
  return powers === undefined ? undefined : fieldElsewhere(operation.json?.()?.body ?? {}, powers)
}

/** @param target `provider/model`, or a provider */
/** @param target `provider/model`, or a provider */
export function targetOf({ providers }: RoutingTable, target: string): Target | undefined {
  const [provider = '', ...model] = target.split('/')
  return providers.get(provider)?.target(model.join('/'))
}

/** @param target `provider/model`, or a provider */
function powersAt(routing: RoutingTable, target: string): Powers | undefined {
  return targetOf(routing, target)?.provider.powers
}
