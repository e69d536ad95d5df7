import { append } from '../../../foundation/lists.ts'
import type { Message, Part, ToolCallPart, ToolResultPart } from '../../model/conversation.ts'
import type { JsonObject } from '../../model/json-object.ts'
import { invalid, refuseOrDrop } from '../../model/invalid.ts'
import { parseObject } from '../../wire/json.ts'
import { urlOfSource } from '../../model/media-source.ts'
import { areNone } from '../arguments.ts'
import type { RequestContext } from './context.ts'

/** The service takes no empty results. */
const NO_OUTPUT = '(no output)'

/** A message, with its place in the client's request. */
interface Placed {
  readonly path: string
  readonly context: RequestContext
}

/** Throws `invalid_request` when no message says anything: the service takes no empty ones. */
export function buildMessages(messages: readonly Message[], context: RequestContext): JsonObject[] {
  const built = messages.flatMap((message, at) =>
    messagesOf(message, { path: `messages[${at}]`, context }),
  )
  if (built.length === 0)
    throw invalid('messages', 'a list with at least one message that says something', messages)
  return built
}

/** One message, preceded by one of role `tool` for each result it holds. */
function messagesOf(message: Message, placed: Placed): JsonObject[] {
  const { dropped } = placed.context
  if (message.name !== undefined) dropped.add('name')
  for (const part of message.parts)
    if ('cacheHint' in part && part.cacheHint !== undefined) dropped.add('cache_control')
  const results = message.parts
    .filter((part) => part.type === 'tool-result')
    .map((result) => resultOf(result, placed))
  const rest = message.parts.filter((part) => part.type !== 'tool-result')
  const own =
    message.role === 'assistant' ? assistantOf(rest, placed) : inputOf(message.role, rest, placed)
  if (own === undefined && results.length === 0) dropped.add(`${placed.path} (empty)`)
  return own === undefined ? results : [...results, own]
}

function resultOf(result: ToolResultPart, { path, context }: Placed): JsonObject {
  if (result.isError === true) context.dropped.add('is_error (tool result)')
  const texts = result.content.flatMap((part) => {
    if (part.type === 'text') return part.text
    context.dropped.add(
      refuseOrDrop(context.call, path, `content of type ${part.type} in a tool result`),
    )
    return []
  })
  const content = texts.join('\n')
  if (content === '') context.dropped.add('content (an empty tool result says so)')
  return { role: 'tool', tool_call_id: result.id, content: content === '' ? NO_OUTPUT : content }
}

function inputOf(
  role: Message['role'],
  parts: readonly Part[],
  placed: Placed,
): JsonObject | undefined {
  const content = parts.flatMap((part) => inputPart(part, placed))
  const [first] = content
  if (first === undefined) return undefined
  const isText = content.length === 1 && first.type === 'text'
  return {
    role: role === 'system' || role === 'developer' ? 'system' : 'user',
    content: isText ? first.text : content,
  }
}

function inputPart(part: Part, { path, context }: Placed): JsonObject[] {
  if (part.type === 'text' || part.type === 'refusal')
    return part.text === '' ? [] : [{ type: 'text', text: part.text }]
  if (part.type === 'image' && part.source.kind !== 'id') {
    return [
      {
        type: 'image_url',
        image_url: {
          url: urlOfSource(part.source),
          ...(part.detail === undefined ? {} : { detail: part.detail }),
        },
      },
    ]
  }
  context.dropped.add(
    refuseOrDrop(
      context.call,
      path,
      part.type === 'image' ? 'an image given by a file id' : `content of type ${part.type}`,
    ),
  )
  return []
}

function assistantOf(parts: readonly Part[], { context }: Placed): JsonObject | undefined {
  const calls: JsonObject[] = []
  const content: JsonObject[] = []
  for (const part of parts) {
    if (part.type === 'text' || part.type === 'refusal') {
      if (part.text !== '') content.push({ type: 'text', text: part.text })
    } else if (part.type === 'tool-call') calls.push(callOf(part, context))
    else if (part.type === 'reasoning')
      append(content, thoughtOf(part.text, part.signature !== undefined, context))
    else context.dropped.add(`content of type ${part.type} (in an assistant message)`)
  }
  if (calls.length > 0) return { role: 'assistant', tool_calls: calls, ...beforeCalls(content) }
  const [first] = content
  if (first === undefined) return undefined
  return {
    role: 'assistant',
    content: content.length === 1 && first.type === 'text' ? first.text : content,
  }
}

/**
 * Only models that think take thoughts back. A signature means that another provider issued them.
 */
function thoughtOf(
  text: string,
  isForeign: boolean,
  { thinks, dropped }: RequestContext,
): JsonObject[] {
  if (isForeign) dropped.add('reasoning signature')
  if (thinks && !isForeign && text !== '') return [{ type: 'thinking', thinking: text }]
  dropped.add('reasoning')
  return []
}

/** Text before a tool call has a field of its own. */
function beforeCalls(content: readonly JsonObject[]): JsonObject {
  const plan = content
    .filter(({ type }) => type === 'text')
    .map(({ text }) => text)
    .join('')
  const thoughts = content.filter(({ type }) => type === 'thinking')
  return {
    ...(plan === '' ? {} : { tool_plan: plan }),
    ...(thoughts.length === 0 ? {} : { content: thoughts }),
  }
}

function callOf(call: ToolCallPart, context: RequestContext): JsonObject {
  const { id, name, signature } = call
  if (signature !== undefined) context.dropped.add(`tool call signature (of ${signature.origin})`)
  return { id, type: 'function', function: { name, arguments: wireArguments(call, context) } }
}

/** JSON text of an object, whatever a model once wrote; the input of a custom tool is a text. */
function wireArguments(
  { kind, arguments: text }: ToolCallPart,
  { dropped }: RequestContext,
): string {
  if (kind === 'custom') return JSON.stringify(text === '' ? {} : { input: text })
  if (areNone(text)) return '{}'
  if (parseObject(text) !== undefined) return text
  dropped.add('tool_calls.function.arguments (not a JSON object, wrapped in one)')
  return JSON.stringify({ input: text })
}
