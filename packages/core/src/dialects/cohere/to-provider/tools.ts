import type { Conversation, Tool, ToolChoice } from '../../model/conversation.ts'
import type { JsonObject } from '../../model/json-object.ts'
import { refuseOrDrop } from '../../model/invalid.ts'
import { asObject, asText } from '../../wire/json.ts'
import type { RequestContext } from './context.ts'

/**
 * `tools`, `strict_tools` and `tool_choice`; nothing at all without tools, where the latter two are
 * errors.
 */
export function toolFields(
  { tools, toolChoice, parallelToolCalls }: Conversation,
  context: RequestContext,
): JsonObject {
  const { dropped } = context
  const functions = tools.filter((tool, at) => isFunction(tool, at, context))
  const offered = functions.filter(({ name }) => isOffered(name, toolChoice))
  const lost = lostChoice(toolChoice, functions)
  if (lost !== undefined) dropped.add(`tool_choice (${lost})`)
  // A single tool cannot be demanded by name: it is the only one on offer then, and one has to be
  // called.
  if (offered.length < functions.length) dropped.add('tools (those that may not be called)')
  if (offered.length === 0) return {}
  if (parallelToolCalls === false) dropped.add('parallel_tool_calls')
  if (offered.some(({ cacheHint }) => cacheHint !== undefined)) dropped.add('cache_control')
  return { tools: offered.map(toolOf), ...strictness(offered, context), ...choiceField(toolChoice) }
}

function isFunction(tool: Tool, at: number, { call, dropped }: RequestContext): boolean {
  if (tool.kind === 'function') return true
  const what =
    tool.kind === 'custom'
      ? `the custom tool ${tool.name}`
      : `the tool type ${asText(asObject(tool.value)?.type) ?? tool.name}`
  dropped.add(refuseOrDrop(call, `tools[${at}]`, what))
  return false
}

function isOffered(name: string, choice: ToolChoice | undefined): boolean {
  if (choice?.mode === 'tool') return choice.name === name
  return choice?.mode === 'allowed' ? choice.names.includes(name) : true
}

/** Why the choice cannot be kept: it is about tools that are not there. */
function lostChoice(choice: ToolChoice | undefined, tools: readonly Tool[]): string | undefined {
  if (choice === undefined || choice.mode === 'auto' || choice.mode === 'none') return undefined
  if (tools.length === 0) return 'no tools'
  const isMissing = (wanted: string): boolean => !tools.some(({ name }) => name === wanted)
  if (choice.mode === 'tool' && isMissing(choice.name)) return 'its tool is not offered'
  return choice.mode === 'allowed' && choice.names.some(isMissing)
    ? 'some of its tools are not offered'
    : undefined
}

function toolOf({ name, description, parameters }: Tool): JsonObject {
  return {
    type: 'function',
    function: {
      name,
      ...(description === undefined ? {} : { description }),
      parameters: parameters ?? { type: 'object', properties: {} },
    },
  }
}

/** All tools are held to their schemas, or none is. */
function strictness(tools: readonly Tool[], { dropped }: RequestContext): JsonObject {
  const strict = tools.filter((tool) => tool.strict === true)
  if (strict.length > 0 && strict.length < tools.length) dropped.add('strict (of some tools only)')
  return strict.length === tools.length ? { strict_tools: true } : {}
}

function choiceField(choice: ToolChoice | undefined): JsonObject {
  if (choice?.mode === 'none') return { tool_choice: 'NONE' }
  const isForced =
    choice?.mode === 'required' ||
    choice?.mode === 'tool' ||
    (choice?.mode === 'allowed' && choice.required)
  return isForced ? { tool_choice: 'REQUIRED' } : {}
}
