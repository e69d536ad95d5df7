import type { Tool, ToolChoice } from '../conversation.ts'
import { optionalBoolean, optionalList, optionalObject, optionalString, type Place, pathOf, placeOf, requiredText } from '../fields.ts'
import { invalid } from '../invalid.ts'
import { textOf } from '../json.ts'

/** `tools`. Kinds that only this dialect knows stay as they are: none becomes a function nobody described. */
export function readTools(body: Place): Tool[] {
  return optionalList(body, 'tools').map(readTool)
}

function readTool(tool: Place): Tool {
  const type = requiredText(tool, 'type')
  switch (type) {
    case 'function':
      return {
        kind: 'function',
        name: requiredText(tool, 'name'),
        description: optionalString(tool, 'description'),
        parameters: optionalObject(tool, 'parameters')?.value,
        strict: optionalBoolean(tool, 'strict'),
      }
    case 'custom':
      return { kind: 'custom', name: requiredText(tool, 'name'), description: optionalString(tool, 'description'), value: tool.value }
    default:
      return { kind: 'extension', name: nameOf(tool, type), value: tool.value }
  }
}

/** Tools the provider runs are named by their type, servers of tools by their label. */
function nameOf(tool: Place, type: string): string {
  return textOf(tool.value.name) ?? textOf(tool.value.server_label) ?? type
}

/** `tool_choice` in all its forms. */
export function readToolChoice(value: unknown): ToolChoice | undefined {
  if (value === undefined || value === null) return undefined
  if (value === 'auto' || value === 'none' || value === 'required') return { mode: value }
  if (typeof value === 'string') throw invalid('tool_choice', '"auto", "none", "required" or an object', value)
  const choice = placeOf(value, 'tool_choice')
  const type = requiredText(choice, 'type')
  return type === 'allowed_tools' ? readAllowed(choice) : { mode: 'tool', name: nameOfChosen(choice, type) }
}

function readAllowed(allowed: Place): ToolChoice {
  const { mode } = allowed.value
  if (mode !== 'auto' && mode !== 'required') throw invalid(pathOf(allowed, 'mode'), '"auto" or "required"', mode)
  const names = optionalList(allowed, 'tools').map((tool) => nameOfChosen(tool, requiredText(tool, 'type')))
  return { mode: 'allowed', required: mode === 'required', names }
}

/** A server of tools is chosen by its label, also where one of its tools is named beside it. */
function nameOfChosen(tool: Place, type: string): string {
  if (type === 'function' || type === 'custom') return requiredText(tool, 'name')
  return textOf(tool.value.server_label) ?? nameOf(tool, type)
}
