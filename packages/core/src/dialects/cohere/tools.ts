import type { Conversation, Tool, ToolChoice } from '../conversation.ts'
import type { JsonObject } from '../dialect.ts'
import { refuseOrDrop } from '../invalid.ts'
import { objectOf, textOf } from '../json.ts'
import type { RequestContext } from './request.ts'

/** `tools`, `strict_tools` and `tool_choice`; nothing at all without tools, where the latter two are errors. */
export function toolFields({ tools, toolChoice, parallelToolCalls }: Conversation, context: RequestContext): JsonObject {
  const { dropped } = context
  const functions = tools.filter((tool, at) => isFunction(tool, at, context))
  const offered = functions.filter(({ name }) => isOffered(name, toolChoice))
  if (offered.length === 0) return {}
  // A single tool cannot be demanded by name: it is the only one on offer then, and one has to be called.
  if (offered.length < functions.length) dropped.add('tools (those that may not be called)')
  if (parallelToolCalls === false) dropped.add('parallel_tool_calls')
  if (offered.some(({ cacheHint }) => cacheHint !== undefined)) dropped.add('cache_control')
  return { tools: offered.map(toolOf), ...strictness(offered, context), ...choiceField(toolChoice) }
}

function isFunction(tool: Tool, at: number, { call, dropped }: RequestContext): boolean {
  if (tool.kind === 'function') return true
  const what = tool.kind === 'custom' ? `the custom tool ${tool.name}` : `the tool type ${textOf(objectOf(tool.value)?.type) ?? tool.name}`
  dropped.add(refuseOrDrop(call, `tools[${at}]`, what))
  return false
}

function isOffered(name: string, choice: ToolChoice | undefined): boolean {
  if (choice?.mode === 'tool') return choice.name === name
  return choice?.mode === 'allowed' ? choice.names.includes(name) : true
}

function toolOf({ name, description, parameters }: Tool): JsonObject {
  return { type: 'function', function: { name, ...(description === undefined ? {} : { description }), parameters: parameters ?? { type: 'object', properties: {} } } }
}

/** All tools are held to their schemas, or none is. */
function strictness(tools: readonly Tool[], { dropped }: RequestContext): JsonObject {
  const strict = tools.filter((tool) => tool.strict === true)
  if (strict.length > 0 && strict.length < tools.length) dropped.add('strict (of some tools only)')
  return strict.length === tools.length ? { strict_tools: true } : {}
}

function choiceField(choice: ToolChoice | undefined): JsonObject {
  if (choice?.mode === 'none') return { tool_choice: 'NONE' }
  const isForced = choice?.mode === 'required' || choice?.mode === 'tool' || (choice?.mode === 'allowed' && choice.required)
  return isForced ? { tool_choice: 'REQUIRED' } : {}
}
