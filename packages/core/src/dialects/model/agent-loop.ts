import type { Conversation, Part } from './conversation.ts'
import { parseJson } from '../wire/json.ts'

/**
 * Counts how many times in a row the assistant has made its last tool calls: the same tools with
 * the same arguments, whatever they returned. 0 where the conversation does not end with tool calls
 * and their results.
 */
export function repeatedToolCalls({ messages }: Conversation): number {
  let last: string | undefined
  let count = 0
  for (let at = messages.length - 1; at >= 0; at--) {
    const message = messages[at]
    if (message === undefined || message.parts.every(isResult)) continue
    const signature = readSignature(message.parts)
    // A user message or other tool calls: earlier calls were not part of this loop.
    if (
      message.role !== 'assistant' ||
      signature === undefined ||
      (last !== undefined && signature !== last)
    )
      break
    last = signature
    count += 1
  }
  return count
}

/**
 * Constant part of all requests of an agent's run: its instructions and first user message.
 */
export function beginningOf({ messages }: Conversation): string {
  const first = messages.findIndex(({ role }) => role === 'user')
  return JSON.stringify(
    messages
      .slice(0, first + 1)
      .map(({ role, parts }) => [
        role,
        ...parts.map((part) => (part.type === 'text' ? part.text : part.type)),
      ]),
  )
}

function isResult({ type }: Part): boolean {
  return type === 'tool-result'
}

function readSignature(parts: readonly Part[]): string | undefined {
  const calls = parts.flatMap((part) =>
    part.type === 'tool-call' ? [`${part.name} ${canonical(part.arguments)}`] : [],
  )
  return calls.length === 0 ? undefined : calls.toSorted().join('\n')
}

/** Ignores white space and the order of fields. */
function canonical(text: string): string {
  const parsed = parseJson(text)
  return parsed === undefined ? text : JSON.stringify(sorted(parsed.value))
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([one], [other]) => (one < other ? -1 : 1))
      .map(([name, inner]) => [name, sorted(inner)]),
  )
}
