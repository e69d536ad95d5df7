import { type Attribution, attributionOf } from '../identity/index.ts'
import type { Merged } from './sources/merge.ts'
import { didYouMean } from '../foundation/near-names.ts'
import type { Problem } from './values/problem.ts'
import type { ParsedKey } from './schema/schema.ts'
import { SHORTEST_KEY } from './schema/key-schema.ts'
import type { KeySettings, Settings } from './settings.ts'

export interface KeyContext {
  readonly providers: Settings['providers']
  readonly routes: Settings['routes']
  readonly providerKeys: ReadonlySet<string>
}

/** Every virtual key, checked for what makes keys unsafe or useless. */
export function resolveKeys(
  merged: Merged,
  context: KeyContext,
  problems: Problem[],
): readonly KeySettings[] {
  const owners = new Map<string, string>()
  return Object.freeze(
    [...merged.entries('keys')].map(([name, { value, placeOf }]) => {
      const owner = owners.get(value.key)
      owners.set(value.key, owner ?? name)
      const found = [
        ...secretProblems(value.key, owner, context),
        ...restrictionProblems(value, merged, context),
      ]
      for (const problem of found) problems.push({ place: placeOf([]), ...problem })
      return new VirtualKey(name, value)
    }),
  )
}

/** The key stands in a private field: neither JSON nor an inspection of the settings shows it. */
class VirtualKey implements KeySettings {
  readonly name: string
  readonly routes: readonly string[] | undefined
  readonly models: readonly string[] | undefined
  readonly attribution: KeySettings['attribution']
  readonly #key: string

  constructor(
    name: string,
    {
      key,
      routes,
      models,
      endpoints,
      sendsSession,
      mayReport,
      mayName,
      maxOutputTokens,
      ...others
    }: ParsedKey,
  ) {
    this.name = name
    this.routes = routes
    this.models = models
    this.attribution = Object.freeze({
      ...attributionOf(others as Attribution),
      ...(endpoints && { endpoints: Object.freeze(endpoints) }),
      ...(sendsSession && { sendsSession }),
      ...(mayReport && { mayReport }),
      ...(mayName && { mayName: Object.freeze(mayName) }),
      ...(maxOutputTokens && { maxOutputTokens }),
    })
    this.#key = key
    Object.freeze(this)
  }

  get key(): string {
    return this.#key
  }
}

type PlacelessProblem = Omit<Problem, 'place'>

function secretProblems(
  key: string,
  owner: string | undefined,
  context: KeyContext,
): PlacelessProblem[] {
  const found: PlacelessProblem[] = []
  const generate = 'Generate one: openssl rand -hex 24.'
  if (key.length < SHORTEST_KEY) {
    found.push({
      message: `The key is shorter than ${SHORTEST_KEY} characters and could be guessed.`,
      fix: generate,
    })
  }
  if (owner !== undefined) {
    found.push({
      message: `The key is the same as that of ${JSON.stringify(owner)}.`,
      fix: 'Give each name a key of its own.',
    })
  }
  if (context.providerKeys.has(key)) {
    found.push({
      message: "The key is a provider's own.",
      fix: `Never hand out a provider's key. ${generate}`,
    })
  }
  return found
}

function restrictionProblems(
  { routes = [], models = [] }: ParsedKey,
  merged: Merged,
  context: KeyContext,
): PlacelessProblem[] {
  const unknownRoutes = routes
    .filter((route) => !context.routes.has(route) && !merged.isBroken('routes', route))
    .map((route) => ({
      message: `The key is restricted to the route ${JSON.stringify(route)}, which does not exist.`,
      fix: didYouMean(route, context.routes.keys()) ?? 'Take it out, or define the route.',
    }))
  const unknownModels = models.flatMap((model) => {
    const provider = model.includes('/') ? model.slice(0, model.indexOf('/')) : undefined
    if (
      provider !== undefined &&
      (context.providers.has(provider) || merged.isBroken('providers', provider))
    )
      return []
    const suggestion =
      provider === undefined ? undefined : didYouMean(provider, context.providers.keys())
    return [
      {
        message: `The key is restricted to ${JSON.stringify(model)}, which is of no configured provider.`,
        fix:
          suggestion ?? 'Write "provider/model" or "provider/*", of a provider that is configured.',
      },
    ]
  })
  return [...unknownRoutes, ...unknownModels]
}
