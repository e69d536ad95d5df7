import { GatewayError } from '../../../errors.ts'
import type {
  ExtensionPart,
  Message,
  Part,
  ReasoningPart,
  RefusalPart,
  TextPart,
  ToolCallPart,
  ToolResultPart,
} from '../../model/conversation.ts'
import type { JsonObject } from '../../model/json-object.ts'
import { asObject, asText } from '../../wire/json.ts'
import { wireCallId } from './call-id.ts'
import { type InputPart, inputContent, reportCacheHint, resultContent } from './content.ts'
import type { RequestContext } from './context.ts'
import { decodeSignature, DIALECT } from '../names.ts'

/**
 * The conversation as input items, in its own order: instructions stay messages, because one given
 * in the middle would be another one at the top. Throws `invalid_request` when nothing is left to
 * answer.
 */
export function inputItems(messages: readonly Message[], context: RequestContext): JsonObject[] {
  const input: Input = { context, items: [], waiting: [], customCalls: customCallsOf(messages) }
  for (const [index, message] of messages.entries()) {
    const path = `messages[${index}]`
    if (message.name !== undefined) context.dropped.add(`${path}.name`)
    if (message.role === 'assistant') addAnswer(message, path, input)
    else addMessage(message, path, input)
  }
  dropWaiting(input)
  if (input.items.length === 0) {
    throw new GatewayError(
      'invalid_request',
      'messages: there is nothing in them for the model to answer.',
      { param: 'messages' },
    )
  }
  return input.items
}

interface Input {
  readonly context: RequestContext
  readonly items: JsonObject[]
  /** Reasoning that has not been followed by what it led to; alone, the provider refuses it. */
  readonly waiting: { readonly item: JsonObject; readonly path: string }[]
  /** Ids of the calls of custom tools: their results are items of another type. */
  readonly customCalls: ReadonlySet<string>
}

function customCallsOf(messages: readonly Message[]): Set<string> {
  return new Set(
    messages.flatMap((message) =>
      message.parts.flatMap((part) =>
        part.type === 'tool-call' && part.kind === 'custom' ? [part.id] : [],
      ),
    ),
  )
}

/** An item the model wrote: what reasoning leads to. */
function addOutput(input: Input, item: JsonObject): void {
  for (const { item: reasoning } of input.waiting) input.items.push(reasoning)
  input.waiting.length = 0
  input.items.push(item)
}

/** An item the model read. */
function addInput(input: Input, item: JsonObject): void {
  dropWaiting(input)
  input.items.push(item)
}

function dropWaiting(input: Input): void {
  for (const { path } of input.waiting)
    input.context.dropped.add(`${path}.reasoning (nothing follows it)`)
  input.waiting.length = 0
}

function addMessage(message: Message, path: string, input: Input): void {
  const { context } = input
  const role = message.role === 'tool' ? 'user' : message.role
  let said: { readonly part: InputPart; readonly path: string }[] = []
  const flush = (): void => {
    const content = said.length === 0 ? undefined : inputContent(said, context)
    if (content !== undefined) addInput(input, { type: 'message', role, content })
    said = []
  }
  for (const [at, part] of message.parts.entries()) {
    const partPath = `${path}.content[${at}]`
    switch (part.type) {
      case 'tool-result':
        flush()
        addInput(input, callOutput(part, path, input))
        break
      case 'extension':
        if (isOwnItem(part)) {
          flush()
          addInput(input, part.value as JsonObject)
        } else said.push({ part, path: partPath })
        break
      case 'text':
      case 'image':
      case 'file':
      case 'audio':
        said.push({ part, path: partPath })
        break
      case 'tool-call':
      case 'reasoning':
      case 'refusal':
        context.dropped.add(`${partPath} (only the assistant's)`)
        break
    }
  }
  flush()
}

/**
 * Message parts of this dialect only are distinguished from items by their types, which all
 * begin the same way.
 */
function isOwnItem({ dialect, value }: ExtensionPart): boolean {
  return dialect === DIALECT && !/^(?:in|out)put_/.test(asText(asObject(value)?.type) ?? '')
}

function callOutput(result: ToolResultPart, path: string, input: Input): JsonObject {
  const { context } = input
  if (result.isError === true) context.dropped.add('is_error (tool result)')
  const type = input.customCalls.has(result.id) ? 'custom_tool_call_output' : 'function_call_output'
  return { type, call_id: callId(result.id, context), output: resultContent(result, path, context) }
}

function callId(id: string, context: RequestContext): string {
  const wire = wireCallId(id)
  if (wire !== id) context.dropped.add('tool call id (too long, sent as its digest)')
  return wire
}

type SaidPart = TextPart | RefusalPart

function addAnswer(message: Message, path: string, input: Input): void {
  let said: SaidPart[] = []
  const flush = (): void => {
    if (said.length > 0) addOutput(input, outputMessage(said, input))
    said = []
  }
  for (const [at, part] of message.parts.entries()) {
    if (part.type === 'text' || part.type === 'refusal') {
      reportCacheHint(part, input.context)
      if (part.text !== '') said.push(part)
      continue
    }
    flush()
    if (part.type === 'reasoning') addReasoning(part, path, input)
    else if (part.type === 'tool-call') addOutput(input, callItem(part, input.context))
    else if (part.type === 'extension' && part.dialect === DIALECT)
      addOutput(input, part.value as JsonObject)
    else input.context.dropped.add(`${path}.content[${at}] (${lossOf(part)})`)
  }
  flush()
}

function lossOf(part: Part): string {
  if (part.type === 'extension') return `a part of ${part.dialect}`
  return part.type === 'tool-result' ? "only a tool's" : 'media only from the user'
}

/**
 * A string where one text says it all: every service of this dialect takes it, and it needs no id.
 */
function outputMessage(said: readonly SaidPart[], { items }: Input): JsonObject {
  const [first] = said
  if (said.length === 1 && first?.type === 'text')
    return { type: 'message', role: 'assistant', content: first.text }
  const content = said.map((part) =>
    part.type === 'refusal'
      ? { type: 'refusal', refusal: part.text }
      : { type: 'output_text', text: part.text, annotations: [], logprobs: [] },
  )
  // The same history is the same bytes, so that the provider's prompt cache knows it again.
  return {
    type: 'message',
    id: `msg_${items.length}`,
    role: 'assistant',
    status: 'completed',
    content,
  }
}

function callItem(part: ToolCallPart, context: RequestContext): JsonObject {
  if (part.signature !== undefined)
    context.dropped.add(`tool call signature (of ${part.signature.origin})`)
  const call_id = callId(part.id, context)
  if (part.kind === 'custom')
    return { type: 'custom_tool_call', call_id, name: part.name, input: part.arguments }
  return {
    type: 'function_call',
    call_id,
    name: part.name,
    arguments: part.arguments === '' ? '{}' : part.arguments,
  }
}

/**
 * Only what this dialect signed goes back: thoughts of another model are not this one's, whether
 * they can be read or not.
 */
function addReasoning(part: ReasoningPart, path: string, input: Input): void {
  const { dropped, rules } = input.context
  const { signature } = part
  if (signature === undefined) dropped.add(`${path}.reasoning (unsigned)`)
  else if (signature.origin !== DIALECT)
    dropped.add(`${path}.reasoning (signed by another provider)`)
  else if (rules.reasons === false) dropped.add(`${path}.reasoning (the model does not reason)`)
  else {
    const proof = decodeSignature(signature.value)
    if (proof === undefined) dropped.add(`${path}.reasoning (its signature is damaged)`)
    else input.waiting.push({ item: reasoningItem(part, proof), path })
  }
}

function reasoningItem(
  part: ReasoningPart,
  proof: { readonly id: string; readonly encryptedContent: string },
): JsonObject {
  const summary = part.text === '' ? [] : [{ type: 'summary_text', text: part.text }]
  return {
    type: 'reasoning',
    ...(proof.id === '' ? {} : { id: proof.id }),
    summary,
    encrypted_content: proof.encryptedContent,
  }
}
