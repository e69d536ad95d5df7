import type { NameRule } from '../tool-fit/index.ts'

/** Name of this dialect, and the origin of the signatures it issues. */
export const DIALECT = 'bedrock-converse'

/**
 * Models without structured output answer through a tool they are forced to call. The answer's
 * reader knows nothing of the request, so it recognises that tool by this name and turns its input
 * back into text.
 */
export const JSON_ANSWER_TOOL = 'postern_json_answer'

const CUSTOM_TOOL_PREFIX = 'postern_custom_'

/** Names of tools: up to 64 characters, of which the mark of a custom tool takes some. */
export const TOOL_NAMES: NameRule = { max: 64, customMax: 64 - CUSTOM_TOOL_PREFIX.length }

/** The one parameter of a custom (free-text) tool. */
export const CUSTOM_TOOL_INPUT = 'input'

/**
 * Names of tools on the wire: a custom tool is offered as a function of one string, and its
 * name is marked.
 */
export function wireToolName(tool: { readonly name: string; readonly kind: string }): string {
  return tool.kind === 'custom' ? CUSTOM_TOOL_PREFIX + tool.name : tool.name
}

/** The client's name of a custom tool, `undefined` for every other tool. */
export function customToolName(wireName: string): string | undefined {
  return wireName.startsWith(CUSTOM_TOOL_PREFIX)
    ? wireName.slice(CUSTOM_TOOL_PREFIX.length)
    : undefined
}
