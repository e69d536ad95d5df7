import type { Tool, ToolChoice } from '../../model/conversation.ts'
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
import type { JsonObject } from '../../model/json-object.ts'
import { isObject, asObject, asText } from '../../wire/json.ts'
import { type Namespaces, namespaceOf, toolLists } from './namespaces.ts'

/**
 * The tools of the request and those that its history adds; one that is offered again replaces the
 * earlier one. Tools of a namespace get a name of their own. Kinds that only this dialect knows
 * stay as they are: none becomes a function without a description.
 */
export function readTools(body: JsonObject, namespaces: Namespaces): Tool[] {
  const [own = [], ...added] = toolLists(body).map(({ tools, path }) =>
    optionalList({ value: { [path]: tools }, path: '' }, path).flatMap((tool) =>
      readToolsOf(tool, namespaces),
    ),
  )
  if (added.length === 0 && namespaces.isEmpty) return own
  return [
    ...new Map(
      [...own, ...added.flat()].map((tool) => [`${tool.kind === 'extension'} ${tool.name}`, tool]),
    ).values(),
  ]
}

function readToolsOf(tool: Place, namespaces: Namespaces): Tool[] {
  if (tool.value.type !== 'namespace' || !Array.isArray(tool.value.tools)) return [readTool(tool)]
  const namespace = requiredText(tool, 'name')
  const about = optionalString(tool, 'description')
  return optionalList(tool, 'tools').map((inner, at) => {
    const read = readTool(inner)
    if (read.kind === 'extension') return read
    const name = namespaces.flat({ name: read.name, namespace })
    // Said once: the model reads all tools.
    const description =
      at === 0 && about !== undefined
        ? [read.description, `(${namespace}: ${about})`].filter(Boolean).join('\n\n')
        : read.description
    return {
      ...read,
      name,
      description,
      ...(read.kind === 'custom' && { value: { ...asObject(read.value), name, description } }),
    }
  })
}

function readTool(tool: Place): Tool {
  const type = optionalString(tool, 'type') || kindOf(tool)
  switch (type) {
    case 'function':
      return readFunction(nested(tool, type))
    case 'custom': {
      const custom = nested(tool, type)
      return {
        kind: 'custom',
        name: requiredText(custom, 'name'),
        description: optionalString(custom, 'description'),
        value: custom === tool ? tool.value : { type, ...custom.value },
      }
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

/** Type of a tool without one: services infer it from its fields. */
function kindOf(tool: Place): string {
  return isObject(tool.value.function) || asText(tool.value.name) !== undefined
    ? 'function'
    : requiredText(tool, 'type')
}

/** The definition of a tool, also where it has an object of its own, as in chat completions. */
function nested(tool: Place, field: string): Place {
  return isObject(tool.value[field]) && tool.value.name === undefined
    ? requiredObject(tool, field)
    : tool
}

/** Tools the provider runs are named by their type, servers of tools by their label. */
function nameOf(tool: Place, type: string): string {
  return asText(tool.value.name) ?? asText(tool.value.server_label) ?? type
}

/** `tool_choice` in all its forms. */
export function readToolChoice(value: unknown, namespaces: Namespaces): ToolChoice | undefined {
  if (value === undefined || value === null) return undefined
  const mode = modeOf(value)
  if (mode !== undefined) return { mode }
  if (typeof value === 'string')
    throw invalid('tool_choice', '"auto", "none", "required" or an object', value)
  const choice = placeOf(value, 'tool_choice')
  const type = requiredText(choice, 'type')
  const chosen = modeOf(type)
  if (chosen !== undefined) return { mode: chosen }
  if (type === 'allowed_tools') return readAllowed(choice, namespaces)
  if (type === 'namespace')
    return { mode: 'allowed', required: true, names: namesOfChosen(choice, namespaces) }
  return { mode: 'tool', name: nameOfChosen(choice, namespaces) }
}

/** `any` is what several services call `required`. */
function modeOf(value: unknown): 'auto' | 'none' | 'required' | undefined {
  const mode = typeof value === 'string' ? value.toLowerCase() : undefined
  if (mode === 'any') return 'required'
  return mode === 'auto' || mode === 'none' || mode === 'required' ? mode : undefined
}

function readAllowed(allowed: Place, namespaces: Namespaces): ToolChoice {
  const { mode } = allowed.value
  if (mode !== 'auto' && mode !== 'required')
    throw invalid(pathOf(allowed, 'mode'), '"auto" or "required"', mode)
  const names = optionalList(allowed, 'tools').flatMap((tool) => namesOfChosen(tool, namespaces))
  return { mode: 'allowed', required: mode === 'required', names }
}

/** A namespace is chosen with all its tools. */
function namesOfChosen(tool: Place, namespaces: Namespaces): string[] {
  return tool.value.type === 'namespace'
    ? namespaces.within(requiredText(tool, 'name'))
    : [nameOfChosen(tool, namespaces)]
}

/** A server of tools is chosen by its label, also where one of its tools is named beside it. */
function nameOfChosen(tool: Place, namespaces: Namespaces): string {
  const type = requiredText(tool, 'type')
  if (type === 'function' || type === 'custom')
    return namespaces.flat({
      name: requiredText(nested(tool, type), 'name'),
      namespace: namespaceOf(tool.value),
    })
  if (type === 'tool') return requiredText(tool, 'name')
  return asText(tool.value.server_label) ?? nameOf(tool, type)
}
