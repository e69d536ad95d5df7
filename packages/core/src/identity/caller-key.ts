import type { Caller } from './caller.ts'

/**
 * The credential that names a caller: `key` of the configuration, `made` while the gateway runs
 * (`/admin/keys`), `token` of an identity provider, `host` for the answer of `identify`, `none`
 * where authentication is off.
 */
export type Credential = 'key' | 'made' | 'token' | 'host' | 'none'

/** A caller, and the credential that names it. */
export interface KnownCaller extends Caller {
  readonly credential: Credential
}

/**
 * The caller's name in the scope `key` of limits and in kill lists: each
 * kind of credential has its own name space. A key of the configuration is written as it is,
 * `support`; every other caller with its kind in front, `made:support`, `token:support`,
 * `host:support`. Names of keys hold no colon, so no spelling belongs to two callers.
 */
export function callerKey({ id, credential }: Pick<KnownCaller, 'id' | 'credential'>): string {
  return credential === 'key' ? id : `${credential}:${id}`
}

/**
 * The spellings that the name of a key may have: it may be one of the configuration, or one made
 * while the gateway runs.
 */
export function spellingsOf(name: string): readonly string[] {
  return name.includes(':') ? [name] : [name, callerKey({ id: name, credential: 'made' })]
}
