import type { JsonObject } from '../../model/json-object.ts'
import { invalid } from '../../model/invalid.ts'
import { isObject } from '../../wire/json.ts'

interface FieldType {
  /** Reads after "must be". */
  readonly expected: string
  accepts(value: unknown): boolean
}

const boolean: FieldType = { expected: 'a boolean', accepts: (value) => typeof value === 'boolean' }
const number: FieldType = { expected: 'a number', accepts: (value) => typeof value === 'number' }
const integer: FieldType = { expected: 'an integer', accepts: Number.isSafeInteger }
const positive: FieldType = {
  expected: 'a positive integer',
  accepts: (value) => Number.isSafeInteger(value) && (value as number) > 0,
}
const string: FieldType = { expected: 'a string', accepts: (value) => typeof value === 'string' }
const object: FieldType = { expected: 'an object', accepts: isObject }
const list: FieldType = { expected: 'an array', accepts: Array.isArray }
const choice: FieldType = {
  expected: 'a string or an object',
  accepts: (value) => typeof value === 'string' || isObject(value),
}

/** Types only: whether a value is in range is for the model to say, and differs between models. */
const fieldTypes: ReadonlyMap<string, FieldType> = new Map([
  ['stream', boolean],
  ['stream_options', object],
  ['instructions', string],
  ['tools', list],
  ['tool_choice', choice],
  ['parallel_tool_calls', boolean],
  ['text', object],
  ['reasoning', object],
  ['include', list],
  ['max_output_tokens', positive],
  ['temperature', number],
  ['top_p', number],
  ['top_logprobs', integer],
  ['presence_penalty', number],
  ['frequency_penalty', number],
  ['user', string],
  ['safety_identifier', string],
  ['metadata', object],
  ['store', boolean],
  ['background', boolean],
  ['previous_response_id', string],
  ['conversation', choice],
  ['prompt', object],
])

/** Fields that refer to a conversation stored by the provider. */
const STORED = ['previous_response_id', 'conversation', 'prompt'] as const

/**
 * The checks every request gets, also one that is passed on as it is: `model`, `input` and the
 * types of the top-level fields. `null` means absent. Throws `invalid_request`.
 */
export function checkFields(body: JsonObject): void {
  const { model } = body
  if (typeof model !== 'string' || model === '') throw invalid('model', 'a non-empty string', model)
  checkInput(body)
  for (const field in body) {
    const type = fieldTypes.get(field)
    if (type === undefined) continue
    const value = body[field]
    if (value !== null && value !== undefined && !type.accepts(value))
      throw invalid(field, type.expected, value)
  }
}

function checkInput(body: JsonObject): void {
  const input = body.input ?? undefined
  if (typeof input === 'string') return
  if (
    input === undefined &&
    STORED.some((field) => body[field] !== undefined && body[field] !== null)
  )
    return
  if (!Array.isArray(input)) throw invalid('input', 'a string or an array of items', input)
  for (let at = 0; at < input.length; at++) {
    if (!isObject(input[at])) throw invalid(`input[${at}]`, 'an object', input[at])
  }
}
