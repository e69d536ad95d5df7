import type { Tool, ToolChoice } from '../../model/conversation.ts'
import {
  optionalBoolean,
  optionalList,
  optionalObject,
  optionalString,
  type Place,
  pathOf,
  requiredObject,
  requiredText,
} from '../../wire/fields.ts'
import { invalid } from '../../model/invalid.ts'
import { isObject, asText } from '../../wire/json.ts'
import { customToolName } from '../../claude/tool-names.ts'
import { cacheHintField, type Extensions, keepOthers } from './fields.ts'

const TOOL_FIELDS: ReadonlySet<string> = new Set([
  'type',
  'name',
  'description',
  'input_schema',
  'parameters',
  'strict',
  'cache_control',
])

/** `tools`; those with a type of their own are the provider's, and only it knows their schemas. */
export function readTools(place: Place, extensions: Extensions): Tool[] {
  return optionalList(place, 'tools').map((tool) => readTool(tool, extensions))
}

function readTool(tool: Place, extensions: Extensions): Tool {
  const type =
    optionalString(tool, 'type') ?? (isObject(tool.value.function) ? 'function' : 'custom')
  if (type === 'function')
    return readFunction(
      isObject(tool.value.function) ? requiredObject(tool, 'function') : tool,
      tool,
    )
  if (type !== 'custom')
    return {
      kind: 'extension',
      name: asText(tool.value.name) ?? type,
      value: tool.value,
      ...cacheHintField(tool),
    }
  keepOthers(tool.value, { known: TOOL_FIELDS, prefix: 'tools.', extensions })
  const name = requiredText(tool, 'name')
  const description = optionalString(tool, 'description')
  const described = description === undefined ? {} : { description }
  const customName = customToolName(name)
  if (customName !== undefined)
    return { kind: 'custom', name: customName, ...described, ...cacheHintField(tool) }
  const strict = optionalBoolean(tool, 'strict')
  return {
    kind: 'function',
    name,
    ...described,
    parameters: (optionalObject(tool, 'parameters') ?? requiredObject(tool, 'input_schema')).value,
    ...(strict === undefined ? {} : { strict }),
    ...cacheHintField(tool),
  }
}

/** A function as OpenAI's APIs define it, which services of this dialect take as well. */
function readFunction(definition: Place, tool: Place): Tool {
  const description = optionalString(definition, 'description')
  const parameters =
    optionalObject(definition, 'parameters') ?? optionalObject(definition, 'input_schema')
  return {
    kind: 'function',
    name: requiredText(definition, 'name'),
    ...(description === undefined ? {} : { description }),
    parameters: parameters?.value ?? { type: 'object', properties: {} },
    ...cacheHintField(tool),
  }
}

/** A tool that comes or goes in the middle of the conversation. */
export type ToolChange = { readonly add: Tool } | { readonly remove: string }

/**
 * The change a `tool_addition` or `tool_removal` block makes; `undefined` for tools of servers only
 * the provider reaches.
 */
export function readToolChange(
  block: Place,
  extensions: Extensions,
): ToolChange | 'nothing' | undefined {
  const tool = requiredObject(block, 'tool')
  const isAddition = block.value.type === 'tool_addition'
  if (tool.value.type === 'tool_definition' && isAddition)
    return { add: readTool(requiredObject(tool, 'definition'), extensions) }
  if (tool.value.type !== 'tool_reference') return undefined
  // Added by name, it stands in `tools` already.
  return isAddition ? 'nothing' : { remove: requiredText(tool, 'name') }
}

/**
 * The tools there are now. Other dialects know no change of tools; what counts is what can be
 * called next.
 */
export function applyToolChanges(tools: readonly Tool[], changes: readonly ToolChange[]): Tool[] {
  let current = [...tools]
  for (const change of changes) {
    const name = 'add' in change ? change.add.name : change.remove
    current = current.filter((tool) => tool.name !== name)
    if ('add' in change) current.push(change.add)
  }
  return current
}

/** `tool_choice`: an object, or its type alone, as OpenAI's APIs have it. */
function choiceIn(place: Place): Place | undefined {
  const choice = place.value.tool_choice
  return typeof choice === 'string'
    ? { value: { type: choice.toLowerCase() }, path: 'tool_choice' }
    : optionalObject(place, 'tool_choice')
}

export function readToolChoice(place: Place): ToolChoice | undefined {
  const choice = choiceIn(place)
  switch (choice?.value.type) {
    case undefined:
      if (choice === undefined) return undefined
      break
    case 'auto':
    case 'none':
      return { mode: choice.value.type }
    case 'any':
    case 'required':
      return { mode: 'required' }
    case 'function':
      return {
        mode: 'tool',
        name: requiredText(
          isObject(choice.value.function) ? requiredObject(choice, 'function') : choice,
          'name',
        ),
      }
    case 'tool': {
      const name = requiredText(choice, 'name')
      return { mode: 'tool', name: customToolName(name) ?? name }
    }
  }
  throw invalid(
    pathOf(choice ?? place, 'type'),
    '"auto", "any", "tool" or "none"',
    choice?.value.type,
  )
}

/** Calls in parallel are the rule here: only their refusal says something. */
export function readParallel(place: Place): false | undefined {
  const choice = choiceIn(place)
  return choice !== undefined && optionalBoolean(choice, 'disable_parallel_tool_use') === true
    ? false
    : undefined
}
