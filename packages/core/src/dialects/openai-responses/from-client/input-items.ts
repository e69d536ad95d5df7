import { append } from '../../../foundation/lists.ts'
import type {
  ExtensionPart,
  Message,
  Part,
  ReasoningPart,
  Role,
  Signature,
  ToolCallPart,
} from '../../model/conversation.ts'
import { invalid } from '../../model/invalid.ts'
import type { JsonObject } from '../../model/json-object.ts'
import { optionalString, pathOf, type Place, placeOf, requiredText } from '../../wire/fields.ts'
import { asText, textOfValue } from '../../wire/json.ts'
import { madeImage, PARAGRAPH, readSignature, thoughtsOf } from '../from-provider/answer.ts'
import { DIALECT } from '../names.ts'
import { decodeProof, isOwnProof } from '../to-client/own-items.ts'
import { readContent, readResult } from './content.ts'
import { ADDITIONAL_TOOLS, namespaceOf, type Namespaces } from './namespaces.ts'
import { notStored } from './stored-state.ts'

/**
 * `instructions` and `input` as messages. What the model wrote in a row (its reasoning, what it
 * said, the tools it called) is one message, as it was one turn. Throws `invalid_request` or
 * `unsupported_content` with the exact `param`.
 */
export function readMessages(
  { instructions, input }: JsonObject,
  namespaces: Namespaces,
): Message[] {
  const history: History = { messages: [], callSignatures: new Map(), namespaces }
  if (typeof instructions === 'string' && instructions !== '')
    add(history, 'system', [{ type: 'text', text: instructions }])
  if (typeof input === 'string') add(history, 'user', [{ type: 'text', text: input }])
  else if (!Array.isArray(input) || input.length === 0)
    throw invalid('input', 'a string or a non-empty array of items', input)
  else for (const [at, item] of input.entries()) readItem(placeOf(item, `input[${at}]`), history)
  return history.messages
}

interface WritableMessage extends Message {
  readonly parts: Part[]
}

interface History {
  readonly messages: WritableMessage[]
  /**
   * Proofs of tool calls, by the call's id: they travel in an item of their own before the call.
   */
  readonly callSignatures: Map<string, Signature>
  readonly namespaces: Namespaces
}

function add({ messages }: History, role: Role, parts: readonly Part[]): void {
  if (role === 'assistant' && parts.length === 0) return
  const last = messages.at(-1)
  if (role === 'assistant' && last?.role === 'assistant') append(last.parts, parts)
  else messages.push({ role, parts: [...parts] })
}

function readItem(item: Place, history: History): void {
  switch (typeOf(item)) {
    case 'message':
      return readMessage(item, history)
    case 'reasoning':
      return add(history, 'assistant', readReasoning(item.value, history))
    case 'function_call':
      return add(history, 'assistant', [
        readCall(item, history, {
          kind: 'function',
          arguments: optionalString(item, 'arguments') || '{}',
        }),
      ])
    case 'custom_tool_call':
      return add(history, 'assistant', [
        readCall(item, history, { kind: 'custom', arguments: optionalString(item, 'input') ?? '' }),
      ])
    case 'function_call_output':
    case 'custom_tool_call_output':
      return add(history, 'tool', [
        { type: 'tool-result', id: requiredText(item, 'call_id'), content: readResult(item) },
      ])
    case 'image_generation_call':
      return add(history, 'assistant', [generatedImage(item.value)])
    case ADDITIONAL_TOOLS:
      // Offered with those of the request.
      return
    case 'compaction_trigger':
      return add(history, 'user', [
        { ...extension(item.value), indispensable: { param: item.path, always: true } },
      ])
    case 'compaction':
    case 'compaction_summary':
    case 'context_compaction':
      // Stands for all that was said before it.
      return add(history, 'assistant', [
        { ...extension(item.value), indispensable: { param: item.path } },
      ])
    case 'item_reference':
      throw notStored(item.path, 'the item it points at')
    default:
      add(history, OF_THE_CLIENT.test(textOfValue(item.value.type)) ? 'tool' : 'assistant', [
        extension(item.value),
      ])
  }
}

/** Kinds of items the model did not write, by how their names end. */
const OF_THE_CLIENT = /_(?:output|response)$/

/** Messages and references may leave their type out. */
function typeOf(item: Place): string {
  const { type, role, id } = item.value
  if (typeof type === 'string' && type !== '') return type
  if (type === undefined || type === null) {
    if (role !== undefined) return 'message'
    if (typeof id === 'string') return 'item_reference'
  }
  throw invalid(pathOf(item, 'type'), 'a non-empty string', type)
}

function extension(value: JsonObject): ExtensionPart {
  return { type: 'extension', dialect: DIALECT, value }
}

function readMessage(message: Place, history: History): void {
  const { role } = message.value
  if (role === 'assistant') {
    const parts = readContent(message, 'content')
    return add(
      history,
      role,
      parts.filter((part) => (part.type !== 'text' && part.type !== 'refusal') || part.text !== ''),
    )
  }
  if (role !== 'user' && role !== 'system' && role !== 'developer') {
    throw invalid(pathOf(message, 'role'), 'one of user, assistant, system, developer', role)
  }
  add(history, role, readContent(message, 'content'))
}

function readCall(
  item: Place,
  { callSignatures, namespaces }: History,
  call: Pick<ToolCallPart, 'kind' | 'arguments'>,
): ToolCallPart {
  const id = requiredText(item, 'call_id')
  const signature = callSignatures.get(id)
  const name = namespaces.flat({
    name: requiredText(item, 'name'),
    namespace: namespaceOf(item.value),
  })
  return { type: 'tool-call', id, name, ...call, ...(signature === undefined ? {} : { signature }) }
}

/**
 * Reasoning text and its proof, ours or the provider's own. An item with neither is a reference
 * into a store.
 */
function readReasoning(item: JsonObject, { callSignatures }: History): ReasoningPart[] {
  const { kind, texts } = thoughtsOf(item)
  const text = texts.join(kind === 'summary' ? PARAGRAPH : '')
  const { encrypted_content: encrypted } = item
  const proof = decodeProof(asText(encrypted) ?? '')
  if (proof?.callId !== undefined) {
    callSignatures.set(proof.callId, proof.signature)
    return unsigned(text)
  }
  if (isOwnProof(encrypted))
    return proof === undefined ? unsigned(text) : [{ type: 'reasoning', text, ...proofOf(proof) }]
  const signature = readSignature(item)
  if (signature === undefined) return unsigned(text)
  return [
    text === ''
      ? { type: 'reasoning', text, signature, redacted: true }
      : { type: 'reasoning', text, signature },
  ]
}

function proofOf({
  signature,
  redacted,
}: {
  readonly signature: Signature
  readonly redacted?: boolean | undefined
}): Pick<ReasoningPart, 'signature' | 'redacted'> {
  return redacted === true ? { signature, redacted } : { signature }
}

function unsigned(text: string): ReasoningPart[] {
  return text === '' ? [] : [{ type: 'reasoning', text }]
}

/** An image the model made; one that has not been made stays as it is. */
function generatedImage(item: JsonObject): Part {
  return madeImage(item) ?? extension(item)
}
