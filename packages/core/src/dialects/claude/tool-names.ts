import type { Tool } from '../model/conversation.ts'
import type { NameRule } from '../model/tool-rules.ts'
import { asObject, asText } from '../wire/json.ts'

/**
 * Models without structured output answer through a tool they are forced to call. The reader of
 * the answer does not see the request, so it recognises that tool by this name and turns its
 * input back into text.
 */
export const JSON_ANSWER_TOOL = 'postern_json_answer'

const CUSTOM_TOOL_PREFIX = 'postern_custom_'

/** Names of tools of at most `max` characters; the mark of a custom tool takes some of them. */
export function toolNameRule(max: number): NameRule {
  return { max, customMax: max - CUSTOM_TOOL_PREFIX.length }
}

/**
 * Name of a tool on the wire. Custom tools are offered as functions of one string; their name
 * carries a mark, so that a call to one comes back to the client as the custom call it expects.
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

/** Type of a provider's own tool, for messages: `web_search`. */
export function toolTypeOf(tool: Tool): string {
  return asText(asObject(tool.value)?.type) ?? tool.name
}
