import type { JsonObject } from '../../../model/json-object.ts'
import { asList, asObject, asText, isObject, textOfValue } from '../../../wire/json.ts'
import { changed, isEmpty, type Placed, type Service } from './context.ts'

/** `content` in the form the service takes from this role. */
export function fitContent({ message, path }: Placed, service: Service): JsonObject {
  const { quirks } = service
  const { role, content } = message
  if (Array.isArray(content))
    return changed(message, contentChanges({ role, content, path }, service))
  if (
    role !== 'assistant' ||
    quirks.contentWithCalls === undefined ||
    asList(message.tool_calls).length === 0
  )
    return message
  const filler = quirks.contentWithCalls === 'space' ? ' ' : ''
  return (content ?? '') === '' && content !== filler ? { ...message, content: filler } : message
}

interface ContentList {
  readonly role: unknown
  readonly content: readonly unknown[]
  readonly path: string
}

function contentChanges(
  { role, content, path }: ContentList,
  { quirks, dropped }: Service,
): JsonObject {
  const texts =
    quirks.stringContent?.some((name) => name === role) === true
      ? content.map(textOfPart)
      : undefined
  if (texts?.every((text) => text !== undefined)) return { content: texts.join('\n') }
  if (quirks.messageFields === undefined) return {}
  let isChanged = false
  const parts = content.map((part, at) => {
    const bare = bareText(part)
    if (bare === part) return part
    isChanged = true
    for (const field of Object.keys(asObject(part) ?? {}))
      if (!(field in bare) && !isEmpty(asObject(part)?.[field]))
        dropped.add(`${path}.content[${at}].${field}`)
    return bare
  })
  return isChanged ? { content: parts } : {}
}

/** A service that refuses unknown fields of a message refuses those of a text as well. */
function bareText(part: unknown): JsonObject {
  const text = asObject(part)
  if (text?.type !== 'text' || Object.keys(text).length <= 2) return part as JsonObject
  return { type: 'text', text: text.text }
}

function textOfPart(part: unknown): string | undefined {
  if (typeof part === 'string') return part
  const value = asObject(part)
  if (value?.type === 'text' && typeof value.text === 'string') return value.text
  return value?.type === 'refusal' && typeof value.refusal === 'string' ? value.refusal : undefined
}

/** All text of a message. */
export function textOfContent(content: unknown): string {
  return typeof content === 'string'
    ? content
    : asList(content)
        .map((part) => textOfPart(part) ?? '')
        .join('\n')
}

/** The parts of a content: a string is one part. */
export function partsOf(content: unknown): readonly unknown[] {
  const text = asText(content)
  return text === undefined ? asList(content) : [{ type: 'text', text }]
}

/** A tool's result without what only a message of the user may hold, and that. */
export function withoutMedia(message: JsonObject): {
  readonly message: JsonObject
  readonly media: readonly unknown[]
} {
  const texts: unknown[] = []
  const media: unknown[] = []
  for (const part of asList(message.content))
    (isObject(part) && part.type !== 'text' ? media : texts).push(part)
  if (media.length === 0) return { message, media }
  return {
    message: {
      ...message,
      content:
        texts.length === 0
          ? ELSEWHERE
          : texts.length === 1
            ? (textOfPart(texts[0]) ?? texts)
            : texts,
    },
    media,
  }
}

const ELSEWHERE = '(The result follows in the next message.)'

/** The message of the user that holds what results of tools may not. */
export function mediaMessage(
  media: readonly { readonly id: unknown; readonly part: unknown }[],
): JsonObject {
  return {
    role: 'user',
    content: media.flatMap(({ id, part }) => [
      { type: 'text', text: `Part of the result of tool call ${textOfValue(id)}:` },
      part,
    ]),
  }
}
