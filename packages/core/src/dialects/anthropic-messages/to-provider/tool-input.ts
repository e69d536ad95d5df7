import type { JsonObject } from '../../model/dialect.ts'
import { objectOf, parseJson } from '../../wire/json.ts'
import { CUSTOM_TOOL_INPUT } from '../names.ts'

/** A call's arguments as JSON text; a call without input has `{}`. */
export function argumentsOf(input: unknown): string {
  return JSON.stringify(input ?? {})
}

/** The free text a custom tool was called with. */
export function customInputOf(input: JsonObject | undefined): string {
  const value = input?.[CUSTOM_TOOL_INPUT]
  return typeof value === 'string' ? value : argumentsOf(input)
}

/** The same from streamed JSON, which is kept as it is when it does not parse. */
export function customInputOfText(text: string): string {
  const input = objectOf(parseJson(text)?.value)
  return input === undefined ? text : customInputOf(input)
}
