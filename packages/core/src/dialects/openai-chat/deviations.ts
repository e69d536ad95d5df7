import type { JsonObject, Quirks } from '../dialect.ts'
import { listOf, objectOf } from '../json.ts'
import { shortToolId } from '../short-tool-id.ts'

const NONE: readonly string[] = []

/** Told of what is changed beyond its name. */
interface Report {
  add(change: string): unknown
}

/**
 * What of a request in OpenAI's words has to change for a service that deviates: new values by field, `undefined` for one
 * that is left out. The request itself stays as it is.
 */
export function deviations(body: JsonObject, quirks: Quirks, dropped: Report): JsonObject {
  const changes: JsonObject = {}
  if (quirks.fieldNames !== undefined) {
    for (const [field, name] of Object.entries(quirks.fieldNames)) {
      if (body[field] === undefined) continue
      changes[field] = undefined
      changes[name] ??= body[name] ?? body[field]
    }
  }
  for (const field of quirks.dropFields ?? NONE) {
    if (body[field] === undefined) continue
    changes[field] = undefined
    dropped.add(field)
  }
  if (quirks.shortToolIds !== true && quirks.marksPrefill !== true) return changes
  const messages = historyFor(listOf(body.messages), quirks, dropped)
  return messages === undefined ? changes : { ...changes, messages }
}

function historyFor(messages: readonly unknown[], quirks: Quirks, dropped: Report): readonly unknown[] | undefined {
  let changed = quirks.shortToolIds === true ? withShortIds(messages, dropped) : undefined
  const last = objectOf(messages.at(-1))
  // A message that only calls tools is no beginning of an answer.
  if (quirks.marksPrefill === true && last?.role === 'assistant' && last.prefix === undefined && listOf(last.tool_calls).length === 0) {
    changed = [...(changed ?? messages).slice(0, -1), { ...objectOf(changed?.at(-1) ?? last), prefix: true }]
  }
  return changed
}

function withShortIds(messages: readonly unknown[], dropped: Report): unknown[] | undefined {
  let isChanged = false
  const short = (id: unknown): unknown => {
    const result = typeof id === 'string' ? shortToolId(id) : id
    if (result !== id) isChanged = true
    return result
  }
  const renamed = messages.map((item) => {
    const message = objectOf(item)
    if (message?.tool_call_id !== undefined) return { ...message, tool_call_id: short(message.tool_call_id) }
    if (!Array.isArray(message?.tool_calls)) return item
    return { ...message, tool_calls: message.tool_calls.map((call: unknown) => (objectOf(call) === undefined ? call : { ...objectOf(call), id: short(objectOf(call)?.id) })) }
  })
  if (!isChanged) return undefined
  dropped.add('tool_call_id (shortened)')
  return renamed
}
