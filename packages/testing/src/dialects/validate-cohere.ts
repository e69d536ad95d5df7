import { objectIn, objectsIn } from '../json.ts'
import type { RequestToCheck, Violation } from './dialect.ts'

const KNOWN_FIELDS = new Set(
  (
    'model messages stream tools tool_choice strict_tools documents citation_options response_format safety_mode max_tokens ' +
    'stop_sequences temperature seed frequency_penalty presence_penalty k p logprobs thinking priority'
  ).split(' '),
)
const ROLES = new Set(['system', 'user', 'assistant', 'tool'])
const CONTENT_TYPES: Readonly<Record<string, ReadonlySet<string>>> = {
  system: new Set(['text']),
  user: new Set(['text', 'image_url']),
  assistant: new Set(['text', 'thinking']),
  tool: new Set(['text', 'document']),
}

/** The rules of Cohere's v2 chat that translators break. */
export function validateCohereRequest({ body, model }: RequestToCheck): Violation | undefined {
  const unknown = Object.keys(body).find((field) => !KNOWN_FIELDS.has(field))
  if (unknown !== undefined)
    return {
      message: `invalid request: unknown field: parameter '${unknown}' is not a valid field`,
      param: unknown,
    }
  if (model === '') return { message: 'invalid request: model is required' }
  const { messages, tool_choice: choice } = body
  if (!Array.isArray(messages) || messages.length === 0)
    return { message: 'invalid request: at least one message is required' }
  if (choice !== undefined && choice !== 'REQUIRED' && choice !== 'NONE')
    return {
      message: "invalid request: 'tool_choice' must be one of REQUIRED, NONE",
      param: 'tool_choice',
    }
  if (choice !== undefined && objectsIn(body['tools']).length === 0)
    return { message: "invalid request: 'tool_choice' requires tools", param: 'tool_choice' }
  return checkMessages(messages)
}

function checkMessages(messages: readonly unknown[]): Violation | undefined {
  let open = new Set<unknown>()
  for (const [index, message] of messages.entries()) {
    const { role, content, tool_call_id: answered, tool_calls: calls } = objectIn(message)
    const at = `messages[${index}]`
    if (typeof role !== 'string' || !ROLES.has(role))
      return { message: `invalid request: ${at}.role is invalid`, param: at }
    if (role === 'tool' && !open.delete(answered))
      return {
        message: `invalid request: ${at} answers no tool call of the message before`,
        param: at,
      }
    if (role !== 'tool' && open.size > 0)
      return {
        message: `invalid request: tool calls ${[...open].join(', ')} have no tool result`,
        param: at,
      }
    const wrong = objectsIn(content).find((part) => !CONTENT_TYPES[role]?.has(String(part['type'])))
    if (wrong !== undefined)
      return {
        message: `invalid request: ${at} content type ${String(wrong['type'])} is not supported for role ${role}`,
        param: at,
      }
    const isEmpty =
      content === undefined ||
      content === null ||
      content === '' ||
      (Array.isArray(content) && content.length === 0)
    if (isEmpty && objectsIn(calls).length === 0)
      return { message: `invalid request: ${at} must have content`, param: at }
    if (role === 'assistant') open = new Set(objectsIn(calls).map((call) => call['id']))
  }
  return undefined
}
