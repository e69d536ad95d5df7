import type {
  ExtensionPart,
  Message,
  Part,
  ReasoningPart,
  ToolCallPart,
  ToolResultPart,
} from '../../model/conversation.ts'
import type { CallContext } from '../../model/call.ts'
import type { JsonObject } from '../../model/json-object.ts'
import { partOrDrop, refuseOrDrop } from '../../model/invalid.ts'
import { asObject } from '../../wire/json.ts'
import { type ContentPart, renderPart } from './content.ts'
import { refusesReasoning } from './history/index.ts'
import { isRouted, OWN_ORIGIN, reasoningDetail } from '../from-provider/reasoning-details.ts'

/** Collects dropped fields; the same loss in many places is reported once. */
export type Dropped = Set<string>

/**
 * A neutral message becomes one message, preceded by one `tool` message for each result it holds.
 */
export function renderMessages(
  messages: readonly Message[],
  { call, dropped }: Omit<Output, 'path'>,
): JsonObject[] {
  return messages.flatMap((message, at) =>
    renderMessage(message, { path: `messages[${at}]`, call, dropped }),
  )
}

interface Output {
  readonly path: string
  readonly call: CallContext
  readonly dropped: Dropped
}

function renderMessage(message: Message, output: Output): JsonObject[] {
  const results = message.parts.filter((part) => part.type === 'tool-result')
  const rest = message.parts.filter((part) => part.type !== 'tool-result')
  for (const part of message.parts)
    if ('cacheHint' in part && part.cacheHint !== undefined) output.dropped.add('cache_control')
  const name = message.name === undefined ? {} : { name: message.name }
  const rendered = results.map((result) => ({ ...renderResult(result, output), ...name }))
  if (rest.length === 0 && results.length > 0) return rendered
  const own =
    message.role === 'assistant' ? renderAssistant(rest, output) : renderInput(rest, output)
  return [...rendered, { role: message.role === 'tool' ? 'user' : message.role, ...own, ...name }]
}

function renderResult(result: ToolResultPart, output: Output): JsonObject {
  if (result.isError) output.dropped.add('is_error (tool result)')
  const content = result.content.filter((part) => part.type !== 'extension')
  if (content.length < result.content.length)
    output.dropped.add('part of another dialect (tool result)')
  return { role: 'tool', tool_call_id: result.id, content: renderContent(content, output) }
}

function renderInput(parts: readonly Part[], output: Output): JsonObject {
  const content = parts.filter((part) => isContent(part))
  for (const part of parts) {
    if (part.type === 'extension')
      output.dropped.add(refuseOrDrop(output.call, output.path, `content of ${part.dialect}`))
    else if (!isContent(part)) output.dropped.add(`${part.type} (outside of an assistant message)`)
  }
  return { content: renderContent(content, output) }
}

function isContent(part: Part): part is ContentPart {
  return (
    part.type === 'text' ||
    part.type === 'image' ||
    part.type === 'file' ||
    part.type === 'audio' ||
    part.type === 'refusal'
  )
}

/** One text is a string: many services take nothing else from some roles. */
function renderContent(parts: readonly ContentPart[], output: Output): string | JsonObject[] {
  const [first] = parts
  if (first === undefined) return ''
  if (parts.length === 1 && first.type === 'text') return first.text
  return parts.flatMap((part, at): JsonObject[] =>
    asList(
      partOrDrop(
        output.call,
        () => renderPart(part, `${output.path}.content[${at}]`),
        (note) => output.dropped.add(note),
      ),
    ),
  )
}

function renderAssistant(parts: readonly Part[], output: Output): JsonObject {
  const content: ContentPart[] = []
  const calls: ToolCallPart[] = []
  const reasoning: ReasoningPart[] = []
  const message: JsonObject = {}
  for (const part of parts) {
    if (part.type === 'text' || part.type === 'refusal') content.push(part)
    else if (part.type === 'tool-call') calls.push(part)
    else if (part.type === 'reasoning') reasoning.push(part)
    else if (part.type === 'extension') Object.assign(message, ownFields(part, output))
    else output.dropped.add(`${part.type} (in an assistant message)`)
  }
  Object.assign(message, renderReasoning(reasoning, output))
  const [only] = content
  if (content.length === 1 && only?.type === 'refusal')
    return { content: null, refusal: only.text, ...message, ...renderCalls(calls, output) }
  // `null` is only allowed where something else carries the message.
  const empty = calls.length > 0 || message.audio !== undefined ? null : ''
  return {
    content: content.length === 0 ? empty : renderContent(content, output),
    ...message,
    ...renderCalls(calls, output),
  }
}

function ownFields(part: ExtensionPart, output: Output): JsonObject {
  const value = part.dialect === OWN_ORIGIN ? asObject(part.value) : undefined
  if (value?.audio !== undefined) return { audio: value.audio }
  output.dropped.add(`part of ${part.dialect}`)
  return {}
}

/**
 * Thinking goes back as text where the service has a field for it; a signature only to the dialect
 * that issued it, to every other one it is noise or an error.
 */
function renderReasoning(parts: readonly ReasoningPart[], output: Output): JsonObject {
  const { quirks, model } = output.call
  if (parts.length > 0 && refusesReasoning(quirks, model)) {
    output.dropped.add('reasoning')
    return {}
  }
  const own: ReasoningPart[] = []
  for (const part of parts) {
    if (
      part.signature === undefined ||
      part.signature.origin === OWN_ORIGIN ||
      (quirks.relaysSignatures === true && isRouted(part.signature.origin))
    )
      own.push(part)
    else {
      output.dropped.add(`reasoning signature (of ${part.signature.origin})`)
      if (part.text !== '') own.push({ type: 'reasoning', text: part.text })
    }
  }
  const text = own.map((part) => part.text).join('')
  const message: JsonObject = text === '' ? {} : { reasoning_content: text }
  const needsDetails = own.length > 1 || own.some((part) => part.signature !== undefined)
  return needsDetails ? { ...message, reasoning_details: own.map(reasoningDetail) } : message
}

function renderCalls(calls: readonly ToolCallPart[], output: Output): JsonObject {
  for (const { signature } of calls)
    if (signature !== undefined) output.dropped.add(`tool call signature (of ${signature.origin})`)
  return calls.length === 0 ? {} : { tool_calls: calls.map(renderToolCall) }
}

/** A whole tool call, as answers and histories hold it, without its signature. */
export function renderToolCall(call: ToolCallPart): JsonObject {
  return call.kind === 'custom'
    ? { id: call.id, type: 'custom', custom: { name: call.name, input: call.arguments } }
    : { id: call.id, type: 'function', function: { name: call.name, arguments: call.arguments } }
}

function asList<T>(value: T | undefined): T[] {
  return value === undefined ? [] : [value]
}
