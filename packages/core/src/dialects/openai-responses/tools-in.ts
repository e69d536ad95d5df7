import type { Tool, ToolChoice } from '../conversation.ts'
import { optionalBoolean, optionalList, optionalObject, optionalString, type Place, pathOf, placeOf, requiredObject, requiredText } from '../fields.ts'
import { invalid } from '../invalid.ts'
import { isObject, textOf } from '../json.ts'

/** `tools`. Kinds that only this dialect knows stay as they are: none becomes a function nobody described. */
export function readTools(body: Place): Tool[] {
  return optionalList(body, 'tools').map(readTool)
}

function readTool(tool: Place): Tool {
  const type = optionalString(tool, 'type') || kindOf(tool)
  switch (type) {
    case 'function':
      return readFunction(nested(tool, type))
    case 'custom': {
      const custom = nested(tool, type)
      return { kind: 'custom', name: requiredText(custom, 'name'), description: optionalString(custom, 'description'), value: custom === tool ? tool.value : { type, ...custom.value } }
    }
    default:
      return { kind: 'extension', name: nameOf(tool, type), value: tool.value }
  }
}

function readFunction(definition: Place): Tool {
  return {
    kind: 'function',
    name: requiredText(definition, 'name'),
    description: optionalString(definition, 'description'),
    parameters: optionalObject(definition, 'parameters')?.value,
    strict: optionalBoolean(definition, 'strict'),
  }
}

/** What a tool without a type is: services take it for what it holds. */
function kindOf(tool: Place): string {
  return isObject(tool.value.function) || textOf(tool.value.name) !== undefined ? 'function' : requiredText(tool, 'type')
}

/** The definition of a tool, also where it has an object of its own, as in chat completions. */
function nested(tool: Place, field: string): Place {
  return isObject(tool.value[field]) && tool.value.name === undefined ? requiredObject(tool, field) : tool
}

/** Tools the provider runs are named by their type, servers of tools by their label. */
function nameOf(tool: Place, type: string): string {
  return textOf(tool.value.name) ?? textOf(tool.value.server_label) ?? type
}

/** `tool_choice` in all its forms. */
export function readToolChoice(value: unknown): ToolChoice | undefined {
  if (value === undefined || value === null) return undefined
  const mode = modeOf(value)
  if (mode !== undefined) return { mode }
  if (typeof value === 'string') throw invalid('tool_choice', '"auto", "none", "required" or an object', value)
  const choice = placeOf(value, 'tool_choice')
  const type = requiredText(choice, 'type')
  const chosen = modeOf(type)
  if (chosen !== undefined) return { mode: chosen }
  return type === 'allowed_tools' ? readAllowed(choice) : { mode: 'tool', name: nameOfChosen(choice, type) }
}

/** `any` is what several services call `required`. */
function modeOf(value: unknown): 'auto' | 'none' | 'required' | undefined {
  const mode = typeof value === 'string' ? value.toLowerCase() : undefined
  if (mode === 'any') return 'required'
  return mode === 'auto' || mode === 'none' || mode === 'required' ? mode : undefined
}

function readAllowed(allowed: Place): ToolChoice {
  const { mode } = allowed.value
  if (mode !== 'auto' && mode !== 'required') throw invalid(pathOf(allowed, 'mode'), '"auto" or "required"', mode)
  const names = optionalList(allowed, 'tools').map((tool) => nameOfChosen(tool, requiredText(tool, 'type')))
  return { mode: 'allowed', required: mode === 'required', names }
}

/** A server of tools is chosen by its label, also where one of its tools is named beside it. */
function nameOfChosen(tool: Place, type: string): string {
  if (type === 'function' || type === 'custom') return requiredText(nested(tool, type), 'name')
  if (type === 'tool') return requiredText(tool, 'name')
  return textOf(tool.value.server_label) ?? nameOf(tool, type)
}
