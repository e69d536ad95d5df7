import type { JsonObject } from '../model/json-object.ts'
import { isObject, asObjects } from './json.ts'

/** Fields of a request object that are read; other fields reach no target. */
export interface ReadFields {
  readonly names: ReadonlySet<string>
  /** Lists and objects within, by field. */
  readonly inside?: Readonly<
    Record<string, ReadFields | ((item: JsonObject) => ReadFields | undefined)>
  >
}

/** `fields('type text', ...)`: names apart by spaces. */
export function readFields(names: string, inside: ReadFields['inside'] = {}): ReadFields {
  return { names: new Set([...names.split(' '), ...Object.keys(inside)]), inside }
}

/**
 * Paths of request fields that no step reads, without positions: `messages.content.zz`. Values that
 * are `null`, `false` or empty do not count.
 */
export function unreadFields(place: JsonObject, path: string, read: ReadFields): Set<string> {
  const unread = new Set<string>()
  collect(place, path, { read, unread })
  return unread
}

function collect(
  place: JsonObject,
  path: string,
  { read, unread }: { readonly read: ReadFields; readonly unread: Set<string> },
): void {
  for (const [field, value] of Object.entries(place)) {
    if (!read.names.has(field)) {
      if (saysSomething(value)) unread.add(`${path}.${field}`)
      continue
    }
    const inner = read.inside?.[field]
    if (inner === undefined || typeof value !== 'object') continue
    for (const item of isObject(value) ? [value] : asObjects(value)) {
      const fields = typeof inner === 'function' ? inner(item) : inner
      if (fields !== undefined) collect(item, `${path}.${field}`, { read: fields, unread })
    }
  }
}

function saysSomething(value: unknown): boolean {
  if (value === undefined || value === null || value === false || value === '') return false
  return typeof value !== 'object' || Object.keys(value).length > 0
}
