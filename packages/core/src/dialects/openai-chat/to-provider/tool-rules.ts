import type { CallContext } from '../../model/call.ts'
import type { ChatRequest } from '../../model/request.ts'
import type { JsonObject } from '../../model/json-object.ts'
import type { ToolRules } from '../../model/tool-rules.ts'
import { asList, asObject, asObjects } from '../../wire/json.ts'
import { areFit, commonNames } from '../../tool-fit/index.ts'

/**
 * Tools that this service accepts. Tools of free text exist in OpenAI's own service only.
 */
export function toolRules({ quirks }: Pick<CallContext, 'quirks'>): ToolRules {
  const { max = commonNames.max, startsWithLetter } = quirks.toolNames ?? {}
  return {
    names: startsWithLetter === true ? { max, start: 'letter' } : { max },
    customTools: quirks.customTools === true,
  }
}

/** Whether a tool that is offered, or was called before, is none that the service takes. */
export function hasUnfitTools({ body }: ChatRequest, call: CallContext): boolean {
  if (body.tools === undefined && body.functions === undefined && !hasCalls(body)) return false
  return !areFit(toolsIn(body), toolRules(call))
}

/** Looked at for every request that is relayed: most have neither tools nor calls. */
function hasCalls({ messages }: JsonObject): boolean {
  for (const message of asList(messages))
    if ((message as JsonObject | null)?.tool_calls !== undefined) return true
  return false
}

function* toolsIn(
  body: JsonObject,
): Iterable<{ readonly name: unknown; readonly isCustom: boolean }> {
  for (const tool of asList(body.tools)) {
    const { type, function: definition, custom } = asObject(tool) ?? {}
    if (type === 'custom') yield { name: asObject(custom)?.name, isCustom: true }
    else if (definition !== undefined) yield { name: asObject(definition)?.name, isCustom: false }
  }
  for (const definition of asList(body.functions))
    yield { name: asObject(definition)?.name, isCustom: false }
  for (const message of asList(body.messages)) {
    for (const { type, function: definition, custom } of asObjects(
      (message as JsonObject | null)?.tool_calls,
    )) {
      if (type === 'custom') yield { name: asObject(custom)?.name, isCustom: true }
      else yield { name: asObject(definition)?.name, isCustom: false }
    }
  }
}
