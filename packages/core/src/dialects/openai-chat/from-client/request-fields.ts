import type { JsonObject } from '../../model/json-object.ts'
import { invalid } from '../../model/invalid.ts'

interface FieldType {
  /** Reads after "must be". */
  readonly expected: string
  accepts(value: unknown): boolean
}

const isObject = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

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
const stop: FieldType = {
  expected: 'a string or an array of strings',
  accepts: (value) =>
    typeof value === 'string' ||
    (Array.isArray(value) && value.every((item) => typeof item === 'string')),
}

/** Types only: whether a value is in range is for the model to say, and differs between models. */
const fieldTypes: ReadonlyMap<string, FieldType> = new Map([
  ['stream', boolean],
  ['stream_options', object],
  ['n', positive],
  ['max_tokens', positive],
  ['max_completion_tokens', positive],
  ['temperature', number],
  ['top_p', number],
  ['top_k', integer],
  ['frequency_penalty', number],
  ['presence_penalty', number],
  ['seed', integer],
  ['stop', stop],
  ['logprobs', boolean],
  ['top_logprobs', integer],
  ['logit_bias', object],
  ['tools', list],
  ['functions', list],
  ['tool_choice', choice],
  ['function_call', choice],
  ['parallel_tool_calls', boolean],
  ['response_format', object],
  ['reasoning_effort', string],
  ['user', string],
  ['metadata', object],
])

/**
 * The checks every request gets, also one that is passed on as it is: `model`, `messages` and the
 * types of the top-level fields. `null` means absent. Throws `invalid_request`.
 */
export function checkFields(body: JsonObject): void {
  const { model, messages } = body
  if (typeof model !== 'string' || model === '') throw invalid('model', 'a non-empty string', model)
  if (!Array.isArray(messages) || messages.length === 0)
    throw invalid('messages', 'a non-empty array', messages)
  for (let at = 0; at < messages.length; at++) {
    if (!isObject(messages[at])) throw invalid(`messages[${at}]`, 'an object', messages[at])
  }
  for (const field in body) {
    const type = fieldTypes.get(field)
    if (type === undefined) continue
    const value = body[field]
    if (value !== null && value !== undefined && !type.accepts(value))
      throw invalid(field, type.expected, value)
  }
}
