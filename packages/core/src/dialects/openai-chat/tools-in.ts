import type { Tool, ToolChoice } from '../conversation.ts'
import type { JsonObject } from '../dialect.ts'
import { cacheHintOf } from './content-in.ts'
import {
  optionalBoolean,
  optionalList,
  optionalObject,
  optionalString,
  type Place,
  pathOf,
  placeOf,
  requiredObject,
  requiredText,
} from '../fields.ts'
import { invalid } from '../invalid.ts'
import { textOf } from '../json.ts'

/** `tools`, and `functions` of the old form. */
export function readTools(body: JsonObject): Tool[] {
  const place = { value: body, path: '' }
  return [...optionalList(place, 'tools').map(readTool), ...optionalList(place, 'functions').map((item) => readFunction(item))]
}

function readTool(tool: Place): Tool {
  const type = requiredText(tool, 'type')
  const cacheHint = cacheHintOf(tool)
  const hint = cacheHint === undefined ? {} : { cacheHint }
  if (type === 'function') return { ...readFunction(requiredObject(tool, 'function')), ...hint }
  if (type === 'custom') {
    const custom = requiredObject(tool, 'custom')
    const description = optionalString(custom, 'description')
    return { kind: 'custom', name: requiredText(custom, 'name'), description, value: tool.value, ...hint }
  }
  return { kind: 'extension', name: textOf(tool.value.name) ?? type, value: tool.value, ...hint }
}

function readFunction(place: Place): Tool {
  return {
    kind: 'function',
    name: requiredText(place, 'name'),
    description: optionalString(place, 'description'),
    parameters: optionalObject(place, 'parameters')?.value,
    strict: optionalBoolean(place, 'strict'),
  }
}

/** `tool_choice` in all its forms, or `function_call` of the old form. */
export function readToolChoice(body: JsonObject): ToolChoice | undefined {
  if (body.tool_choice !== undefined && body.tool_choice !== null) return readChoice(body.tool_choice)
  const legacy = body.function_call
  if (legacy === undefined || legacy === null) return undefined
  if (legacy === 'auto' || legacy === 'none') return { mode: legacy }
  if (typeof legacy === 'string') throw invalid('function_call', '"auto", "none" or an object with a name', legacy)
  return { mode: 'tool', name: requiredText(placeOf(legacy, 'function_call'), 'name') }
}

function readChoice(value: unknown): ToolChoice {
  if (value === 'auto' || value === 'none' || value === 'required') return { mode: value }
  if (typeof value === 'string') throw invalid('tool_choice', '"auto", "none", "required" or an object', value)
  const choice = placeOf(value, 'tool_choice')
  switch (choice.value.type) {
    case 'function':
    case 'custom':
      return { mode: 'tool', name: requiredText(requiredObject(choice, choice.value.type), 'name') }
    case 'allowed_tools':
      return readAllowed(requiredObject(choice, 'allowed_tools'))
    default:
      throw invalid(pathOf(choice, 'type'), '"function", "custom" or "allowed_tools"', choice.value.type)
  }
}

function readAllowed(allowed: Place): ToolChoice {
  const { mode } = allowed.value
  if (mode !== 'auto' && mode !== 'required') throw invalid(pathOf(allowed, 'mode'), '"auto" or "required"', mode)
  return { mode: 'allowed', required: mode === 'required', names: optionalList(allowed, 'tools').map(nameOfAllowed) }
}

function nameOfAllowed(tool: Place): string {
  const type = requiredText(tool, 'type')
  if (type === 'function' || type === 'custom') return requiredText(requiredObject(tool, type), 'name')
  return textOf(tool.value.name) ?? type
}
