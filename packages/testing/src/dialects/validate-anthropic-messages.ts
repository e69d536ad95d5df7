import { type JsonObject, isObject, objectIn, objectsIn } from '../json.ts'
import type { RequestToCheck, Violation } from './dialect.ts'

const KNOWN_FIELDS = new Set(
  (
    'model max_tokens messages system stop_sequences stream tools tool_choice metadata thinking service_tier container ' +
    'context_management mcp_servers output_config output_format cache_control inference_geo speed diagnostics'
  ).split(' '),
)
/** Gone with version 2026-10-21. */
const SAMPLING_FIELDS = new Set(['temperature', 'top_p', 'top_k'])
/**
 * From this version on, and with any beta of this kind, system messages may stand between the
 * others.
 */
const MID_CONVERSATION_SYSTEM = '2026-10-21'
const MID_CONVERSATION_BETA = /\bmid-conversation-/
const TOOL_NAME = /^[a-zA-Z0-9_-]{1,128}$/
const IMAGE_TYPES = new Set(['image/jpeg', 'image/png', 'image/gif', 'image/webp'])
const TOOL_CHOICES = new Set(['auto', 'any', 'tool', 'none'])

/** The rules of Anthropic Messages that translators break. */
export function validateMessagesRequest({
  body,
  model,
  headers,
}: RequestToCheck): Violation | undefined {
  const version = headers['anthropic-version']
  if (typeof version !== 'string') return { message: 'anthropic-version: header is required' }
  const isRecent = version >= MID_CONVERSATION_SYSTEM
  const unknown = Object.keys(body).find(
    (field) => !KNOWN_FIELDS.has(field) && (isRecent || !SAMPLING_FIELDS.has(field)),
  )
  if (unknown !== undefined) return { message: `${unknown}: Extra inputs are not permitted` }
  if (model === '') return { message: 'model: Field required' }
  const limit = body['max_tokens']
  if (limit === undefined) return { message: 'max_tokens: Field required' }
  if (!Number.isInteger(limit) || (limit as number) < 0)
    return { message: 'max_tokens: Input should be greater than or equal to 0' }
  return (
    checkSystem(body['system']) ??
    checkMessages(
      body['messages'],
      isRecent || MID_CONVERSATION_BETA.test(String(headers['anthropic-beta'] ?? '')),
    ) ??
    checkTools(body) ??
    checkOptions(body)
  )
}

function checkSystem(system: unknown): Violation | undefined {
  if (system === undefined || typeof system === 'string') return undefined
  if (!Array.isArray(system)) return { message: 'system: Input should be a valid string or list' }
  return checkTextBlocks(objectsIn(system), 'system')
}

function checkTextBlocks(blocks: readonly JsonObject[], at: string): Violation | undefined {
  const hasEmpty = blocks.some(
    (block) =>
      block['type'] === 'text' && (typeof block['text'] !== 'string' || block['text'] === ''),
  )
  return hasEmpty ? { message: `${at}: text content blocks must be non-empty` } : undefined
}

function checkMessages(messages: unknown, allowsSystem: boolean): Violation | undefined {
  if (!Array.isArray(messages)) return { message: 'messages: Field required' }
  if (messages.length === 0) return { message: 'messages: at least one message is required' }
  const list = messages.map(objectIn)
  for (const [index, message] of list.entries()) {
    const role = message['role']
    if (role === 'system' ? !allowsSystem : role !== 'user' && role !== 'assistant') {
      return {
        message: `messages: Unexpected role "${String(role)}". The Messages API accepts "user" and "assistant"; a system prompt goes into the top-level \`system\` parameter.`,
      }
    }
    const problem = checkContent(message['content'], {
      at: `messages.${index}`,
      isLast: index === list.length - 1,
    })
    if (problem !== undefined) return problem
  }
  if (list[0]?.['role'] === 'assistant')
    return { message: 'messages: first message must use the "user" role' }
  return checkToolPairs(merged(list))
}

function checkContent(
  content: unknown,
  place: { at: string; isLast: boolean },
): Violation | undefined {
  if (typeof content === 'string') {
    return content === '' && !place.isLast
      ? {
          message: `${place.at}: all messages must have non-empty content except for the optional final assistant message`,
        }
      : undefined
  }
  if (!Array.isArray(content))
    return { message: `${place.at}.content: Input should be a valid list` }
  if (content.length === 0 && !place.isLast)
    return {
      message: `${place.at}: all messages must have non-empty content except for the optional final assistant message`,
    }
  for (const [index, block] of content.entries()) {
    const problem = checkBlock(objectIn(block), `${place.at}.content.${index}`)
    if (problem !== undefined) return problem
  }
  return checkTextBlocks(objectsIn(content), place.at)
}

function checkBlock(block: JsonObject, at: string): Violation | undefined {
  const source = objectIn(block['source'])
  switch (block['type']) {
    case 'image':
      if (source['type'] === 'base64' && !IMAGE_TYPES.has(String(source['media_type'])))
        return {
          message: `${at}.image.source.base64.media_type: Input should be 'image/jpeg', 'image/png', 'image/gif' or 'image/webp'`,
        }
      return source['type'] === undefined
        ? { message: `${at}.image.source: Field required` }
        : undefined
    case 'tool_use':
      if (!isObject(block['input']))
        return { message: `${at}.tool_use.input: Input should be a valid dictionary` }
      return typeof block['name'] === 'string' && TOOL_NAME.test(block['name'])
        ? undefined
        : { message: `${at}.tool_use.name: String should match pattern '${TOOL_NAME.source}'` }
    case 'thinking':
      return typeof block['signature'] === 'string' && block['signature'] !== ''
        ? undefined
        : { message: `${at}.thinking.signature: Field required` }
    case 'redacted_thinking':
      return typeof block['data'] === 'string' && block['data'] !== ''
        ? undefined
        : { message: `${at}.redacted_thinking.data: Field required` }
    case undefined:
      return { message: `${at}.type: Field required` }
    case 'image_url':
    case 'tool_call':
    case 'input_text':
    case 'file':
    case 'refusal':
      return {
        message: `${at}: Input tag '${String(block['type'])}' found using 'type' does not match any of the expected tags`,
      }
    default:
      return undefined
  }
}

interface Turn {
  readonly role: unknown
  readonly blocks: JsonObject[]
}

/** Consecutive messages of one role are one turn; system messages belong to no turn. */
function merged(messages: readonly JsonObject[]): Turn[] {
  const turns: Turn[] = []
  for (const message of messages) {
    if (message['role'] === 'system') continue
    const blocks = objectsIn(message['content'])
    const previous = turns.at(-1)
    if (previous !== undefined && previous.role === message['role'])
      for (const block of blocks) previous.blocks.push(block)
    else turns.push({ role: message['role'], blocks: [...blocks] })
  }
  return turns
}

function checkToolPairs(turns: readonly Turn[]): Violation | undefined {
  let asked = new Set<unknown>()
  for (const { role, blocks } of turns) {
    if (role === 'user') {
      for (const block of blocks.filter((candidate) => candidate['type'] === 'tool_result')) {
        if (!asked.delete(block['tool_use_id'])) {
          return {
            message: `messages: unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${String(block['tool_use_id'])}. Each \`tool_result\` block must have a corresponding \`tool_use\` block in the previous message.`,
          }
        }
      }
      if (asked.size > 0) return unanswered(asked)
      const lateResult = blocks.findLastIndex((block) => block['type'] === 'tool_result')
      if (
        blocks.slice(0, Math.max(0, lateResult)).some((block) => block['type'] !== 'tool_result')
      ) {
        return {
          message: 'messages: `tool_result` blocks must come first in the content of a message.',
        }
      }
    } else {
      const ids = blocks.filter((block) => block['type'] === 'tool_use').map((block) => block['id'])
      asked = new Set(ids)
      if (asked.size < ids.length) return { message: 'messages: `tool_use` ids must be unique' }
    }
  }
  return asked.size > 0 ? unanswered(asked) : undefined
}

function unanswered(ids: ReadonlySet<unknown>): Violation {
  return {
    message: `messages: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${[...ids].join(', ')}. Each \`tool_use\` block must have a corresponding \`tool_result\` block in the next message.`,
  }
}

function checkTools(body: JsonObject): Violation | undefined {
  for (const [index, tool] of objectsIn(body['tools']).entries()) {
    if (tool['type'] !== undefined && tool['type'] !== 'custom') continue
    const { name, input_schema: schema } = tool
    if (typeof name !== 'string' || !TOOL_NAME.test(name))
      return {
        message: `tools.${index}.custom.name: String should match pattern '${TOOL_NAME.source}'`,
      }
    if (!isObject(schema)) return { message: `tools.${index}.custom.input_schema: Field required` }
    if (schema['type'] !== 'object')
      return { message: `tools.${index}.custom.input_schema.type: Field required` }
  }
  const choice = body['tool_choice']
  if (choice === undefined) return undefined
  const type = objectIn(choice)['type']
  if (!isObject(choice) || !TOOL_CHOICES.has(String(type)))
    return {
      message: "tool_choice: Input should be an object of type 'auto', 'any', 'tool' or 'none'",
    }
  if (objectsIn(body['tools']).length === 0)
    return { message: 'tool_choice: tool_choice may only be specified while providing tools.' }
  if (type === 'tool' && !objectsIn(body['tools']).some((tool) => tool['name'] === choice['name']))
    return { message: `tool_choice: Tool '${String(choice['name'])}' not found in provided tools` }
  if ((type === 'any' || type === 'tool') && isThinking(body))
    return { message: 'Thinking may not be enabled when tool_choice forces tool use.' }
  return undefined
}

function isThinking(body: JsonObject): boolean {
  const type = objectIn(body['thinking'])['type']
  return type === 'enabled' || type === 'adaptive'
}

function checkOptions(body: JsonObject): Violation | undefined {
  const { thinking, temperature, stop_sequences: stops, metadata, max_tokens: limit } = body
  if (
    Array.isArray(stops) &&
    stops.some((text) => typeof text !== 'string' || text.trim() === '')
  ) {
    return { message: 'stop_sequences: each stop sequence must contain non-whitespace' }
  }
  if (stops !== undefined && !Array.isArray(stops))
    return { message: 'stop_sequences: Input should be a valid list' }
  if (
    temperature !== undefined &&
    !(typeof temperature === 'number' && temperature >= 0 && temperature <= 1)
  ) {
    return { message: 'temperature: range: 0..1' }
  }
  const budget = objectIn(thinking)['budget_tokens']
  if (objectIn(thinking)['type'] === 'enabled' && !(typeof budget === 'number' && budget >= 1024)) {
    return {
      message: 'thinking.enabled.budget_tokens: Input should be greater than or equal to 1024',
    }
  }
  if (typeof budget === 'number' && budget >= (limit as number))
    return { message: '`max_tokens` must be greater than `thinking.budget_tokens`.' }
  const unknown = Object.keys(objectIn(metadata)).find((field) => field !== 'user_id')
  return unknown === undefined
    ? undefined
    : { message: `metadata.${unknown}: Extra inputs are not permitted` }
}
