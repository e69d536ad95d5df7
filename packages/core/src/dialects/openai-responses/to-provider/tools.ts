import type { Conversation, Tool, ToolChoice } from '../../model/conversation.ts'
import type { JsonObject } from '../../model/json-object.ts'
import { refuseOrDrop } from '../../model/invalid.ts'
import { asObject, asText } from '../../wire/json.ts'
import { reportCacheHint } from './content.ts'
import type { RequestContext } from './context.ts'
import { DIALECT } from '../names.ts'

/**
 * `tools`, `tool_choice` and `parallel_tool_calls`; nothing at all without tools, where the latter
 * two mean nothing.
 */
export function toolFields(conversation: Conversation, context: RequestContext): JsonObject {
  const { toolChoice: choice, parallelToolCalls } = conversation
  const offered = conversation.tools.flatMap((tool, index) => {
    const wire = wireTool(tool, `tools[${index}]`, context)
    return wire === undefined ? [] : [{ name: tool.name, wire }]
  })
  if (offered.length === 0) {
    if (choice !== undefined && choice.mode !== 'auto' && choice.mode !== 'none')
      context.dropped.add('tool_choice (no tools)')
    return {}
  }
  const wireChoice = choice === undefined ? undefined : choiceOf(choice, offered, context)
  return {
    tools: offered.map(({ wire }) => wire),
    ...(wireChoice === undefined ? {} : { tool_choice: wireChoice }),
    ...(parallelToolCalls === undefined ? {} : { parallel_tool_calls: parallelToolCalls }),
  }
}

function wireTool(tool: Tool, path: string, context: RequestContext): JsonObject | undefined {
  reportCacheHint(tool, context)
  switch (tool.kind) {
    case 'function':
      return functionTool(tool, context)
    case 'custom':
      return customTool(tool)
    case 'extension': {
      const value = asObject(tool.value)
      if (context.origin === DIALECT && value !== undefined) return value
      context.dropped.add(
        refuseOrDrop(context.call, path, `the tool type ${asText(value?.type) ?? tool.name}`),
      )
      return undefined
    }
  }
}

const NO_PARAMETERS: JsonObject = {
  type: 'object',
  properties: {},
  required: [],
  additionalProperties: false,
}

/**
 * `strict` is always said: left out, the provider turns it on where it can, and a schema then means
 * something else than in every other dialect. Only who speaks this one can have meant that.
 */
function functionTool(tool: Tool, { origin }: RequestContext): JsonObject {
  const strict = tool.strict ?? (origin === DIALECT ? undefined : false)
  return {
    type: 'function',
    name: tool.name,
    ...(tool.description === undefined ? {} : { description: tool.description }),
    parameters: tool.parameters ?? NO_PARAMETERS,
    ...(strict === undefined ? {} : { strict }),
  }
}

/** `format` holds a grammar, which chat completions wrap in an object of its own. */
function customTool(tool: Tool): JsonObject {
  const value = asObject(tool.value)
  const format = asObject(value?.format) ?? asObject(asObject(value?.custom)?.format)
  const grammar = asObject(format?.grammar)
  return {
    type: 'custom',
    name: tool.name,
    ...(tool.description === undefined ? {} : { description: tool.description }),
    ...(format === undefined
      ? {}
      : { format: grammar === undefined ? format : { type: 'grammar', ...grammar } }),
  }
}

interface OfferedTool {
  readonly name: string
  readonly wire: JsonObject
}

function choiceOf(
  choice: ToolChoice,
  offered: readonly OfferedTool[],
  context: RequestContext,
): string | JsonObject | undefined {
  switch (choice.mode) {
    case 'tool': {
      const reference = referenceTo(choice.name, offered)
      if (reference === undefined) context.dropped.add('tool_choice (its tool is not offered)')
      return reference
    }
    case 'allowed':
      return allowedTools(choice, offered, context)
    default:
      return choice.mode
  }
}

function allowedTools(
  choice: Extract<ToolChoice, { mode: 'allowed' }>,
  offered: readonly OfferedTool[],
  context: RequestContext,
): string | JsonObject {
  const tools = choice.names.flatMap((name) => referenceTo(name, offered) ?? [])
  if (tools.length < choice.names.length)
    context.dropped.add('tool_choice (some of its tools are not offered)')
  if (tools.length === 0) return 'none'
  return { type: 'allowed_tools', mode: choice.required ? 'required' : 'auto', tools }
}

/** Tools the provider runs are named by their type, servers of tools by their label. */
function referenceTo(name: string, offered: readonly OfferedTool[]): JsonObject | undefined {
  const wire = offered.find((tool) => tool.name === name)?.wire
  if (wire === undefined) return undefined
  if (wire.type === 'function' || wire.type === 'custom') return { type: wire.type, name }
  return wire.server_label === undefined
    ? { type: wire.type }
    : { type: wire.type, server_label: wire.server_label }
}
