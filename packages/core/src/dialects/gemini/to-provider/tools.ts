import type { Conversation, Tool, ToolChoice } from '../../model/conversation.ts'
import type { CallContext } from '../../model/call.ts'
import type { JsonObject } from '../../model/json-object.ts'
import { refuseOrDrop } from '../../model/invalid.ts'
import { isObject, asText } from '../../wire/json.ts'
import { convertParameters } from './schema.ts'

/**
 * Tools the provider runs itself, by both spellings of its API; they are carried over as they are.
 */
export const NATIVE_TOOLS: ReadonlySet<string> = new Set([
  'googleSearch',
  'google_search',
  'googleSearchRetrieval',
  'google_search_retrieval',
  'googleMaps',
  'google_maps',
  'codeExecution',
  'code_execution',
  'urlContext',
  'url_context',
  'fileSearch',
  'file_search',
  'computerUse',
  'computer_use',
])

interface ToolsContext {
  readonly call: Pick<CallContext, 'provider' | 'dropUnsupported'>
  readonly dropped: Set<string>
}

/** `tools` and `toolConfig` of a request; nothing of both when the client offers no tools. */
export function buildTools(
  { tools, toolChoice }: Conversation,
  { call, dropped }: ToolsContext,
): JsonObject {
  const functions = offered(
    tools.filter((tool) => tool.kind === 'function'),
    toolChoice,
  )
  const lost = new Set<string>()
  const declarations = functions.map((tool, index) =>
    declaration(tool, `tools.${index}.function.parameters`, lost),
  )
  if (lost.size > 0) dropped.add(`tools.parameters (${[...lost].join(', ')})`)
  if (functions.some((tool) => tool.strict === true)) dropped.add('tools.strict')
  if (tools.some((tool) => tool.cacheHint !== undefined)) dropped.add('cache_control')
  const native = tools.flatMap((tool, at) =>
    tool.kind === 'function' ? [] : nativeTool(tool, `tools[${at}]`, { call, dropped }),
  )
  const list = [
    ...(declarations.length === 0 ? [] : [{ functionDeclarations: declarations }]),
    ...native,
  ]
  if (list.length === 0) return {}
  const config =
    toolChoice === undefined || declarations.length === 0 ? undefined : callingConfig(toolChoice)
  return {
    tools: list,
    ...(config === undefined ? {} : { toolConfig: { functionCallingConfig: config } }),
  }
}

/** A choice that may also be text has no list of allowed names, so the others are not offered. */
function offered(tools: readonly Tool[], choice: ToolChoice | undefined): readonly Tool[] {
  if (choice?.mode !== 'allowed' || choice.required) return tools
  return tools.filter((tool) => choice.names.includes(tool.name))
}

function declaration(tool: Tool, param: string, lost: Set<string>): JsonObject {
  const declared: JsonObject = { name: tool.name }
  if (tool.description !== undefined) declared['description'] = tool.description
  if (tool.parameters === undefined) return declared
  const parameters = convertParameters(tool.parameters, param)
  for (const keyword of parameters.lost) lost.add(keyword)
  if (parameters.schema !== undefined) declared['parameters'] = parameters.schema
  return declared
}

function nativeTool(tool: Tool, path: string, { call, dropped }: ToolsContext): JsonObject[] {
  const value = isObject(tool.value)
    ? Object.entries(tool.value).filter(([name]) => NATIVE_TOOLS.has(name))
    : []
  if (tool.kind === 'extension' && value.length > 0) return [Object.fromEntries(value)]
  const type = isObject(tool.value) ? asText(tool.value['type']) : undefined
  dropped.add(
    refuseOrDrop(
      call,
      path,
      `the tool type ${tool.kind === 'custom' ? 'custom' : (type ?? tool.name)}`,
    ),
  )
  return []
}

function callingConfig(choice: ToolChoice): JsonObject {
  switch (choice.mode) {
    case 'auto':
      return { mode: 'AUTO' }
    case 'none':
      return { mode: 'NONE' }
    case 'required':
      return { mode: 'ANY' }
    case 'tool':
      return { mode: 'ANY', allowedFunctionNames: [choice.name] }
    case 'allowed':
      return choice.required
        ? { mode: 'ANY', allowedFunctionNames: [...choice.names] }
        : { mode: 'AUTO' }
  }
}
