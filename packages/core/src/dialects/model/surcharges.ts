import type { JsonObject } from './json-object.ts'
import { asList, asObject, asText } from '../wire/json.ts'
import { listOfferedTools } from './offered-tools.ts'

/**
 * Types of tools that clients run, which cost only their tokens; every other tool is the
 * provider's, which may charge for each use.
 */
const FREE_TOOLS: ReadonlySet<string> = new Set([
  'function',
  'custom',
  'tool_search',
  'local_shell',
  'apply_patch',
])
/** Tools of Anthropic that clients run themselves have names with a date. */
const FREE_DATED_TOOL = /^(?:bash|text_editor|computer|memory|tool_search_tool_\w+)_\d{8}$/
/** Gemini names its tools by field; these are billed by the token. */
const FREE_TOOL_FIELDS: ReadonlySet<string> = new Set([
  'functionDeclarations',
  'function_declarations',
  'codeExecution',
  'code_execution',
  'urlContext',
  'url_context',
  'computerUse',
  'computer_use',
])
/** Service tiers at list price or below. */
const USUAL_TIERS: ReadonlySet<string> = new Set([
  'default',
  'auto',
  'flex',
  'standard',
  'standard_only',
  'batch',
])
const LONGEST_KIND = 100
const FREE_MODALITIES: ReadonlySet<string> = new Set(['text'])

/**
 * `all` where a request is relayed; where it is translated, tools with one of these fields, or
 * none.
 */
export type Carried = ReadonlySet<string> | 'all' | 'none'

/**
 * Paths of the request that cost more than its tokens at list price, in any dialect: tools a
 * provider charges for by use, faster tiers, sound and pictures as output, predictions (whose
 * rejected tokens are charged as output). As the price lists of OpenAI,
 * Anthropic and Google have it in November 2026.
 *
 * @param carried which tools of a provider the target is sent: those that are left out or refused
 *   cost nothing
 */
export function listSurcharges(body: JsonObject, carried: Carried = 'all'): string[] {
  const config = asObject(body['generationConfig'] ?? body['generation_config']) ?? {}
  const found: string[] = []
  for (const field of ['service_tier', 'serviceTier'])
    if (typeof body[field] === 'string' && !USUAL_TIERS.has(body[field].toLowerCase()))
      found.push(field)
  if (typeof body['speed'] === 'string' && body['speed'] !== 'standard') found.push('speed')
  if (typeof body['inference_geo'] === 'string' && body['inference_geo'] !== 'global')
    found.push('inference_geo')
  for (const field of ['prediction', 'web_search_options'])
    if (asObject(body[field]) !== undefined) found.push(field)
  for (const [field, modalities] of [
    ['modalities', body['modalities']],
    [
      'generationConfig.responseModalities',
      config['responseModalities'] ?? config['response_modalities'],
    ],
  ] as const) {
    if (asList(modalities).some((modality) => !isFreeModality(modality))) found.push(field)
  }
  for (const { path, tool } of listOfferedTools(body))
    if (!isFreeTool(tool) && isSent(tool, carried)) found.push(path)
  return found
}

/** No `String(...)`: a client's object with a `toString` of its own would make it throw. */
function isFreeModality(modality: unknown): boolean {
  return typeof modality === 'string' && FREE_MODALITIES.has(modality.toLowerCase())
}

/**
 * Describes a path of `listSurcharges` for messages: a tool by its place and its kind, because
 * clients offer tools their users never chose.
 */
export function surchargeName(body: JsonObject | undefined, path: string): string {
  const asked = body && listOfferedTools(body).find((tool) => tool.path === path)
  return asked === undefined
    ? path
    : `${path} (${(asText(asked.tool['type']) ?? Object.keys(asked.tool).join(', ')).slice(0, LONGEST_KIND)})`
}

function isSent(tool: JsonObject, carried: Carried): boolean {
  return typeof carried === 'string'
    ? carried === 'all'
    : Object.keys(tool).some((field) => carried.has(field))
}

function isFreeTool(tool: JsonObject): boolean {
  const type = asText(tool['type'])
  if (type !== undefined) return FREE_TOOLS.has(type) || FREE_DATED_TOOL.test(type)
  // Anthropic's own form of a function has no type.
  if (typeof tool['name'] === 'string') return true
  return Object.keys(tool).every((field) => FREE_TOOL_FIELDS.has(field))
}
