import type { Conversation, Tool, ToolChoice } from '../conversation.ts'
import type { JsonObject } from '../dialect.ts'
import type { Dropped } from './messages-out.ts'
import { objectOf } from '../json.ts'

/** `tools`, `tool_choice` and `parallel_tool_calls`; nothing at all without tools, where the latter two are errors. */
export function renderTools(conversation: Conversation, dropped: Dropped): JsonObject {
  const { tools, toolChoice, parallelToolCalls } = conversation
  if (tools.length === 0) {
    if (toolChoice !== undefined && toolChoice.mode !== 'none' && toolChoice.mode !== 'auto') dropped.add('tool_choice (no tools)')
    return {}
  }
  if (tools.some((tool) => tool.cacheHint !== undefined)) dropped.add('cache_control')
  return {
    tools: tools.map(renderTool),
    tool_choice: toolChoice && renderToolChoice(toolChoice, tools),
    parallel_tool_calls: parallelToolCalls,
  }
}

function renderTool(tool: Tool): JsonObject {
  if (tool.kind === 'function') {
    const { name, description, parameters, strict } = tool
    return { type: 'function', function: { name, description, parameters, strict } }
  }
  const { cache_control: _, ...own } = objectOf(tool.value) ?? { type: 'custom', custom: { name: tool.name, description: tool.description } }
  return own
}

function renderToolChoice(choice: ToolChoice, tools: readonly Tool[]): string | JsonObject {
  switch (choice.mode) {
    case 'tool':
      return reference(choice.name, tools)
    case 'allowed':
      return {
        type: 'allowed_tools',
        allowed_tools: { mode: choice.required ? 'required' : 'auto', tools: choice.names.map((name) => reference(name, tools)) },
      }
    default:
      return choice.mode
  }
}

function reference(name: string, tools: readonly Tool[]): JsonObject {
  const tool = tools.find((candidate) => candidate.name === name)
  if (tool?.kind === 'extension') return { type: objectOf(tool.value)?.type ?? name }
  return tool?.kind === 'custom' ? { type: 'custom', custom: { name } } : { type: 'function', function: { name } }
}
