import type { JsonObject } from '../../../model/json-object.ts'
import { asList, asObject, textOfValue } from '../../../wire/json.ts'
import { partsOf, textOfContent } from './content.ts'
import type { Report } from './context.ts'

type Messages = readonly unknown[]

function roleOf(message: unknown): unknown {
  return asObject(message)?.role
}

function isSystem(message: unknown): boolean {
  const role = roleOf(message)
  return role === 'system' || role === 'developer'
}

/**
 * The leading system messages as one; later ones are said by the user, after the results of tools
 * they stand among.
 */
export function withOneSystem(messages: Messages, dropped: Report): Messages {
  const first = messages.findIndex((message) => !isSystem(message))
  const leading = first === -1 ? messages.length : first
  const isFit = leading <= 1 && !messages.slice(leading).some(isSystem)
  if (isFit) return messages
  const output: unknown[] =
    leading === 0
      ? []
      : [
          {
            role: 'system',
            content: messages
              .slice(0, leading)
              .map((message) => textOfContent(asObject(message)?.content))
              .join('\n\n'),
          },
        ]
  let waiting: unknown[] = []
  for (let at = leading; at < messages.length; at++) {
    const message = messages[at]
    if (isSystem(message)) {
      dropped.add(`messages[${at}].role (${textOfValue(roleOf(message))} sent as user)`)
      waiting.push({ ...asObject(message), role: 'user' })
      continue
    }
    if (roleOf(message) !== 'tool') {
      for (const said of waiting) output.push(said)
      waiting = []
    }
    output.push(message)
  }
  return [...output, ...waiting]
}

const BRIDGE: JsonObject = { role: 'assistant', content: 'I have the result.' }

/** A short message of the assistant where one of the user follows a tool's result. */
export function bridged(messages: Messages, dropped: Report): Messages {
  const needsBridge = (at: number): boolean =>
    roleOf(messages[at]) === 'tool' && roleOf(messages[at + 1]) === 'user'
  if (!messages.some((_, at) => needsBridge(at))) return messages
  dropped.add('messages (an assistant message was put between a result and the user)')
  return messages.flatMap((message, at) => (needsBridge(at) ? [message, BRIDGE] : [message]))
}

/** Neighbours of one role as one message. */
export function merged(messages: Messages): Messages {
  const groups: JsonObject[][] = []
  for (const item of messages) {
    const message = asObject(item)
    if (message === undefined) return messages
    const last = groups.at(-1)
    if (
      last?.[0] !== undefined &&
      isMergeable(message) &&
      isMergeable(last[0]) &&
      last[0].role === message.role
    )
      last.push(message)
    else groups.push([message])
  }
  return groups.length === messages.length
    ? messages
    : groups.map((group) =>
        group.length === 1
          ? group[0]
          : { ...group[0], content: joined(group.map(({ content }) => content)) },
      )
}

function isMergeable({ role, tool_calls: calls }: JsonObject): boolean {
  return (role === 'user' || role === 'assistant') && asList(calls).length === 0
}

function joined(contents: readonly unknown[]): unknown {
  if (contents.some((content) => Array.isArray(content))) return contents.flatMap(partsOf)
  return contents.filter((content) => typeof content === 'string' && content !== '').join('\n\n')
}
