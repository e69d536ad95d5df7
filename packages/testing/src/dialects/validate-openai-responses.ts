import { type JsonObject, isObject, objectIn } from '../json.ts'
import type { RequestToCheck, Violation } from './dialect.ts'

const KNOWN_FIELDS = new Set(
  (
    'background context_management conversation include input instructions max_output_tokens max_tool_calls metadata model moderation ' +
    'parallel_tool_calls previous_response_id prompt prompt_cache_key prompt_cache_options prompt_cache_retention reasoning ' +
    'safety_identifier service_tier store stream stream_options temperature text tool_choice tools top_logprobs top_p truncation user ' +
    'client_metadata'
  ).split(' '),
)
const ROLES = new Set(['system', 'developer', 'user', 'assistant'])
const USER_PARTS = new Set(['input_text', 'input_image', 'input_file'])
const ASSISTANT_PARTS = new Set(['output_text', 'refusal'])
const NAME = /^[a-zA-Z0-9_-]{1,64}$/
const SMALLEST_OUTPUT = 16

/** The rules of OpenAI Responses that translators break. */
export function validateResponsesRequest({ body, model }: RequestToCheck): Violation | undefined {
  const unknown = Object.keys(body).find((field) => !KNOWN_FIELDS.has(field))
  if (unknown !== undefined)
    return {
      message: `Unknown parameter: '${unknown}'.`,
      param: unknown,
      code: 'unknown_parameter',
    }
  if (model === '')
    return {
      message: "Missing required parameter: 'model'.",
      param: 'model',
      code: 'missing_required_parameter',
    }
  const { input } = body
  if (typeof input !== 'string' && !Array.isArray(input)) {
    return {
      message: "Missing required parameter: 'input'.",
      param: 'input',
      code: 'missing_required_parameter',
    }
  }
  if (
    typeof body['max_output_tokens'] === 'number' &&
    body['max_output_tokens'] < SMALLEST_OUTPUT
  ) {
    return invalid(
      'max_output_tokens',
      `integer below minimum value. Expected a value >= ${SMALLEST_OUTPUT}`,
      'integer_below_min_value',
    )
  }
  return (Array.isArray(input) ? checkItems(input) : undefined) ?? checkTools(body)
}

function invalid(param: string, problem: string, code: string): Violation {
  return { message: `Invalid '${param}': ${problem}.`, param, code }
}

function checkItems(items: readonly unknown[]): Violation | undefined {
  const open = new Set<string>()
  for (const [index, item] of items.entries()) {
    const at = `input[${index}]`
    if (!isObject(item)) return invalid(at, 'expected an object', 'invalid_type')
    const problem = checkItem(item, { at, open, next: items[index + 1] })
    if (problem !== undefined) return problem
  }
  const [unanswered] = open
  return unanswered === undefined
    ? undefined
    : { message: `No tool output found for function call ${unanswered}.`, param: 'input' }
}

interface Situation {
  readonly at: string
  /** Calls that have no output yet. */
  readonly open: Set<string>
  readonly next: unknown
}

function checkItem(item: JsonObject, { at, open, next }: Situation): Violation | undefined {
  const type = item['type'] ?? 'message'
  if (type === 'message') return checkMessage(item, at)
  if (type === 'function_call' || type === 'custom_tool_call') {
    const { call_id: id, name } = item
    if (typeof id !== 'string' || id === '')
      return invalid(`${at}.call_id`, 'expected a string', 'invalid_type')
    if (typeof name !== 'string' || !NAME.test(name))
      return invalid(
        `${at}.name`,
        `string does not match pattern '${NAME.source}'`,
        'invalid_value',
      )
    if (type === 'function_call' && typeof item['arguments'] !== 'string')
      return invalid(`${at}.arguments`, 'expected a string', 'invalid_type')
    open.add(id)
    return undefined
  }
  if (type === 'function_call_output' || type === 'custom_tool_call_output') {
    const id = String(item['call_id'])
    return open.delete(id)
      ? undefined
      : {
          message: `No tool call found for function call output with call_id ${id}.`,
          param: 'input',
        }
  }
  if (
    type === 'reasoning' &&
    (next === undefined ||
      String(objectIn(next)['type'] ?? '').endsWith('_output') ||
      objectIn(next)['role'] === 'user')
  ) {
    return {
      message: `Item '${String(item['id'])}' of type 'reasoning' was provided without its required following item.`,
      param: 'input',
    }
  }
  return undefined
}

function checkMessage(item: JsonObject, at: string): Violation | undefined {
  const { role, content } = item
  if (typeof role !== 'string' || !ROLES.has(role))
    return invalid(
      `${at}.role`,
      `'${String(role)}' is not one of the supported roles`,
      'invalid_value',
    )
  if (typeof content === 'string') return undefined
  if (!Array.isArray(content))
    return invalid(`${at}.content`, 'expected a string or an array', 'invalid_type')
  const allowed = role === 'assistant' ? ASSISTANT_PARTS : USER_PARTS
  for (const [index, part] of content.entries()) {
    const type = objectIn(part)['type']
    if (typeof type !== 'string' || !allowed.has(type))
      return invalid(
        `${at}.content[${index}]`,
        `'${String(type)}' is not supported here`,
        'invalid_value',
      )
  }
  return undefined
}

function checkTools(body: JsonObject): Violation | undefined {
  const { tools } = body
  if (tools === undefined) return undefined
  if (!Array.isArray(tools)) return invalid('tools', 'expected an array', 'invalid_type')
  for (const [index, tool] of tools.entries()) {
    const { type, name, parameters, strict } = objectIn(tool)
    if (typeof type !== 'string')
      return {
        message: `Missing required parameter: 'tools[${index}].type'.`,
        param: `tools[${index}].type`,
        code: 'missing_required_parameter',
      }
    if (type !== 'function') continue
    if (typeof name !== 'string' || !NAME.test(name))
      return invalid(
        `tools[${index}].name`,
        `string does not match pattern '${NAME.source}'`,
        'invalid_value',
      )
    // Left out, `strict` is true here, and a schema that is not closed is refused.
    if (strict !== false && objectIn(parameters)['additionalProperties'] !== false) {
      return {
        message: `Invalid schema for function '${name}': 'additionalProperties' is required to be supplied and to be false.`,
        param: `tools[${index}].parameters`,
        code: 'invalid_function_parameters',
      }
    }
  }
  return undefined
}
