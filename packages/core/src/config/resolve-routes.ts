import { parseDuration } from './values/duration.ts'
import type { Merged } from './sources/merge.ts'
import type { Problem } from './values/problem.ts'
import { howToConfigure } from './resolve-providers.ts'
import { defaults } from './schema/defaults.ts'
import type { ParsedRoute } from './schema/schema.ts'
import type { RouteSettings, Settings } from './settings.ts'

/** The limits a route may set for itself, resolved. */
export type RouteLimits = Pick<
  Settings,
  | 'retries'
  | 'timeoutMs'
  | 'attemptTimeoutMs'
  | 'ttftTimeoutMs'
  | 'idleTimeoutMs'
  | 'dropUnsupported'
  | 'fallbackOn'
  | 'overBudget'
  | 'onClientLeave'
>

/** The gateway's own limits: what routes that set none get. */
export function resolveLimits(merged: Merged): RouteLimits {
  return {
    retries: merged.first('retries') ?? defaults.retries,
    timeoutMs: merged.first('timeout') ?? (parseDuration(defaults.timeout) as number),
    attemptTimeoutMs: merged.first('attemptTimeout'),
    ttftTimeoutMs: merged.first('ttftTimeout') ?? (parseDuration(defaults.ttftTimeout) as number),
    idleTimeoutMs: merged.first('idleTimeout') ?? (parseDuration(defaults.idleTimeout) as number),
    dropUnsupported: (merged.first('unsupported') ?? defaults.unsupported) === 'drop',
    fallbackOn: new Set(merged.first('fallbackOn')),
    overBudget: merged.first('overBudget') ?? defaults.overBudget,
    onClientLeave: merged.first('onClientLeave') ?? defaults.onClientLeave,
  }
}

export interface RouteContext {
  readonly providers: Settings['providers']
  readonly limits: RouteLimits
}

/** Every route, its targets checked against the providers there are. */
export function resolveRoutes(
  merged: Merged,
  context: RouteContext,
  problems: Problem[],
): ReadonlyMap<string, RouteSettings> {
  const { providers, limits } = context
  const routes = new Map<string, RouteSettings>()
  for (const [name, { value, placeOf }] of merged.entries('routes')) {
    const report = (message: string, fix: string): void =>
      void problems.push({ place: placeOf([]), message, fix })
    if (providers.has(name))
      report(
        `A provider is called ${JSON.stringify(name)} as well.`,
        'Give the route another name.',
      )
    if (value.targets.length === 0)
      report('The route has no targets.', 'Write at least one "provider/model".')
    const targets = value.targets.flatMap((text) => {
      const target = parseTarget(text)
      if (target === undefined)
        report(`${JSON.stringify(text)} is not a target.`, 'Write "provider/model".')
      else if (!providers.has(target.provider) && !merged.isBroken('providers', target.provider)) {
        const message = `The target ${JSON.stringify(text)} is of a provider that is not configured.`
        report(message, howToConfigure(target.provider, providers.keys()))
      }
      return target ?? []
    })
    // Unless retries are set, every target of a chain gets its turn.
    const retries = merged.first('retries') ?? Math.max(limits.retries, targets.length - 1)
    routes.set(name, routeSettings({ name, targets }, value, { ...limits, retries }))
  }
  return routes
}

/** The first slash parts provider and model: model ids have slashes and colons of their own. */
function parseTarget(text: string): Target | undefined {
  const match = /^([^/\s]+)\/(\S+)$/.exec(text.trim())
  return match === null ? undefined : { provider: match[1] as string, model: match[2] as string }
}

type Target = RouteSettings['targets'][number]

function routeSettings(
  own: Pick<RouteSettings, 'name' | 'targets'>,
  route: ParsedRoute,
  limits: RouteLimits,
): RouteSettings {
  return Object.freeze({
    name: own.name,
    targets: Object.freeze(own.targets.map((target) => Object.freeze(target))),
    retries: route.retries ?? limits.retries,
    timeoutMs: route.timeout ?? limits.timeoutMs,
    attemptTimeoutMs: route.attemptTimeout ?? limits.attemptTimeoutMs,
    ttftTimeoutMs: route.ttftTimeout ?? limits.ttftTimeoutMs,
    idleTimeoutMs: route.idleTimeout ?? limits.idleTimeoutMs,
    dropUnsupported:
      route.unsupported === undefined ? limits.dropUnsupported : route.unsupported === 'drop',
    fallbackOn: route.fallbackOn === undefined ? limits.fallbackOn : new Set(route.fallbackOn),
    overBudget: route.overBudget ?? limits.overBudget,
    onClientLeave: route.onClientLeave ?? limits.onClientLeave,
    hedgeAfterMs: route.hedgeAfter,
    continueStreams: route.continueStreams,
  })
}
