import type { Message, Part } from '../../model/conversation.ts'
import {
  optionalList,
  optionalObject,
  optionalString,
  type Place,
  pathOf,
  placeOf,
} from '../../wire/fields.ts'
import { invalid } from '../../model/invalid.ts'
import { asText } from '../../wire/json.ts'
import { BlockReader } from './content.ts'
import { type Extensions, keepOthers } from './fields.ts'
import type { ToolChange } from './tools.ts'

export interface History {
  readonly messages: readonly Message[]
  readonly toolChanges: readonly ToolChange[]
  /** The effort the last system message that names one asks for. */
  readonly effort: string | undefined
}

/**
 * Billing header that Claude Code writes for its own provider. It changes with every request, so at
 * the head of a prompt it would defeat any other provider's prompt cache.
 */
const BILLING = 'x-anthropic-billing-header'

/** `system`: one message of instructions, before all others. */
export function readSystem(place: Place, extensions: Extensions): Message[] {
  const { system } = place.value
  if (system === undefined || system === null || system === '') return []
  const path = pathOf(place, 'system')
  if (typeof system === 'string')
    return [{ role: 'system', parts: [{ type: 'text', text: system }] }]
  if (!Array.isArray(system)) throw invalid(path, 'a string or an array of blocks', system)
  const blocks = optionalList(place, 'system').filter(({ value }) => {
    const isBilling = asText(value.text)?.startsWith(`${BILLING}:`) === true
    if (isBilling) extensions.set(`system.${BILLING}`, value.text)
    return !isBilling
  })
  const parts = new BlockReader(extensions).read(blocks)
  return parts.length === 0 ? [] : [{ role: 'system', parts }]
}

/** The conversation. Throws `invalid_request` with the path of what is wrong. */
export function readMessages(place: Place, extensions: Extensions): History {
  const list = place.value.messages
  if (!Array.isArray(list)) throw invalid('messages', 'an array', list)
  const reader = new BlockReader(extensions)
  let effort: string | undefined
  const messages = list.flatMap((item, at) => {
    const message = placeOf(item, `messages[${at}]`)
    effort = effortOf(message) ?? effort
    return readMessage(message, reader)
  })
  return { messages, toolChanges: reader.toolChanges, effort }
}

function effortOf(message: Place): string | undefined {
  const config =
    message.value.role === 'system' ? optionalObject(message, 'output_config') : undefined
  return config === undefined ? undefined : optionalString(config, 'effort')
}

const MESSAGE_FIELDS: ReadonlySet<string> = new Set(['role', 'content'])
const SYSTEM_FIELDS: ReadonlySet<string> = new Set(['role', 'content', 'output_config'])

function readMessage(message: Place, reader: BlockReader): Message[] {
  const { role } = message.value
  const known = role === 'system' ? SYSTEM_FIELDS : MESSAGE_FIELDS
  keepOthers(message.value, { known, prefix: 'messages.', extensions: reader.extensions })
  switch (role) {
    case 'user':
      return turnOf(readContent(message, reader))
    case 'assistant': {
      const parts = signCalls(readContent(message, reader), reader)
      return parts.length === 0 ? [] : [{ role, parts }]
    }
    case 'system': {
      // One that only changes tools or effort says nothing.
      if (message.value.content === undefined || message.value.content === null) return []
      const parts = readContent(message, reader)
      return parts.length === 0 ? [] : [{ role, parts }]
    }
    default:
      throw invalid(pathOf(message, 'role'), '"user", "assistant" or "system"', role)
  }
}

function readContent(message: Place, reader: BlockReader): Part[] {
  const { content } = message.value
  if (typeof content === 'string') return [{ type: 'text', text: content }]
  if (!Array.isArray(content))
    throw invalid(pathOf(message, 'content'), 'a string or an array of blocks', content)
  return reader.read(optionalList(message, 'content'))
}

/**
 * Results of tools are a message of their own elsewhere; they answer the turn before, so they come
 * first.
 */
function turnOf(parts: readonly Part[]): Message[] {
  const results = parts.filter((part) => part.type === 'tool-result')
  const rest = parts.filter((part) => part.type !== 'tool-result')
  const messages: Message[] = []
  if (results.length > 0) messages.push({ role: 'tool', parts: results })
  if (rest.length > 0) messages.push({ role: 'user', parts: rest })
  return messages
}

/** Gives the calls the proofs that travelled in thinking blocks. */
function signCalls(parts: readonly Part[], reader: BlockReader): readonly Part[] {
  const signatures = reader.takeCallSignatures()
  if (signatures.size === 0) return parts
  return parts.map((part) => {
    const signature = part.type === 'tool-call' ? signatures.get(part.id) : undefined
    return part.type !== 'tool-call' || signature === undefined ? part : { ...part, signature }
  })
}
