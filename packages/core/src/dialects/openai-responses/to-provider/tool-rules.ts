import type { ChatRequest } from '../../model/request.ts'
import type { JsonObject } from '../../model/json-object.ts'
import type { ToolRules } from '../../model/tool-rules.ts'
import { asObjects } from '../../wire/json.ts'
import { areFit, commonNames } from '../../tool-fit/index.ts'

export const toolRules: ToolRules = { names: commonNames, customTools: true }

/** Whether a tool that is offered, or was called before, has a name that the provider refuses. */
export function hasUnfitTools({ body }: ChatRequest): boolean {
  return !areFit(toolsIn(body), toolRules)
}

const OFFERED: ReadonlySet<unknown> = new Set(['function', 'custom'])
const CALLED: ReadonlySet<unknown> = new Set(['function_call', 'custom_tool_call'])

function* toolsIn(
  body: JsonObject,
): Iterable<{ readonly name: unknown; readonly isCustom: boolean }> {
  for (const { type, name } of asObjects(body.tools))
    if (OFFERED.has(type)) yield { name, isCustom: type === 'custom' }
  for (const { type, name } of asObjects(body.input))
    if (CALLED.has(type)) yield { name, isCustom: type === 'custom_tool_call' }
}
