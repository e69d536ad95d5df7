import { type JsonObject, isObject, objectIn, objectsIn } from '../json.ts'
import type { RequestToCheck, Violation } from './dialect.ts'

const KNOWN_FIELDS = new Set(
  (
    'messages model audio frequency_penalty function_call functions logit_bias logprobs max_completion_tokens max_tokens metadata ' +
    'modalities moderation n parallel_tool_calls prediction presence_penalty prompt_cache_key prompt_cache_options ' +
    'prompt_cache_retention reasoning_effort response_format safety_identifier seed service_tier stop store stream stream_options ' +
    'temperature tool_choice tools top_logprobs top_p user verbosity web_search_options'
  ).split(' '),
)
const ROLES = new Set(['system', 'developer', 'user', 'assistant', 'tool', 'function'])
const PART_TYPES = new Set(['text', 'image_url', 'input_audio', 'file', 'refusal'])
const NAME = /^[a-zA-Z0-9_-]{1,64}$/

/** The rules of OpenAI chat completions that translators break. */
export function validateChatRequest({ body, model }: RequestToCheck): Violation | undefined {
  const unknown = Object.keys(body).find((field) => !KNOWN_FIELDS.has(field))
  if (unknown !== undefined)
    return { message: `Unrecognized request argument supplied: ${unknown}` }
  if (model === '') return { message: 'you must provide a model parameter' }
  const messages = body['messages']
  if (!Array.isArray(messages))
    return {
      message: "Missing required parameter: 'messages'.",
      param: 'messages',
      code: 'missing_required_parameter',
    }
  if (messages.length === 0)
    return invalid(
      'messages',
      'empty array. Expected an array with minimum length 1, but got an empty array instead',
      'empty_array',
    )
  return checkMessages(messages) ?? checkTools(body) ?? checkOptions(body)
}

function invalid(param: string, problem: string, code: string): Violation {
  return { message: `Invalid '${param}': ${problem}.`, param, code }
}

function checkMessages(messages: readonly unknown[]): Violation | undefined {
  let open = new Set<string>()
  for (const [index, message] of messages.entries()) {
    const at = `messages[${index}]`
    if (!isObject(message)) return invalid(at, 'expected an object', 'invalid_type')
    const role = message['role']
    if (typeof role !== 'string' || !ROLES.has(role))
      return invalid(
        `${at}.role`,
        `'${String(role)}' is not one of the supported roles`,
        'invalid_value',
      )
    if (role === 'tool') {
      const id = message['tool_call_id']
      if (typeof id !== 'string')
        return {
          message: `Missing required parameter: '${at}.tool_call_id'.`,
          param: `${at}.tool_call_id`,
          code: 'missing_required_parameter',
        }
      if (!open.delete(id)) {
        return {
          message:
            "messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.",
          param: `${at}.role`,
        }
      }
    } else if (open.size > 0) return unanswered(open, at)
    const problem =
      checkContent(message, at) ?? (role === 'assistant' ? checkToolCalls(message, at) : undefined)
    if (problem !== undefined) return problem
    if (role === 'assistant')
      open = new Set(objectsIn(message['tool_calls']).map((call) => String(call['id'])))
  }
  return open.size > 0 ? unanswered(open, 'messages') : undefined
}

function unanswered(ids: ReadonlySet<string>, param: string): Violation {
  return {
    message:
      "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. " +
      `The following tool_call_ids did not have response messages: ${[...ids].join(', ')}`,
    param,
  }
}

function checkContent(message: JsonObject, at: string): Violation | undefined {
  const content = message['content']
  if (content === null || content === undefined) {
    const mayBeEmpty =
      message['role'] === 'assistant' &&
      ['tool_calls', 'refusal', 'audio', 'function_call'].some((field) => message[field] != null)
    return mayBeEmpty
      ? undefined
      : invalid(
          `${at}.content`,
          'expected a string or an array of content parts, got null',
          'invalid_type',
        )
  }
  if (typeof content === 'string') return undefined
  if (!Array.isArray(content) || content.length === 0)
    return invalid(`${at}.content`, 'expected a string or a non-empty array', 'invalid_type')
  for (const [index, part] of content.entries()) {
    const type = objectIn(part)['type']
    if (typeof type !== 'string' || !PART_TYPES.has(type))
      return invalid(
        `${at}.content[${index}].type`,
        `'${String(type)}' is not a supported part`,
        'invalid_value',
      )
    if (type === 'text' && typeof objectIn(part)['text'] !== 'string')
      return invalid(`${at}.content[${index}].text`, 'expected a string', 'invalid_type')
    if (type === 'image_url' && message['role'] !== 'user') {
      return invalid(
        at,
        "image URLs are only allowed for messages with role 'user'",
        'invalid_value',
      )
    }
  }
  return undefined
}

function checkToolCalls(message: JsonObject, at: string): Violation | undefined {
  const calls = message['tool_calls']
  if (calls === undefined) return undefined
  if (!Array.isArray(calls) || calls.length === 0)
    return invalid(`${at}.tool_calls`, 'expected an array with minimum length 1', 'empty_array')
  for (const [index, call] of calls.entries()) {
    const { id, type, function: called } = objectIn(call)
    if (typeof id !== 'string' || id === '')
      return invalid(`${at}.tool_calls[${index}].id`, 'expected a string', 'invalid_type')
    if (type !== 'function' && type !== 'custom')
      return invalid(
        `${at}.tool_calls[${index}].type`,
        'expected function or custom',
        'invalid_value',
      )
    if (type === 'function' && typeof objectIn(called)['arguments'] !== 'string') {
      return invalid(
        `${at}.tool_calls[${index}].function.arguments`,
        'expected a string',
        'invalid_type',
      )
    }
  }
  return undefined
}

function checkTools(body: JsonObject): Violation | undefined {
  const tools = body['tools']
  if (tools === undefined) {
    return body['tool_choice'] === undefined || body['functions'] !== undefined
      ? undefined
      : {
          message:
            "Invalid value for 'tool_choice': 'tool_choice' is only allowed when 'tools' are specified.",
          param: 'tool_choice',
        }
  }
  if (!Array.isArray(tools) || tools.length === 0)
    return invalid('tools', 'empty array. Expected an array with minimum length 1', 'empty_array')
  for (const [index, tool] of tools.entries()) {
    const { type, function: definition } = objectIn(tool)
    if (type !== 'function' && type !== 'custom')
      return invalid(`tools[${index}].type`, 'expected function or custom', 'invalid_value')
    if (type === 'custom') continue
    const { name, parameters } = objectIn(definition)
    if (typeof name !== 'string' || !NAME.test(name))
      return invalid(
        `tools[${index}].function.name`,
        `string does not match pattern '${NAME.source}'`,
        'invalid_value',
      )
    if (parameters !== undefined && !isObject(parameters))
      return invalid(`tools[${index}].function.parameters`, 'expected an object', 'invalid_type')
  }
  return undefined
}

function checkOptions(body: JsonObject): Violation | undefined {
  if (body['stream_options'] != null && body['stream'] !== true) {
    return {
      message: "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
      param: 'stream_options',
    }
  }
  for (const field of ['max_tokens', 'max_completion_tokens', 'n']) {
    const value = body[field]
    if (value != null && !(Number.isInteger(value) && (value as number) > 0))
      return invalid(
        field,
        'integer below minimum value. Expected a value >= 1',
        'integer_below_min_value',
      )
  }
  if (body['max_tokens'] != null && body['max_completion_tokens'] != null) {
    return {
      message:
        "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.",
      param: 'max_tokens',
    }
  }
  const format = objectIn(body['response_format'])
  if (
    format['type'] === 'json_schema' &&
    typeof objectIn(format['json_schema'])['name'] !== 'string'
  ) {
    return {
      message: "Missing required parameter: 'response_format.json_schema.name'.",
      param: 'response_format.json_schema.name',
      code: 'missing_required_parameter',
    }
  }
  return undefined
}
