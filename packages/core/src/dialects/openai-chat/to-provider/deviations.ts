import type { CallContext } from '../../model/call.ts'
import type { JsonObject } from '../../model/json-object.ts'
import type { Quirks } from '../../model/quirks.ts'
import { fitHistory, type Report } from './history/index.ts'
import { toolSettings } from './tool-settings.ts'

const UNCHANGED: Readonly<JsonObject> = Object.freeze({})

/**
 * Changes of an OpenAI request for a service that deviates: new values by field, `undefined` for a
 * dropped one. The request itself stays as it is.
 */
export function deviations(
  body: JsonObject,
  { quirks, model }: Pick<CallContext, 'quirks' | 'model'>,
  dropped: Report,
): Readonly<JsonObject> {
  const fields = hasFieldRules(quirks) ? changedFields(body, quirks, dropped) : UNCHANGED
  const messages = fitHistory(body, { quirks, model, dropped })
  return messages === undefined ? fields : { ...fields, messages }
}

function hasFieldRules({ fieldNames, dropFields, toolSchema, forcedTools }: Quirks): boolean {
  return (
    fieldNames !== undefined ||
    dropFields !== undefined ||
    toolSchema !== undefined ||
    forcedTools !== undefined
  )
}

function changedFields(body: JsonObject, quirks: Quirks, dropped: Report): JsonObject {
  const changes: JsonObject = {}
  for (const [field, name] of Object.entries(quirks.fieldNames ?? {})) {
    if (body[field] === undefined) continue
    changes[field] = undefined
    changes[name] ??= body[name] ?? body[field]
  }
  for (const field of quirks.dropFields ?? []) {
    if (body[field] === undefined) continue
    changes[field] = undefined
    dropped.add(field)
  }
  return Object.assign(changes, toolSettings(body, quirks, dropped))
}
