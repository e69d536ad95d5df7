import type { JsonObject } from '../../../model/json-object.ts'
import type { Quirks } from '../../../model/quirks.ts'

/** Receives what could not be carried, as `field` or `field (reason)`. */
export interface Report {
  add(change: string): unknown
}

/** The service a history is made fit for. */
export interface Service {
  readonly quirks: Quirks
  /** The provider's own model id. */
  readonly model: string
  readonly dropped: Report
}

/** A message, with its place in the request. */
export interface Placed {
  readonly message: JsonObject
  /** `messages[3]` */
  readonly path: string
}

/**
 * Whether a setting that may hold for some models only holds for this one. Parts of names are
 * compared without case.
 */
export function holdsFor(setting: boolean | readonly string[] | undefined, model: string): boolean {
  if (setting === undefined || typeof setting === 'boolean') return setting === true
  const name = model.toLowerCase()
  return setting.some((part) => name.includes(part))
}

/**
 * The message with these changes; a field that is `undefined` goes. The same message where there
 * are none.
 */
export function changed(message: JsonObject, changes: JsonObject): JsonObject {
  if (Object.keys(changes).length === 0) return message
  return Object.fromEntries(
    Object.entries({ ...message, ...changes }).filter(([, value]) => value !== undefined),
  )
}

/** Whether a field of a message says nothing. */
export function isEmpty(value: unknown): boolean {
  return (
    value === undefined ||
    value === null ||
    value === '' ||
    (Array.isArray(value) && value.length === 0)
  )
}
