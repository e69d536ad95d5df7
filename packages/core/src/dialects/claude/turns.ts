import { GatewayError } from '../../errors.ts'
import { append } from '../../foundation/lists.ts'
import type { Message } from '../model/conversation.ts'
import { refuseOrDrop } from '../model/invalid.ts'
import type { JsonObject } from '../model/json-object.ts'
import type { BlockWriter, Content } from './block-writer.ts'
import { assistantContent, userContent } from './message-content.ts'

export interface Turn extends Content {
  readonly role: 'user' | 'assistant'
}

export interface ConversationPlan {
  /** Blocks of the leading instructions. */
  readonly system: JsonObject[]
  /** Turns of `user` and `assistant` in strict alternation. */
  readonly turns: Turn[]
}

/**
 * Splits a conversation into its leading instructions and alternating turns. Throws
 * `invalid_request` when no message has content.
 */
export function planTurns(messages: readonly Message[], writer: BlockWriter): ConversationPlan {
  const leading = countLeadingInstructions(messages)
  // In the order of the request: the writer may count what it writes.
  const system = systemBlocks(messages.slice(0, leading), writer)
  const turns: Turn[] = []
  for (const [index, message] of messages.entries())
    if (index >= leading) addTurn(turns, message, { path: `messages[${index}]`, writer })
  if (turns.length === 0)
    throw new GatewayError(
      'invalid_request',
      'messages: there is nothing in them for the model to answer.',
      { param: 'messages' },
    )
  return { system, turns }
}

function isInstruction(message: Message): boolean {
  return message.role === 'system' || message.role === 'developer'
}

/** Instructions alone are no conversation: the last of them is then the user's turn. */
function countLeadingInstructions(messages: readonly Message[]): number {
  const first = messages.findIndex((message) => !isInstruction(message))
  return first === -1 ? messages.length - 1 : first
}

function systemBlocks(messages: readonly Message[], writer: BlockWriter): JsonObject[] {
  return messages.flatMap((message, index) => {
    const path = `messages[${index}]`
    reportName(message, path, writer)
    return message.parts.flatMap((part, at) => {
      const partPath = `${path}.content[${at}]`
      if (part.type === 'text') return writer.text(part, partPath)
      writer.dropped.push(
        refuseOrDrop(writer, partPath, `content of type ${part.type} in a system message`),
      )
      return []
    })
  })
}

interface Place {
  readonly path: string
  readonly writer: BlockWriter
}

function addTurn(turns: Turn[], message: Message, { path, writer }: Place): void {
  reportName(message, path, writer)
  if (isInstruction(message))
    writer.dropped.push(`${path}.role (${message.role} moved into user turn)`)
  const role = message.role === 'assistant' ? 'assistant' : 'user'
  const content =
    role === 'assistant'
      ? assistantContent(message, path, writer)
      : userContent(message, path, writer)
  if (content.blocks.length === 0 && content.tools.length === 0) return
  const last = turns.at(-1)
  if (last?.role !== role) {
    turns.push({ role, ...content })
    return
  }
  append(last.blocks, content.blocks)
  append(last.tools, content.tools)
}

function reportName(message: Message, path: string, { dropped }: BlockWriter): void {
  if (message.name !== undefined) dropped.push(`${path}.name`)
}

/**
 * The provider continues a trailing assistant turn (prefill), which may not end in white space.
 */
export function trimLastAnswer(turns: readonly Turn[]): void {
  const last = turns.at(-1)
  if (last?.role !== 'assistant' || last.tools.length > 0) return
  const block = last.blocks.at(-1)
  // Of all blocks, only text has a string there.
  if (typeof block?.text === 'string')
    last.blocks.splice(-1, 1, { ...block, text: block.text.trimEnd() })
}

/**
 * Messages of the wire. Results come first and in the order of the calls they answer; calls come
 * last, after any thinking.
 */
export function wireMessages(turns: readonly Turn[]): JsonObject[] {
  return turns.map((turn, index) => wireMessage(turn, turns[index - 1]))
}

function wireMessage({ role, blocks, tools }: Turn, previous: Turn | undefined): JsonObject {
  if (role === 'assistant')
    return { role, content: [...blocks, ...tools.flatMap((tool) => tool.blocks)] }
  const order = new Map(previous?.tools.map((tool, index) => [tool.id, index]))
  const rank = (id: string): number => order.get(id) ?? order.size
  const sorted = tools.toSorted((a, b) => rank(a.id) - rank(b.id))
  return { role, content: [...sorted.flatMap((tool) => tool.blocks), ...blocks] }
}

/** Wire names of the tools the history calls. */
export function calledToolNames(turns: readonly Turn[]): string[] {
  return turns.flatMap((turn) => turn.tools.flatMap((tool) => tool.name ?? []))
}

/**
 * Whether the answer continues a tool loop that began without a thinking block of this dialect.
 * With a token budget for thinking, the provider refuses such a loop.
 */
export function isUnsignedToolLoop(turns: readonly Turn[], writer: BlockWriter): boolean {
  let answersTools = turns.length - 1
  if (!answersToolCalls(turns[answersTools])) return false
  while (answersToolCalls(turns[answersTools - 2])) answersTools -= 2
  const first = turns[answersTools - 1]?.blocks[0]
  return first === undefined || !writer.isThinking(first)
}

function answersToolCalls(turn: Turn | undefined): boolean {
  return turn?.role === 'user' && turn.tools.length > 0
}
