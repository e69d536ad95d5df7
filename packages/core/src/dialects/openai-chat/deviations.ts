import type { CallContext, JsonObject } from '../dialect.ts'
import { fitHistory, type Report } from './history/index.ts'
import { toolSettings } from './tool-settings.ts'

const NONE: readonly string[] = []

/**
 * What of a request in OpenAI's words has to change for a service that deviates: new values by field, `undefined` for one
 * that is left out. The request itself stays as it is.
 */
export function deviations(body: JsonObject, { quirks, model }: Pick<CallContext, 'quirks' | 'model'>, dropped: Report): JsonObject {
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
  Object.assign(changes, toolSettings(body, quirks, dropped))
  const messages = fitHistory(body, { quirks, model, dropped })
  return messages === undefined ? changes : { ...changes, messages }
}
