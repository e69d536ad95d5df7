import type { TargetFilter } from '../config/index.ts'
import type { TargetHealth } from '../health/index.ts'
import type { RoutingTable, Target } from '../routing/index.ts'

/**
 * `targets`: none can be called; `store`: it does not answer, and limits refuse everything without
 * it.
 */
export type MissingPart = 'targets' | 'store'

export interface ReadinessParts {
  readonly routing: RoutingTable
  readonly health: TargetHealth
  readonly isDisabled: TargetFilter | undefined
  /** Whether a store that must answer does not. */
  readonly isStoreMissed: () => Promise<boolean>
}

/**
 * Parts whose absence keeps this instance from answering any request; empty while it can answer
 * some.
 */
export async function missingParts({
  routing,
  health,
  isDisabled,
  isStoreMissed,
}: ReadinessParts): Promise<readonly MissingPart[]> {
  const isCallable = ({ id, provider, model }: Target, route: string): boolean =>
    isDisabled?.({ provider: provider.name, model, route }) !== true && health.isCallable(id)
  const routes = [...routing.routes]
  // Without routes, clients name models of any provider: one that is configured may have some that
  // answer.
  const hasTargets =
    routes.length === 0
      ? routing.providers.size > 0
      : routes.some(([name, { targets }]) => targets.some((target) => isCallable(target, name)))
  return [
    ...(hasTargets ? [] : (['targets'] as const)),
    ...((await isStoreMissed()) ? (['store'] as const) : []),
  ]
}
