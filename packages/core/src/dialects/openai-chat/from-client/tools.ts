import type { Tool, ToolChoice } from '../../model/conversation.ts'
import type { JsonObject } from '../../model/json-object.ts'
import { readCacheHint } from './content.ts'
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
} from '../../wire/fields.ts'
import { invalid } from '../../model/invalid.ts'
import { isObject, asText } from '../../wire/json.ts'

/** `tools`, and `functions` of the old form. */
export function readTools(body: JsonObject): Tool[] {
  const place = { value: body, path: '' }
  return [
    ...optionalList(place, 'tools').map(readTool),
    ...optionalList(place, 'functions').map((item) => readFunction(item)),
  ]
}

function readTool(tool: Place): Tool {
  const type = optionalString(tool, 'type') || kindOf(tool)
  const cacheHint = readCacheHint(tool)
  const hint = cacheHint === undefined ? {} : { cacheHint }
  if (type === 'function') return { ...readFunction(nested(tool, 'function')), ...hint }
  if (type === 'custom') {
    const custom = nested(tool, 'custom')
    const description = optionalString(custom, 'description')
    // Its own dialect has the definition one level deeper.
    const value =
      custom === tool ? { type, custom: { ...tool.value, type: undefined } } : tool.value
    return { kind: 'custom', name: requiredText(custom, 'name'), description, value, ...hint }
  }
  return { kind: 'extension', name: asText(tool.value.name) ?? type, value: tool.value, ...hint }
}

/** Type of a tool without one: services infer it from its fields. */
function kindOf(tool: Place): string {
  if (isObject(tool.value.custom)) return 'custom'
  return isObject(tool.value.function) || asText(tool.value.name) !== undefined
    ? 'function'
    : requiredText(tool, 'type')
}

/**
 * The definition of a tool; many services take it without its own object as well, as the newer API
 * writes it.
 */
function nested(tool: Place, field: string): Place {
  return tool.value[field] === undefined && asText(tool.value.name) !== undefined
    ? tool
    : requiredObject(tool, field)
}

function readFunction(place: Place): Tool {
  return {
    kind: 'function',
    name: requiredText(place, 'name'),
    description: optionalString(place, 'description'),
    parameters: (optionalObject(place, 'parameters') ?? optionalObject(place, 'input_schema'))
      ?.value,
    strict: optionalBoolean(place, 'strict'),
  }
}

/** `tool_choice` in all its forms, or `function_call` of the old form. */
export function readToolChoice(body: JsonObject): ToolChoice | undefined {
  if (body.tool_choice !== undefined && body.tool_choice !== null)
    return readChoice(body.tool_choice)
  const legacy = body.function_call
  if (legacy === undefined || legacy === null) return undefined
  if (legacy === 'auto' || legacy === 'none') return { mode: legacy }
  if (typeof legacy === 'string')
    throw invalid('function_call', '"auto", "none" or an object with a name', legacy)
  return { mode: 'tool', name: requiredText(placeOf(legacy, 'function_call'), 'name') }
}

function readChoice(value: unknown): ToolChoice {
  const mode = modeOf(value)
  if (mode !== undefined) return { mode }
  if (typeof value === 'string')
    throw invalid('tool_choice', '"auto", "none", "required" or an object', value)
  const choice = placeOf(value, 'tool_choice')
  switch (choice.value.type) {
    case 'function':
    case 'custom':
      return { mode: 'tool', name: requiredText(nested(choice, choice.value.type), 'name') }
    case 'tool':
      return { mode: 'tool', name: requiredText(choice, 'name') }
    case 'allowed_tools':
      return readAllowed(requiredObject(choice, 'allowed_tools'))
    default: {
      const chosen = modeOf(choice.value.type)
      if (chosen !== undefined) return { mode: chosen }
      throw invalid(
        pathOf(choice, 'type'),
        '"function", "custom" or "allowed_tools"',
        choice.value.type,
      )
    }
  }
}

/** `any` is what several services call `required`. */
function modeOf(value: unknown): 'auto' | 'none' | 'required' | undefined {
  const mode = typeof value === 'string' ? value.toLowerCase() : undefined
  if (mode === 'any') return 'required'
  return mode === 'auto' || mode === 'none' || mode === 'required' ? mode : undefined
}

function readAllowed(allowed: Place): ToolChoice {
  const { mode } = allowed.value
  if (mode !== 'auto' && mode !== 'required')
    throw invalid(pathOf(allowed, 'mode'), '"auto" or "required"', mode)
  return {
    mode: 'allowed',
    required: mode === 'required',
    names: optionalList(allowed, 'tools').map(nameOfAllowed),
  }
}

function nameOfAllowed(tool: Place): string {
  const type = requiredText(tool, 'type')
  if (type === 'function' || type === 'custom')
    return requiredText(requiredObject(tool, type), 'name')
  return asText(tool.value.name) ?? type
}
