import type { ToolCallPart } from '../model/conversation.ts'
import type { JsonObject } from '../model/json-object.ts'
import { asObject, isObject, parseJson, parseObject } from '../wire/json.ts'

/** The one parameter of a custom (free-text) tool. */
export const CUSTOM_TOOL_INPUT = 'input'

/** JSON Schema under which a custom tool is offered; its format is not enforced. */
export function customToolSchema(path: string, dropped: string[]): JsonObject {
  dropped.push(
    `${path} (custom tool offered as a function of one string, its format is not enforced)`,
  )
  return {
    type: 'object',
    properties: { [CUSTOM_TOOL_INPUT]: { type: 'string' } },
    required: [CUSTOM_TOOL_INPUT],
  }
}

/**
 * Input of a call as the wire wants it: an object. A model's malformed arguments are wrapped in
 * one, where the model can still read them, after a call of `onWrap`.
 */
export function toolInput(call: ToolCallPart, onWrap?: () => void): JsonObject {
  if (call.kind === 'custom') return { [CUSTOM_TOOL_INPUT]: call.arguments }
  if (call.arguments.trim() === '') return {}
  const parsed = parseJson(call.arguments)
  const input = asObject(parsed?.value)
  if (input !== undefined) return input
  onWrap?.()
  return { arguments: parsed === undefined ? call.arguments : parsed.value }
}

/** Note of a call whose arguments were wrapped. */
export function wrappedNote(path: string): string {
  return `${path}.function.arguments (not a JSON object, wrapped in one)`
}

/** A call's arguments as JSON text; a call without input has `{}`. */
export function serializeArguments(input: unknown): string {
  return JSON.stringify(input ?? {})
}

/** The free text a custom tool was called with. */
export function readCustomInput(input: unknown): string {
  const value = isObject(input) ? input[CUSTOM_TOOL_INPUT] : undefined
  return typeof value === 'string' ? value : serializeArguments(input)
}

/** The same from streamed JSON, which stays as it is when it does not parse. */
export function customInputOfText(text: string): string {
  const input = parseObject(text)
  return input === undefined ? text : readCustomInput(input)
}
