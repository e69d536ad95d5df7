import type { JsonObject } from '../../../model/json-object.ts'
import { asList, asObject, textOfValue } from '../../../wire/json.ts'
import { changed, isEmpty, type Placed, type Service } from './context.ts'

const ALWAYS: ReadonlySet<string> = new Set(['role', 'content'])

/**
 * The message without the fields that the service refuses. Empty ones go silently, the others are
 * reported.
 */
export function fitFields({ message, path }: Placed, { quirks, dropped }: Service): JsonObject {
  const allowed = quirks.messageFields
  if (allowed === undefined) return message
  const role = textOfValue(message.role)
  const changes: JsonObject = {}
  for (const field of Object.keys(message)) {
    const isAllowed =
      ALWAYS.has(field) || allowed.includes(field) || allowed.includes(`${role}:${field}`)
    if (isAllowed && !(field === 'tool_calls' && isEmpty(message[field]))) continue
    changes[field] = undefined
    if (isEmpty(message[field])) continue
    if (field === 'refusal' && isEmpty(message.content)) changes.content = message[field]
    else dropped.add(`${path}.${field}`)
  }
  const calls = bareCalls(message.tool_calls)
  if (calls !== undefined && changes.tool_calls === undefined) changes.tool_calls = calls
  return changed(message, changes)
}

/**
 * Calls with the fields of a call only, as some client libraries add their own; `undefined` where
 * that is all they have.
 */
function bareCalls(calls: unknown): unknown[] | undefined {
  let isChanged = false
  const bare = asList(calls).map((item) => {
    const call = asObject(item)
    if (call === undefined || !hasOthers(call)) return item
    isChanged = true
    return Object.fromEntries(
      Object.entries(call).flatMap(([field, value]) =>
        CALL_FIELDS.has(field) ? [[field, bareTarget(value)]] : [],
      ),
    )
  })
  return isChanged ? bare : undefined
}

const CALL_FIELDS: ReadonlySet<string> = new Set(['id', 'type', 'function', 'custom'])
const TARGET_FIELDS: ReadonlySet<string> = new Set(['name', 'arguments', 'input'])

function hasOthers(call: JsonObject): boolean {
  if (Object.keys(call).some((field) => !CALL_FIELDS.has(field))) return true
  return Object.keys(asObject(call.function) ?? asObject(call.custom) ?? {}).some(
    (field) => !TARGET_FIELDS.has(field),
  )
}

function bareTarget(value: unknown): unknown {
  const target = asObject(value)
  return target === undefined
    ? value
    : Object.fromEntries(Object.entries(target).filter(([field]) => TARGET_FIELDS.has(field)))
}
