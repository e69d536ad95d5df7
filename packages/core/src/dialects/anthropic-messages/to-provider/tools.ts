import { chosenToolName } from '../../claude/tool-choice.ts'
import { customToolSchema } from '../../claude/tool-input.ts'
import { JSON_ANSWER_TOOL, toolTypeOf, wireToolName } from '../../claude/tool-names.ts'
import type { Conversation, Tool } from '../../model/conversation.ts'
import type { JsonObject } from '../../model/json-object.ts'
import { cacheControl } from './cache-control.ts'
import type { RequestContext } from './context.ts'
import { refuseOrDrop } from '../../model/invalid.ts'
import { asObject } from '../../wire/json.ts'
import { closeSchema } from './json-schema.ts'
import { DIALECT } from '../names.ts'

export interface ToolFields {
  readonly tools?: readonly JsonObject[]
  readonly tool_choice?: JsonObject
}

export interface ToolPlan {
  /** The tool that stands for the client's JSON schema. */
  readonly jsonTool: JsonObject | undefined
  /** Wire names of the tools the history calls. */
  readonly namesInHistory: readonly string[]
}

/** `tools` and `tool_choice`; both absent when there is nothing to call. */
export function toolFields(
  conversation: Conversation,
  plan: ToolPlan,
  context: RequestContext,
): ToolFields {
  const offered = offeredTools(conversation)
  const tools = offered.flatMap(
    (tool) =>
      ownTool(tool, conversation) ?? wireTool(tool, conversation.tools.indexOf(tool), context),
  )
  if (plan.jsonTool !== undefined) return jsonAnswerFields(conversation, tools, plan.jsonTool)
  if (tools.length === 0)
    return plan.namesInHistory.length === 0 ? {} : historyFields(plan.namesInHistory)
  const choice = choiceOf(conversation, context)
  return choice === undefined ? { tools } : { tools, tool_choice: choice }
}

/** Whether the model is made to call a tool, which rules out thinking. */
export function forcesTool(fields: ToolFields): boolean {
  const type = fields.tool_choice?.type
  return type === 'any' || type === 'tool'
}

function offeredTools(conversation: Conversation): readonly Tool[] {
  const choice = conversation.toolChoice
  if (choice?.mode !== 'allowed') return conversation.tools
  return conversation.tools.filter((tool) => choice.names.includes(tool.name))
}

/** A typed tool of the provider's own, for a client that speaks this dialect too. */
function ownTool(tool: Tool, { origin }: Conversation): JsonObject[] | undefined {
  const own = tool.kind === 'extension' && origin === DIALECT ? asObject(tool.value) : undefined
  return own === undefined ? undefined : [own]
}

function wireTool(tool: Tool, index: number, context: RequestContext): JsonObject[] {
  const path = `tools[${index}]`
  if (tool.kind === 'extension') {
    context.dropped.push(refuseOrDrop(context, path, `the tool type ${toolTypeOf(tool)}`))
    return []
  }
  const wire: JsonObject = { name: wireToolName(tool) }
  if (tool.description !== undefined) wire.description = tool.description
  Object.assign(
    wire,
    tool.kind === 'custom'
      ? { input_schema: customToolSchema(path, context.dropped) }
      : functionInput(tool, path, context),
  )
  const cache = cacheControl(tool.cacheHint, path, context)
  if (cache !== undefined) wire.cache_control = cache
  return [wire]
}

/**
 * `strict` is kept where the decoder can hold the model to the whole schema; half a promise is
 * dropped.
 */
function functionInput(tool: Tool, path: string, context: RequestContext): JsonObject {
  const parameters = tool.parameters ?? { properties: {} }
  if (tool.strict === true) {
    const closed = closeSchema({ ...parameters, type: 'object' })
    if (context.rules.structuredOutput && closed.faithful && closed.relaxed.length === 0) {
      return { input_schema: closed.schema, strict: true }
    }
    context.dropped.push(`${path}.strict`)
  }
  return { input_schema: { ...parameters, type: 'object' } }
}

/**
 * A history with tool blocks is refused unless tools are defined, so they are: without letting the
 * model call one.
 */
function historyFields(names: readonly string[]): ToolFields {
  return {
    tools: [...new Set(names)].map((name) => ({
      name,
      input_schema: { type: 'object', properties: {} },
    })),
    tool_choice: { type: 'none' },
  }
}

function jsonAnswerFields(
  conversation: Conversation,
  tools: readonly JsonObject[],
  jsonTool: JsonObject,
): ToolFields {
  const onlyAnswer = tools.length === 0 || conversation.toolChoice?.mode === 'none'
  const oneAtATime =
    onlyAnswer || conversation.parallelToolCalls === false
      ? { disable_parallel_tool_use: true }
      : {}
  return {
    tools: [...tools, jsonTool],
    tool_choice: onlyAnswer
      ? { type: 'tool', name: JSON_ANSWER_TOOL, ...oneAtATime }
      : { type: 'any', ...oneAtATime },
  }
}

function choiceOf(conversation: Conversation, context: RequestContext): JsonObject | undefined {
  const wanted = wireChoice(conversation)
  const choice = wanted === undefined ? undefined : forceable(wanted, context)
  if (conversation.parallelToolCalls !== false || choice?.type === 'none') return choice
  return { ...(choice ?? { type: 'auto' }), disable_parallel_tool_use: true }
}

function wireChoice(conversation: Conversation): JsonObject | undefined {
  const choice = conversation.toolChoice
  switch (choice?.mode) {
    case 'none':
    case 'auto':
      return { type: choice.mode }
    case 'required':
      return { type: 'any' }
    case 'allowed':
      return { type: choice.required ? 'any' : 'auto' }
    case 'tool':
      return { type: 'tool', name: chosenToolName(choice.name, conversation.tools) }
    default:
      return undefined
  }
}

function forceable(choice: JsonObject, context: RequestContext): JsonObject {
  if (context.rules.forcedToolChoice || choice.type === 'auto' || choice.type === 'none')
    return choice
  context.dropped.push('tool_choice (the model cannot be made to call a tool)')
  return { type: 'auto' }
}
