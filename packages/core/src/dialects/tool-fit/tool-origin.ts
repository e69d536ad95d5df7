import { parseObject } from '../wire/json.ts'

/** The one parameter of a free-text tool that is offered as a function. */
export const INPUT = 'input'

/** Names and kinds of tools in an answer, as the client knows them. */
export interface ToolOrigin {
  readonly name: string
  /** The client offered it as a tool of free text. */
  readonly isCustom: boolean
}

/**
 * The free text in a function's arguments; arguments that are not of this form are given as they
 * are.
 */
export function customInput(text: string): string {
  const input = parseObject(text)
  if (input === undefined) return text
  const value = input[INPUT]
  if (typeof value === 'string') return value
  return Object.keys(input).length === 0 ? '' : text
}
