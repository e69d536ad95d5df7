import type { JsonObject } from '../model/json-object.ts'

/** Target of a request that is being built, and what was left out of the request so far. */
export interface RequestReport {
  /** The provider's configured name, for messages. */
  readonly provider: string
  /** Parts the target cannot take are dropped instead of refused. */
  readonly dropUnsupported?: boolean
  /** Dropped fields, as `field` or `field (reason)`; every step adds to it. */
  readonly dropped: string[]
}

/** Removes the fields a service refuses and reports those that were set. */
export function dropRefusedFields(
  body: JsonObject,
  fields: readonly string[] | undefined,
  { dropped }: RequestReport,
): void {
  for (const field of fields ?? []) {
    if (!Object.hasOwn(body, field)) continue
    delete body[field]
    dropped.push(field)
  }
}
