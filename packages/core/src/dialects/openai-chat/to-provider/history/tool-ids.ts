import type { Quirks } from '../../../model/quirks.ts'
import { asObject } from '../../../wire/json.ts'
import { digestOf, shortToolId } from '../../../model/short-tool-id.ts'
import type { Report } from './context.ts'

/** How ids of calls are written for the service; `undefined` where they stay as they are. */
function idRule({ shortToolIds, toolIdLength }: Quirks): ((id: string) => string) | undefined {
  if (shortToolIds === true) return shortToolId
  if (toolIdLength === undefined) return undefined
  return (id) => (id.length <= toolIdLength ? id : `call_${digestOf(id)}`.slice(0, toolIdLength))
}

/**
 * The messages with ids that the service takes; calls keep their results. The same list where all
 * ids fit.
 */
export function withFitIds(
  messages: readonly unknown[],
  quirks: Quirks,
  dropped: Report,
): readonly unknown[] {
  const rule = idRule(quirks)
  if (rule === undefined) return messages
  let isChanged = false
  const short = (id: unknown): unknown => {
    const result = typeof id === 'string' ? rule(id) : id
    if (result !== id) isChanged = true
    return result
  }
  const renamed = messages.map((item) => {
    const message = asObject(item)
    if (message?.tool_call_id !== undefined)
      return { ...message, tool_call_id: short(message.tool_call_id) }
    if (!Array.isArray(message?.tool_calls)) return item
    return {
      ...message,
      tool_calls: message.tool_calls.map((call: unknown) =>
        asObject(call) === undefined ? call : { ...asObject(call), id: short(asObject(call)?.id) },
      ),
    }
  })
  if (!isChanged) return messages
  dropped.add('tool_call_id (shortened)')
  return renamed
}
