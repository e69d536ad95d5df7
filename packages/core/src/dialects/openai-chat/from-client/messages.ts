import { append } from '../../../foundation/lists.ts'
import type { Message, Part, Role, ToolCallPart } from '../../model/conversation.ts'
import { readCacheHint, readContent, readResultContent } from './content.ts'
import {
  optionalList,
  optionalObject,
  optionalString,
  type Place,
  pathOf,
  placeOf,
  requiredObject,
  requiredText,
} from '../../wire/fields.ts'
import { readImages } from './images.ts'
import { invalid } from '../../model/invalid.ts'
import {
  OWN_ORIGIN,
  reasoningPartsOf,
  toolCallSignatureOf,
} from '../from-provider/reasoning-details.ts'

/**
 * Reads and validates every message. Throws `invalid_request` or `unsupported_content` with the
 * exact `param`.
 */
export function readMessages(messages: readonly unknown[]): Message[] {
  const legacyCalls: ToolCallPart[] = []
  return messages.map((item, at) =>
    readMessage(placeOf(item, `messages[${at}]`), { at, legacyCalls }),
  )
}

interface History {
  /** Position of the message. */
  readonly at: number
  /** Calls of the old `function_call` form, which has no ids, still without a result. */
  readonly legacyCalls: ToolCallPart[]
}

function readMessage(message: Place, history: History): Message {
  const { role } = message.value
  switch (role) {
    case 'system':
    case 'developer':
    case 'user':
      return withName(message, role, readContent(requireContent(message)))
    case 'assistant':
      return withName(message, role, readAssistant(message, history))
    case 'tool':
      return withName(message, role, [readResult(message, requiredText(message, 'tool_call_id'))])
    case 'function':
      return withName(message, 'tool', [readResult(message, legacyCallId(message, history))])
    default:
      throw invalid(
        pathOf(message, 'role'),
        'one of system, developer, user, assistant, tool, function',
        role,
      )
  }
}

function requireContent(message: Place): Place {
  const { content } = message.value
  if (content === undefined || content === null)
    throw invalid(pathOf(message, 'content'), 'a string or an array of parts', content)
  return message
}

function withName(message: Place, role: Role, parts: readonly Part[]): Message {
  const name = optionalString(message, 'name')
  return name ? { role, name, parts } : { role, parts }
}

/** Order: thinking comes before what it led to, text before the calls it announces. */
function readAssistant(message: Place, history: History): Part[] {
  const parts: Part[] = reasoningPartsOf(message.value)
  append(
    parts,
    readContent(message).filter((part) => part.type !== 'text' || part.text !== ''),
  )
  const refusal = optionalString(message, 'refusal')
  if (refusal) parts.push({ type: 'refusal', text: refusal })
  append(parts, readImages(message.value.images))
  for (const call of optionalList(message, 'tool_calls')) parts.push(readToolCall(call))
  const legacy = optionalObject(message, 'function_call')
  if (legacy !== undefined) {
    const part = legacyCall(legacy, history.at)
    history.legacyCalls.push(part)
    parts.push(part)
  }
  const audio = optionalObject(message, 'audio')
  if (audio !== undefined)
    parts.push({ type: 'extension', dialect: OWN_ORIGIN, value: { audio: audio.value } })
  return parts
}

function readToolCall(call: Place): ToolCallPart {
  const id = requiredText(call, 'id')
  const signature = toolCallSignatureOf(call.value)
  const signed = signature === undefined ? {} : { signature }
  const type = call.value.type ?? 'function'
  if (type === 'function') {
    const target = requiredObject(call, 'function')
    return {
      type: 'tool-call',
      id,
      name: requiredText(target, 'name'),
      arguments: readArguments(target),
      kind: 'function',
      ...signed,
    }
  }
  if (type === 'custom') {
    const target = requiredObject(call, 'custom')
    const input = optionalString(target, 'input') ?? ''
    return {
      type: 'tool-call',
      id,
      name: requiredText(target, 'name'),
      arguments: input,
      kind: 'custom',
      ...signed,
    }
  }
  throw invalid(pathOf(call, 'type'), '"function" or "custom"', type)
}

function readArguments(target: Place): string {
  return optionalString(target, 'arguments') || '{}'
}

function legacyCall(call: Place, at: number): ToolCallPart {
  return {
    type: 'tool-call',
    id: `call_message_${at}`,
    name: requiredText(call, 'name'),
    arguments: readArguments(call),
    kind: 'function',
  }
}

/**
 * A `function` message names its function; it answers the last call of that function that has no
 * answer yet.
 */
function legacyCallId(message: Place, history: History): string {
  const name = requiredText(message, 'name')
  const found = history.legacyCalls.findLastIndex((call) => call.name === name)
  const [call] = found === -1 ? [] : history.legacyCalls.splice(found, 1)
  return call?.id ?? `call_message_${history.at}`
}

function readResult(message: Place, id: string): Part {
  const content = readResultContent(message)
  const cacheHint = readCacheHint(message)
  return cacheHint === undefined
    ? { type: 'tool-result', id, content }
    : { type: 'tool-result', id, content, cacheHint }
}
