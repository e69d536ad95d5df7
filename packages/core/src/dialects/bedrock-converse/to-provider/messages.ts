import { GatewayError } from '../../../errors.ts'
import { append } from '../../../foundation/lists.ts'
import type { Message } from '../../model/conversation.ts'
import type { JsonObject } from '../../model/json-object.ts'
import { refuseOrDrop } from '../../model/invalid.ts'
import { assistantContent } from './assistant-content.ts'
import type { Content, RequestContext } from './context.ts'
import { textBlocks } from './text-block.ts'
import { userContent } from './user-content.ts'

export interface MessagePlan {
  readonly system: readonly JsonObject[]
  readonly messages: readonly JsonObject[]
  /** Wire names of the tools the history calls. */
  readonly toolNames: readonly string[]
  /** The history holds calls or results, so tools have to be defined. */
  readonly usesTools: boolean
  /** The answer goes on a tool loop that began without a thinking block of this dialect. */
  readonly unsignedToolLoop: boolean
}

interface Turn extends Content {
  readonly role: 'user' | 'assistant'
}

/**
 * Stands in for what the service asks for and the client did not say; neutral, so that it steers
 * nothing.
 */
const OPENING = '(The assistant begins.)'
const BESIDE_DOCUMENT = '(See the document.)'

/**
 * The conversation as turns of `user` and `assistant` in strict alternation, with the leading
 * instructions apart.
 */
export function planMessages(messages: readonly Message[], context: RequestContext): MessagePlan {
  const leading = countLeadingInstructions(messages)
  const turns: Turn[] = []
  // In the order of the request, which the names of documents follow.
  const system = systemOf(messages.slice(0, leading), context)
  for (const [index, message] of messages.entries()) {
    if (index >= leading) addTurn(turns, message, { path: `messages[${index}]`, context })
  }
  if (turns.length === 0) {
    throw new GatewayError(
      'invalid_request',
      'messages: there is nothing in them for the model to answer.',
      { param: 'messages' },
    )
  }
  beginWithUser(turns, context)
  speakToDocuments(turns, context)
  trimLastAnswer(turns)
  return {
    system,
    messages: turns.map((turn, index) => wireMessage(turn, turns[index - 1])),
    toolNames: turns.flatMap((turn) => turn.tools.flatMap((tool) => tool.name ?? [])),
    usesTools: turns.some((turn) => turn.tools.length > 0),
    unsignedToolLoop: isUnsignedToolLoop(turns),
  }
}

function isInstruction(message: Message): boolean {
  return message.role === 'system' || message.role === 'developer'
}

/** Instructions alone are no conversation: the last of them is then the user's turn. */
function countLeadingInstructions(messages: readonly Message[]): number {
  const first = messages.findIndex((message) => !isInstruction(message))
  return first === -1 ? messages.length - 1 : first
}

function systemOf(messages: readonly Message[], context: RequestContext): JsonObject[] {
  return messages.flatMap((message, index) => {
    const path = `messages[${index}]`
    reportName(message, path, context)
    return message.parts.flatMap((part, at) => {
      const partPath = `${path}.content[${at}]`
      if (part.type === 'text') return textBlocks(part, partPath, context)
      context.dropped.push(
        refuseOrDrop(context.call, partPath, `a part of type ${part.type} in a system message`),
      )
      return []
    })
  })
}

interface Place {
  readonly path: string
  readonly context: RequestContext
}

function addTurn(turns: Turn[], message: Message, place: Place): void {
  const { path, context } = place
  reportName(message, path, context)
  if (isInstruction(message))
    context.dropped.push(`${path}.role (${message.role} moved into user turn)`)
  const role = message.role === 'assistant' ? 'assistant' : 'user'
  const content =
    role === 'assistant'
      ? assistantContent(message, path, context)
      : userContent(message, path, context)
  if (content.blocks.length === 0 && content.tools.length === 0) return
  const last = turns.at(-1)
  if (last?.role !== role) {
    turns.push({ role, ...content })
    return
  }
  append(last.blocks, content.blocks)
  append(last.tools, content.tools)
}

function reportName(message: Message, path: string, context: RequestContext): void {
  if (message.name !== undefined) context.dropped.push(`${path}.name`)
}

function beginWithUser(turns: Turn[], context: RequestContext): void {
  if (turns[0]?.role !== 'assistant') return
  turns.unshift({ role: 'user', blocks: [{ text: OPENING }], tools: [] })
  context.dropped.push('messages (a user turn was put first)')
}

/** A turn with a document is refused unless it says something as well. */
function speakToDocuments(turns: readonly Turn[], context: RequestContext): void {
  for (const { blocks } of turns) {
    if (
      !blocks.some((block) => block.document !== undefined) ||
      blocks.some((block) => block.text !== undefined)
    )
      continue
    blocks.unshift({ text: BESIDE_DOCUMENT })
    context.dropped.push('messages (a text was put beside the document)')
  }
}

/**
 * Results come first and in the order of the calls they answer; calls come last, after any
 * thinking.
 */
function wireMessage(turn: Turn, previous: Turn | undefined): JsonObject {
  if (turn.role === 'assistant')
    return {
      role: turn.role,
      content: [...turn.blocks, ...turn.tools.flatMap((tool) => tool.blocks)],
    }
  const order = new Map(previous?.tools.map((tool, index) => [tool.id, index]))
  const rank = (id: string): number => order.get(id) ?? order.size
  return {
    role: turn.role,
    content: [
      ...turn.tools.toSorted((a, b) => rank(a.id) - rank(b.id)).flatMap((tool) => tool.blocks),
      ...turn.blocks,
    ],
  }
}

/**
 * A conversation that ends with the assistant's words is continued, and those may not end in white
 * space.
 */
function trimLastAnswer(turns: readonly Turn[]): void {
  const last = turns.at(-1)
  if (last?.role !== 'assistant' || last.tools.length > 0) return
  const block = last.blocks.at(-1)
  if (typeof block?.text === 'string') last.blocks.splice(-1, 1, { text: block.text.trimEnd() })
}

/**
 * With a token budget for thinking, the model wants the loop that is going on to have begun with
 * thinking.
 */
function isUnsignedToolLoop(turns: readonly Turn[]): boolean {
  let answersTools = turns.length - 1
  if (!answersToolCalls(turns[answersTools])) return false
  while (answersToolCalls(turns[answersTools - 2])) answersTools -= 2
  return turns[answersTools - 1]?.blocks[0]?.reasoningContent === undefined
}

function answersToolCalls(turn: Turn | undefined): boolean {
  return turn?.role === 'user' && turn.tools.length > 0
}
