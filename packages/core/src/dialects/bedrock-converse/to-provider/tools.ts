import { chosenToolName, forcesCall } from '../../claude/tool-choice.ts'
import { customToolSchema } from '../../claude/tool-input.ts'
import { toolTypeOf, wireToolName } from '../../claude/tool-names.ts'
import type { Conversation, Tool } from '../../model/conversation.ts'
import type { JsonObject } from '../../model/json-object.ts'
import { refuseOrDrop } from '../../model/invalid.ts'
import { isObject } from '../../wire/json.ts'
import { toolCachePoint } from './cache-point.ts'
import { isClosed } from './closed-schema.ts'
import type { RequestContext } from './context.ts'

export interface ToolPlan {
  /** Absent when there is nothing to call. */
  readonly toolConfig?: JsonObject
  /** Fields of the model's own. */
  readonly ownFields: JsonObject
  /** The model is made to call a tool. */
  readonly isForced: boolean
}

export interface ToolSituation {
  /** The tool that stands for the client's JSON schema. */
  readonly jsonTool: JsonObject | undefined
  readonly namesInHistory: readonly string[]
  readonly usesTools: boolean
}

const NOTHING: ToolPlan = { ownFields: {}, isForced: false }
const NO_ARGUMENTS = { json: { type: 'object', properties: {} } }

/** `toolConfig`, which is required whenever the history holds calls or results. */
export function planTools(
  conversation: Conversation,
  situation: ToolSituation,
  context: RequestContext,
): ToolPlan {
  const { jsonTool, usesTools } = situation
  const isForbidden = conversation.toolChoice?.mode === 'none'
  // Nothing but leaving them out keeps a model from calling tools.
  const offered = isForbidden && !usesTools ? [] : offeredTools(conversation, context)
  const tools = offered.flatMap((tool) => wireTool(tool, conversation, context))
  if (jsonTool !== undefined)
    return withChoice([...tools, jsonTool], { any: {} }, { conversation, context })
  if (tools.length > 0) {
    if (isForbidden)
      context.dropped.push('tool_choice (the history calls tools, so they are still offered)')
    return withChoice(tools, isForbidden ? undefined : choiceOf(conversation, context), {
      conversation,
      context,
    })
  }
  if (!usesTools) return NOTHING
  context.dropped.push('tools (declared, because the history calls them)')
  return { ...NOTHING, toolConfig: { tools: stubs(situation.namesInHistory) } }
}

/** A history may also hold results alone; then any tool will do. */
function stubs(names: readonly string[]): JsonObject[] {
  const unique = [...new Set(names)]
  return (unique.length === 0 ? ['tool'] : unique).map((name) => ({
    toolSpec: { name, inputSchema: NO_ARGUMENTS },
  }))
}

/**
 * The tools the model may choose from: those of the choice, where the model has no better way to be
 * told of it.
 */
function offeredTools(
  { tools, toolChoice }: Conversation,
  { rules }: RequestContext,
): readonly Tool[] {
  if (toolChoice?.mode === 'allowed')
    return tools.filter((tool) => toolChoice.names.includes(tool.name))
  const isOnlyByOffer =
    toolChoice?.mode === 'tool' &&
    !rules.toolChoices.includes('tool') &&
    rules.toolChoices.includes('any')
  return isOnlyByOffer ? tools.filter((tool) => tool.name === toolChoice.name) : tools
}

function wireTool(tool: Tool, { tools }: Conversation, context: RequestContext): JsonObject[] {
  const path = `tools[${tools.indexOf(tool)}]`
  if (tool.kind === 'extension') {
    context.dropped.push(refuseOrDrop(context, path, `the tool type ${toolTypeOf(tool)}`))
    return []
  }
  const spec: JsonObject = { name: wireToolName(tool) }
  if (tool.description !== undefined && tool.description.trim() !== '')
    spec.description = tool.description
  Object.assign(
    spec,
    tool.kind === 'custom'
      ? { inputSchema: { json: customToolSchema(path, context.dropped) } }
      : functionInput(tool, path, context),
  )
  return [{ toolSpec: spec }, ...toolCachePoint(tool.cacheHint, path, context)]
}

/**
 * `strict` is kept where the decoder can hold the model to the whole schema; elsewhere it would be
 * refused.
 */
function functionInput(tool: Tool, path: string, context: RequestContext): JsonObject {
  const schema = { ...(tool.parameters ?? { properties: {} }), type: 'object' }
  const inputSchema = { json: schema }
  if (tool.strict !== true) return { inputSchema }
  if (context.rules.structuredOutput && isClosed(schema)) return { inputSchema, strict: true }
  context.dropped.push(`${path}.strict`)
  return { inputSchema }
}

function choiceOf(
  { tools, toolChoice }: Conversation,
  { rules, dropped }: RequestContext,
): JsonObject | undefined {
  // `auto` is the default, and some models refuse it explicitly.
  if (!forcesCall(toolChoice)) return undefined
  if (toolChoice?.mode === 'tool' && rules.toolChoices.includes('tool'))
    return { tool: { name: chosenToolName(toolChoice.name, tools) } }
  if (rules.toolChoices.includes('any')) return { any: {} }
  dropped.push('tool_choice (the model cannot be made to call a tool)')
  return undefined
}

interface Choosing {
  readonly conversation: Conversation
  readonly context: RequestContext
}

function withChoice(
  tools: readonly JsonObject[],
  choice: JsonObject | undefined,
  { conversation, context }: Choosing,
): ToolPlan {
  const isForced = choice !== undefined
  if (conversation.parallelToolCalls !== false)
    return {
      toolConfig: choice === undefined ? { tools } : { tools, toolChoice: choice },
      ownFields: {},
      isForced,
    }
  if (context.rules.ownToolChoice)
    return {
      toolConfig: { tools },
      ownFields: { tool_choice: { ...ownChoice(choice), disable_parallel_tool_use: true } },
      isForced,
    }
  context.dropped.push('parallel_tool_calls')
  return {
    toolConfig: choice === undefined ? { tools } : { tools, toolChoice: choice },
    ownFields: {},
    isForced,
  }
}

/** The choice in the model's own words, which take the place of the service's. */
function ownChoice(choice: JsonObject | undefined): JsonObject {
  if (choice === undefined) return { type: 'auto' }
  return isObject(choice.tool) ? { type: 'tool', name: choice.tool.name } : { type: 'any' }
}
