import type { JsonObject } from '../../model/json-object.ts'
import type { Quirks } from '../../model/quirks.ts'
import type { Report } from './history/index.ts'
import { asList, asObject } from '../../wire/json.ts'

/**
 * `tools`, `tool_choice` and what goes with them, as this service takes them: new values by field.
 */
export function toolSettings(
  body: JsonObject,
  { toolSchema, forcedTools }: Quirks,
  dropped: Report,
): JsonObject {
  if ((toolSchema === undefined && forcedTools === undefined) || asList(body.tools).length === 0)
    return {}
  const tools = asList(body.tools)
  const fit =
    toolSchema === 'complete'
      ? tools.map(withParameters)
      : toolSchema === 'same-strict'
        ? alikeStrict(tools, dropped)
        : tools
  const changes: JsonObject = fit.some((tool, at) => tool !== tools[at]) ? { tools: fit } : {}
  return forcedTools === undefined
    ? changes
    : { ...changes, ...choiceChanges({ ...body, ...changes }, forcedTools, dropped) }
}

function withParameters(tool: unknown): unknown {
  const definition = asObject(asObject(tool)?.function)
  if (definition === undefined || asObject(definition.parameters) !== undefined) return tool
  return {
    ...asObject(tool),
    function: { ...definition, parameters: { type: 'object', properties: {} } },
  }
}

/** Half a promise is dropped: where not all tools are strict, none is. */
function alikeStrict(tools: readonly unknown[], dropped: Report): readonly unknown[] {
  const isStrict = (tool: unknown): boolean => asObject(asObject(tool)?.function)?.strict === true
  if (tools.every(isStrict) || !tools.some(isStrict)) return tools
  dropped.add('tools.strict (of some tools only)')
  return tools.map((tool) =>
    isStrict(tool)
      ? { ...asObject(tool), function: { ...asObject(asObject(tool)?.function), strict: false } }
      : tool,
  )
}

function choiceChanges(
  body: JsonObject,
  rule: NonNullable<Quirks['forcedTools']>,
  dropped: Report,
): JsonObject {
  const choice = body.tool_choice
  const name = nameOf(choice)
  if (choice !== 'required' && choice !== 'any' && name === undefined) return {}
  if (rule === 'never') {
    dropped.add('tool_choice (sent as auto)')
    return { tool_choice: 'auto' }
  }
  if (rule === 'not-named') return name === undefined ? {} : onlyTool(body, name)
  const { thinkingOff } = rule
  const fields = Object.keys(thinkingOff)
  if (fields.every((field) => JSON.stringify(body[field]) === JSON.stringify(thinkingOff[field])))
    return {}
  dropped.add('reasoning (off while a tool is forced)')
  return {
    ...thinkingOff,
    ...(body.reasoning_effort === undefined ? {} : { reasoning_effort: undefined }),
  }
}

/**
 * A tool that cannot be demanded by its name is the only one on offer, and one has to be called.
 */
function onlyTool(body: JsonObject, name: string): JsonObject {
  return {
    tool_choice: 'required',
    tools: asList(body.tools).filter((tool) => asObject(asObject(tool)?.function)?.name === name),
  }
}

function nameOf(choice: unknown): string | undefined {
  const value = asObject(choice)
  const name = asObject(value?.function)?.name ?? value?.name
  return typeof name === 'string' ? name : undefined
}
