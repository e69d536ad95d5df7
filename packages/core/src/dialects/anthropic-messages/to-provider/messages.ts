import { refuseOrDrop } from '../../model/invalid.ts'
import { GatewayError } from '../../../errors.ts'
import { append } from '../../../foundation/lists.ts'
import type { Message } from '../../model/conversation.ts'
import type { JsonObject } from '../../model/json-object.ts'
import { assistantContent } from './assistant-content.ts'
import type { Content, RequestContext } from './context.ts'
import { asObject } from '../../wire/json.ts'
import { textBlocks } from './text-block.ts'
import { userContent } from './user-content.ts'

export interface MessagePlan {
  readonly system: string | readonly JsonObject[] | undefined
  readonly messages: readonly JsonObject[]
  /** Wire names of the tools the history calls. */
  readonly toolNames: readonly string[]
  /** The answer goes on a tool loop that began without a thinking block of this dialect. */
  readonly unsignedToolLoop: boolean
}

interface Turn extends Content {
  readonly role: 'user' | 'assistant'
}

/**
 * The conversation as turns of `user` and `assistant` in strict alternation, with the leading
 * instructions apart.
 */
export function planMessages(messages: readonly Message[], context: RequestContext): MessagePlan {
  const leading = countLeadingInstructions(messages)
  const turns: Turn[] = []
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
  trimLastAnswer(turns)
  return {
    system: systemOf(messages.slice(0, leading), context),
    messages: turns.map((turn, index) => wireMessage(turn, turns[index - 1])),
    toolNames: turns.flatMap((turn) =>
      turn.role === 'assistant' ? turn.tools.map((block) => String(block.name)) : [],
    ),
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

function systemOf(
  messages: readonly Message[],
  context: RequestContext,
): string | readonly JsonObject[] | undefined {
  const blocks = messages.flatMap((message, index) => {
    const path = `messages[${index}]`
    reportName(message, path, context)
    return message.parts.flatMap((part, at) => {
      const partPath = `${path}.content[${at}]`
      if (part.type === 'text') return textBlocks(part, partPath, context)
      context.dropped.push(
        refuseOrDrop(context, partPath, `content of type ${part.type} in a system message`),
      )
      return []
    })
  })
  if (blocks.length === 0) return undefined
  if (blocks.some((block) => block.cache_control !== undefined)) return blocks
  return blocks.map((block) => block.text).join('\n\n')
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

/**
 * Results come first and in the order of the calls they answer; calls come last, after any
 * thinking.
 */
function wireMessage(turn: Turn, previous: Turn | undefined): JsonObject {
  if (turn.role === 'assistant')
    return { role: turn.role, content: [...turn.blocks, ...turn.tools] }
  const order = new Map(previous?.tools.map((block, index) => [block.id, index]))
  const rank = (block: JsonObject): number => order.get(block.tool_use_id) ?? order.size
  return {
    role: turn.role,
    content: [...turn.tools.toSorted((a, b) => rank(a) - rank(b)), ...turn.blocks],
  }
}

/**
 * A conversation that ends with the assistant's words is continued, and those may not end in white
 * space.
 */
function trimLastAnswer(turns: readonly Turn[]): void {
  const last = turns.at(-1)
  if (last?.role !== 'assistant' || last.tools.length > 0) return
  const block = asObject(last.blocks.at(-1))
  if (block?.type === 'text' && typeof block.text === 'string') block.text = block.text.trimEnd()
}

/**
 * With a token budget for thinking, the provider wants the loop that is going on to have begun with
 * thinking.
 */
function isUnsignedToolLoop(turns: readonly Turn[]): boolean {
  let answersTools = turns.length - 1
  if (!answersToolCalls(turns[answersTools])) return false
  while (answersToolCalls(turns[answersTools - 2])) answersTools -= 2
  const type = turns[answersTools - 1]?.blocks[0]?.type
  return type !== 'thinking' && type !== 'redacted_thinking'
}

function answersToolCalls(turn: Turn | undefined): boolean {
  return turn?.role === 'user' && turn.tools.length > 0
}
