import type { Conversation } from '../../model/conversation.ts'
import type { RequestContext } from './context.ts'

const MOST_ENTRIES = 16
const KEY = /^[a-zA-Z0-9\s._:/=+$@-]{1,256}$/
const VALUE = /^[a-zA-Z0-9\s._:/=+$@-]{0,256}$/

/**
 * The client's metadata and its user's id, which the service keeps in its log of invocations; what
 * it would refuse is reported.
 */
export function requestMetadata(
  { metadata, user }: Conversation,
  { dropped }: RequestContext,
): Record<string, string> | undefined {
  const entries: Record<string, string> = {}
  const wanted = Object.entries(metadata ?? {}).map(([key, value]) => ({
    key,
    value,
    path: `metadata.${key}`,
  }))
  if (user !== undefined) wanted.push({ key: 'user', value: user, path: 'user' })
  for (const { key, value, path } of wanted) {
    const fits =
      Object.keys(entries).length < MOST_ENTRIES &&
      !Object.hasOwn(entries, key) &&
      KEY.test(key) &&
      typeof value === 'string' &&
      VALUE.test(value)
    if (fits) entries[key] = value
    else dropped.push(path)
  }
  return Object.keys(entries).length === 0 ? undefined : entries
}
