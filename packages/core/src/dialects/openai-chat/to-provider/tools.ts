import type { Conversation, Tool, ToolChoice } from '../../model/conversation.ts'
import type { CallContext } from '../../model/call.ts'
import type { JsonObject } from '../../model/json-object.ts'
import { refuseOrDrop } from '../../model/invalid.ts'
import { asObject, asText } from '../../wire/json.ts'
import type { Dropped } from './messages.ts'
import { OWN_ORIGIN } from '../from-provider/reasoning-details.ts'

interface Output {
  readonly call: CallContext
  readonly dropped: Dropped
}

/**
 * `tools`, `tool_choice` and `parallel_tool_calls`; nothing at all without tools, where the latter
 * two are errors.
 */
export function renderTools(conversation: Conversation, output: Output): JsonObject {
  const { toolChoice, parallelToolCalls } = conversation
  const { dropped } = output
  const tools = conversation.tools.filter((tool, at) =>
    isTakeable(tool, `tools[${at}]`, { ...output, origin: conversation.origin }),
  )
  if (tools.length === 0) {
    if (toolChoice !== undefined && toolChoice.mode !== 'none' && toolChoice.mode !== 'auto')
      dropped.add('tool_choice (no tools)')
    return {}
  }
  if (tools.some((tool) => tool.cacheHint !== undefined)) dropped.add('cache_control')
  return {
    tools: tools.map((tool) => renderTool(tool, conversation.origin)),
    tool_choice: toolChoice && renderToolChoice(toolChoice, tools),
    parallel_tool_calls: parallelToolCalls,
  }
}

/**
 * Tools that only another dialect knows have no meaning here. Throws `unsupported_content` unless
 * they may be dropped.
 */
function isTakeable(
  tool: Tool,
  path: string,
  { call, dropped, origin }: Output & { readonly origin: string },
): boolean {
  if (tool.kind !== 'extension' || origin === OWN_ORIGIN) return true
  dropped.add(
    refuseOrDrop(call, path, `the tool type ${asText(asObject(tool.value)?.type) ?? tool.name}`),
  )
  return false
}

function renderTool(tool: Tool, origin: string): JsonObject {
  if (tool.kind === 'function') {
    const { name, description, parameters, strict } = tool
    return { type: 'function', function: { name, description, parameters, strict } }
  }
  if (tool.kind === 'custom' && origin !== OWN_ORIGIN)
    return {
      type: 'custom',
      custom: { name: tool.name, description: tool.description, format: grammarOf(tool.value) },
    }
  const { cache_control: _, ...own } = asObject(tool.value) ?? {
    type: 'custom',
    custom: { name: tool.name, description: tool.description },
  }
  return own
}

/** The form of a free text: a grammar is one level deeper here than in the newer API. */
function grammarOf(value: unknown): JsonObject | undefined {
  const format = asObject(asObject(value)?.format)
  if (format?.type !== 'grammar') return format
  return format.grammar === undefined
    ? { type: 'grammar', grammar: { syntax: format.syntax, definition: format.definition } }
    : format
}

function renderToolChoice(choice: ToolChoice, tools: readonly Tool[]): string | JsonObject {
  switch (choice.mode) {
    case 'tool':
      return reference(choice.name, tools)
    case 'allowed':
      return {
        type: 'allowed_tools',
        allowed_tools: {
          mode: choice.required ? 'required' : 'auto',
          tools: choice.names.map((name) => reference(name, tools)),
        },
      }
    default:
      return choice.mode
  }
}

function reference(name: string, tools: readonly Tool[]): JsonObject {
  const tool = tools.find((candidate) => candidate.name === name)
  if (tool?.kind === 'extension') return { type: asObject(tool.value)?.type ?? name }
  return tool?.kind === 'custom'
    ? { type: 'custom', custom: { name } }
    : { type: 'function', function: { name } }
}
