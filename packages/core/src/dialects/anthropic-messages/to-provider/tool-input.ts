import type { JsonObject } from '../../model/json-object.ts'
import { asObject, parseJson } from '../../wire/json.ts'
import { CUSTOM_TOOL_INPUT } from '../names.ts'

/** A call's arguments as JSON text; a call without input has `{}`. */
export function serializeArguments(input: unknown): string {
  return JSON.stringify(input ?? {})
}

/** The free text a custom tool was called with. */
export function readCustomInput(input: JsonObject | undefined): string {
  const value = input?.[CUSTOM_TOOL_INPUT]
  return typeof value === 'string' ? value : serializeArguments(input)
}

/** The same from streamed JSON, which is kept as it is when it does not parse. */
export function customInputOfText(text: string): string {
  const input = asObject(parseJson(text)?.value)
  return input === undefined ? text : readCustomInput(input)
}
