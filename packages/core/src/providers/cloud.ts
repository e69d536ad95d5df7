import type { Quirks } from '../dialects/index.ts'
import type { AwsCredentialsFunction } from './aws/credentials.ts'
import type { DialectName } from './catalogue/entry.ts'
import type { ProviderDeps } from './deps.ts'
import type { Provider } from './provider.ts'
import type { GoogleCredentials } from './google/service-account.ts'
import type { TokenSource } from './token-source.ts'

/** Services whose calls take more than a key in a header. */
export const cloudKinds = ['azure', 'vertex', 'bedrock', 'bedrock-mantle'] as const
export type CloudKind = (typeof cloudKinds)[number]

/**
 * Settings of a provider at a cloud; the shape of each field is checked, nothing else yet.
 */
export interface CloudSettings {
  readonly name: string
  readonly baseUrl?: string | undefined
  readonly apiKey?: string | undefined
  /** Lower-case names. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly models?: readonly string[] | undefined
  readonly quirks?: Quirks | undefined
  readonly resource?: string | undefined
  readonly apiVersion?: string | undefined
  readonly token?: TokenSource | undefined
  readonly project?: string | undefined
  readonly location?: string | undefined
  /** The content of a file, or a function: as the kind wants it. */
  readonly credentials?: GoogleCredentials | AwsCredentialsFunction | undefined
  readonly region?: string | undefined
  readonly accessKeyId?: string | undefined
  readonly secretAccessKey?: string | undefined
  readonly sessionToken?: string | undefined
}

/** An option that only some kinds take. */
export type CloudOption = Exclude<
  keyof CloudSettings,
  'name' | 'baseUrl' | 'apiKey' | 'headers' | 'models' | 'quirks'
>

/**
 * Alternative options: when one is set, the environment adds none of the others.
 */
export const alternatives: readonly (readonly (keyof CloudSettings)[])[] = [
  ['baseUrl', 'resource'],
  ['apiKey', 'token', 'credentials', 'accessKeyId', 'secretAccessKey', 'sessionToken'],
]

/** Something that is missing or cannot be used. Never repeats a value, which may be a secret. */
export interface CloudFault {
  /** Where it is; the provider as a whole when absent. */
  readonly option?: keyof CloudSettings
  readonly message: string
  readonly fix: string
}

/**
 * Environment variables one option is read from, the first that is set. They are defaults: most are
 * there for other programs as well, so whatever was configured for this gateway goes before them.
 */
export interface CloudVariables {
  readonly option: keyof CloudSettings
  readonly names: readonly string[]
  /** Other values belong to other programs and are ignored. */
  readonly only?: RegExp
  /**
   * Counts for every provider of the kind. What belongs to one address counts for the provider of
   * the kind's own name only.
   */
  readonly isShared?: boolean
}

export interface Cloud {
  /** Also the name of the provider that the environment alone makes. */
  readonly kind: CloudKind
  /** The name people know it by. */
  readonly title: string
  /** Dialects of its models, for the documentation. */
  readonly dialects: readonly DialectName[]
  /** Its usual address, for the documentation. */
  readonly address: string
  readonly options: readonly CloudOption[]
  /** Description of `credentials`, when it is an option. */
  readonly credentials?: 'file' | 'function'
  readonly variables: readonly CloudVariables[]
  /**
   * Variables that make it callable when nothing else mentions it. Those that many processes hold
   * for other reasons are not among them.
   */
  readonly enabledBy: readonly string[]
  /** Options to set, as `howToConfigure` names them. */
  readonly setup: string
  create(settings: CloudSettings, deps: ProviderDeps): Provider | CloudFault
}
