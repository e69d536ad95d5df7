import type { Settings } from '../config/index.ts'
import { type Dialect, dialects } from '../dialects/index.ts'
import type { Provider } from '../providers/index.ts'
import type { Plan, PlanLimits, ProviderEntry, RoutingTable, Target } from '../routing/index.ts'

export function createRoutingTable(settings: Settings): RoutingTable {
  const limits: PlanLimits = {
    connectTimeoutMs: settings.connectTimeoutMs,
    attemptTimeoutMs: settings.attemptTimeoutMs ?? 'derived',
    ttftTimeoutMs: settings.ttftTimeoutMs,
    idleTimeoutMs: settings.idleTimeoutMs,
    timeoutMs: settings.timeoutMs,
    retries: settings.retries,
    answerLimitBytes: settings.answerLimitBytes,
    eventLimitBytes: settings.eventLimitBytes,
    dropUnsupported: settings.dropUnsupported,
    fallbackOn: settings.fallbackOn,
    overBudget: settings.overBudget,
    onClientLeave: settings.onClientLeave,
  }
  const providers = new Map(
    [...settings.providers].map(([name, provider]) => [name, entryOf(provider)]),
  )
  const target = (wanted: { provider: string; model: string }): Target => {
    const entry = providers.get(wanted.provider)
    if (entry === undefined)
      throw new TypeError(`Settings name the provider ${wanted.provider} without having it.`)
    return entry.target(wanted.model)
  }
  const routes = new Map(
    [...settings.routes].map(([name, route]): [string, Plan] => {
      const { name: _, targets, ...own } = route
      const ofRoute: PlanLimits = {
        ...limits,
        ...own,
        attemptTimeoutMs: own.attemptTimeoutMs ?? 'derived',
      }
      return [name, Object.freeze({ route: name, targets: targets.map(target), limits: ofRoute })]
    }),
  )
  return { routes, providers, limits }
}

function entryOf(provider: Provider): ProviderEntry {
  const spoken = (model: string): Dialect[] =>
    (provider.dialectsFor?.(model) ?? [provider.dialect]).map(dialectNamed)
  const byDefault = provider.dialectsFor === undefined ? spoken('') : undefined
  return {
    target: (model) => ({
      id: `${provider.name}/${model}`,
      provider,
      model,
      dialects: byDefault ?? spoken(model),
    }),
    models: provider.models,
    modelPrefixes: provider.modelPrefixes,
  }
}

function dialectNamed(name: string): Dialect {
  const dialect = dialects.get(name)
  if (dialect === undefined) throw new TypeError(`There is no dialect ${name}.`)
  return dialect
}
