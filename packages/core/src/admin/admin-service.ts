import type { LimitUsage } from '../limits/index.ts'

/** A virtual key as administrators see it: never the key, never its hash. */
export interface KeyView {
  /** `key_...`, or its place in the configuration: `keys.web`. */
  readonly id: string
  readonly name: string
  /** It can be changed there only. */
  readonly isConfigured?: true
  /** The first characters of a key that was made. */
  readonly hint?: string
  /** `grace`: it was rotated and still works, until `expiresAt`. */
  readonly status: 'active' | 'grace' | 'expired' | 'revoked'
  /** Its own limits, in words. */
  readonly limits: readonly string[]
  /** ISO 8601, here and below. */
  readonly createdAt?: string
  readonly expiresAt?: string
  readonly revokedAt?: string
  /** Permissions and attribution of the key, as they were requested. */
  readonly grants: Readonly<Record<string, unknown>>
}

/** Operations on keys. */
export interface KeyService {
  listKeys(): Promise<readonly KeyView[]>
  /** Rejects with `invalid_request` that names every problem. */
  createKey(
    asked: Readonly<Record<string, unknown>>,
  ): Promise<{ readonly key: string; readonly created: KeyView }>
  /** @param id of a key, or its name where one active key has it */
  rotateKey(
    id: string,
    asked: Readonly<Record<string, unknown>>,
  ): Promise<{ readonly key: string; readonly created: KeyView }>
  changeKey(id: string, asked: Readonly<Record<string, unknown>>): Promise<KeyView>
  revokeKey(id: string): Promise<KeyView>
  /** Revokes every key of that caller, and ends what is under way with them, on every instance. */
  killKey(id: string): Promise<readonly KeyView[]>
  /**
   * Takes revoked and expired keys off the list. @param id of one, or the name of all of them that
   * have it
   */
  removeKeys(id: string): Promise<readonly KeyView[]>
  usage(id: string): Promise<readonly LimitUsage[]>
  resetUsage(id: string): Promise<readonly LimitUsage[]>
}

/** A limit as administrators see it. */
export interface LimitView {
  /** `limit_...`, or its place in the configuration. */
  readonly id: string
  /** In words. */
  readonly says: string
  /** It can be changed there only. */
  readonly isConfigured?: true
  /** ISO 8601. */
  readonly createdAt?: string
  /** As it was requested: an entry of the option `limits`. */
  readonly written?: Readonly<Record<string, unknown>>
}

/** A target that is switched off. */
export interface SwitchView {
  /** `provider/model` or `provider/*` */
  readonly target: string
  /** ISO 8601. */
  readonly since: string
}

type Asked = Readonly<Record<string, unknown>>

/**
 * Operations on limits and targets. Rejects with `invalid_request` that names every
 * problem.
 */
export interface RuleService {
  /** Limits of the configuration, and limits made while the gateway runs. */
  listLimits(): Promise<readonly LimitView[]>
  createLimit(asked: Asked): Promise<LimitView>
  changeLimit(id: string, asked: Asked): Promise<LimitView>
  removeLimit(id: string): Promise<LimitView>
  /**
   * @param subject by scope: `{ team: 'support' }`; of every limit that has no other scope than
   * these
   */
  usageOf(subject: Asked): Promise<readonly LimitUsage[]>
  resetUsageOf(subject: Asked): Promise<readonly LimitUsage[]>
  /** Targets switched off at run time, without those of the option `disabled`. */
  listDisabled(): Promise<readonly SwitchView[]>
  disable(target: unknown): Promise<SwitchView>
  enable(target: unknown): Promise<SwitchView>
}

/** All operations of administrators: over HTTP below `/admin/`, and for the command line. */
export type AdminService = KeyService & RuleService
