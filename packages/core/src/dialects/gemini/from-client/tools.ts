import type { Tool, ToolChoice } from '../../model/conversation.ts'
import type { JsonObject } from '../../model/json-object.ts'
import {
  optionalObject,
  optionalString,
  type Place,
  pathOf,
  requiredText,
} from '../../wire/fields.ts'
import { invalid } from '../../model/invalid.ts'
import { type Extensions, keepOthers, listAt, optionalStrings, spelled } from './fields.ts'
import { toJsonSchema } from './schema.ts'

const DECLARATION_FIELDS: ReadonlySet<string> = new Set([
  'name',
  'description',
  'parameters',
  'parametersJsonSchema',
])

/** `tools`: each declared function is a tool, each tool the provider runs itself an extension. */
export function readTools(body: Place, extensions: Extensions): Tool[] {
  return listAt(body, 'tools').flatMap((tool) => {
    const field = spelled(tool, 'functionDeclarations')
    const functions = listAt(tool, field).map((declaration) =>
      readDeclaration(declaration, extensions),
    )
    const others = Object.entries(tool.value).filter(
      ([name, value]) => name !== field && value !== null && value !== undefined,
    )
    return [
      ...functions,
      ...others.map(([name, value]): Tool => ({
        kind: 'extension',
        name,
        value: { [name]: value },
      })),
    ]
  })
}

function readDeclaration(declaration: Place, extensions: Extensions): Tool {
  keepOthers(declaration, 'tools.functionDeclarations.', { known: DECLARATION_FIELDS, extensions })
  return {
    kind: 'function',
    name: requiredText(declaration, 'name'),
    description: optionalString(declaration, 'description'),
    parameters: readParameters(declaration),
  }
}

function readParameters(declaration: Place): JsonObject | undefined {
  const json = optionalObject(declaration, spelled(declaration, 'parametersJsonSchema'))
  if (json !== undefined) return json.value
  const own = optionalObject(declaration, 'parameters')
  return own === undefined ? undefined : toJsonSchema(own.value)
}

const CONFIG_FIELDS: ReadonlySet<string> = new Set(['functionCallingConfig'])
const CALLING_FIELDS: ReadonlySet<string> = new Set(['mode', 'allowedFunctionNames'])

/** `toolConfig.functionCallingConfig`; what else is in `toolConfig` is kept as an extension. */
export function readToolChoice(body: Place, extensions: Extensions): ToolChoice | undefined {
  const config = optionalObject(body, spelled(body, 'toolConfig'))
  if (config === undefined) return undefined
  keepOthers(config, 'toolConfig.', { known: CONFIG_FIELDS, extensions })
  const calling = optionalObject(config, spelled(config, 'functionCallingConfig'))
  if (calling === undefined) return undefined
  keepOthers(calling, 'toolConfig.functionCallingConfig.', { known: CALLING_FIELDS, extensions })
  const names = optionalStrings(calling, spelled(calling, 'allowedFunctionNames'))
  const mode = optionalString(calling, 'mode')?.toUpperCase()
  switch (mode) {
    case 'ANY':
      return choiceAmong(names, true)
    case 'VALIDATED':
      // Calls that follow their schema to the letter; that much no other API promises.
      extensions['toolConfig.functionCallingConfig.mode (VALIDATED)'] = mode
      return choiceAmong(names, false)
    case 'AUTO':
      return choiceAmong(names, false)
    case 'NONE':
      return { mode: 'none' }
    case undefined:
    case 'MODE_UNSPECIFIED':
      return undefined
    default:
      throw invalid(pathOf(calling, 'mode'), '"AUTO", "ANY", "NONE" or "VALIDATED"', mode)
  }
}

function choiceAmong(names: readonly string[], required: boolean): ToolChoice {
  const [only] = names
  if (only === undefined) return { mode: required ? 'required' : 'auto' }
  return required && names.length === 1
    ? { mode: 'tool', name: only }
    : { mode: 'allowed', required, names }
}
