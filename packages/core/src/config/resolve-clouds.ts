import {
  type Cloud,
  type CloudOption,
  type CloudSettings,
  clouds,
  findCloud,
  type Provider,
  type ProviderDeps,
  withGuardedFunctions,
} from '../providers/index.ts'
import { readCredentials } from './sources/credentials-file.ts'
import type { Problem } from './values/problem.ts'
import type { ParsedProvider } from './schema/schema.ts'

/** Something wrong with a provider; the provider as a whole when no option is named. */
export interface Fault extends Omit<Problem, 'place'> {
  readonly option?: string
}

/**
 * The cloud a provider is at: that of its kind, or of its name unless it is said to be something
 * else.
 */
export function cloudOf(
  name: string,
  { kind, dialect }: Pick<ParsedProvider, 'kind' | 'dialect'>,
): Cloud | undefined {
  return findCloud(kind ?? (dialect === undefined ? name : ''))
}

/** A provider at a cloud, or what keeps it from being one. */
export function resolveCloud(
  cloud: Cloud,
  settings: ParsedProvider & { readonly name: string },
  deps: ProviderDeps,
): Provider | Fault {
  const { kind: _, dialect, alsoSpeaks, credentials: given, ...rest } = settings
  const foreign = foreignOption(settings, cloud.options)
  if (foreign !== undefined) return foreign
  const spoken =
    dialect !== undefined ? 'dialect' : alsoSpeaks !== undefined ? 'alsoSpeaks' : undefined
  if (spoken !== undefined)
    return {
      option: spoken,
      message: `What a provider of the kind ${cloud.kind} speaks follows from its models.`,
      fix: 'Take it out.',
    }
  const credentials = given === undefined ? undefined : credentialsFor(cloud, given)
  if (isFault(credentials)) return { option: 'credentials', ...credentials }
  return cloud.create(withGuardedFunctions({ ...rest, credentials }, deps), deps)
}

/** An option that other kinds take, and this provider does not. */
export function foreignOption(
  value: ParsedProvider,
  own: readonly CloudOption[],
): Fault | undefined {
  const option = clouds
    .flatMap((cloud) => cloud.options)
    .find((candidate) => value[candidate] !== undefined && !own.includes(candidate))
  if (option === undefined) return undefined
  const kinds = clouds
    .filter((cloud) => cloud.options.includes(option))
    .map((cloud) => JSON.stringify(cloud.kind))
  return {
    option,
    message: `Only providers of the kind ${kinds.join(' or ')} take this.`,
    fix: `Take it out, or set kind to ${kinds.join(' or ')}.`,
  }
}

type GivenCredentials = NonNullable<ParsedProvider['credentials']>

function credentialsFor(
  cloud: Cloud,
  given: GivenCredentials,
): NonNullable<CloudSettings['credentials']> | Fault {
  const wantsFunction = cloud.credentials === 'function'
  if (wantsFunction !== (typeof given === 'function')) {
    const message = `For the kind ${cloud.kind} this is ${wantsFunction ? 'a function, which only code can pass' : 'a file or its content, not a function'}.`
    return {
      message,
      fix: wantsFunction
        ? 'Pass a function, or set the keys instead.'
        : 'Write the path of the file; a function is called token.',
    }
  }
  return typeof given === 'string' ? readCredentials(given) : given
}

function isFault(
  value: NonNullable<CloudSettings['credentials']> | Fault | undefined,
): value is Fault {
  return typeof value === 'object' && 'message' in value && 'fix' in value
}
