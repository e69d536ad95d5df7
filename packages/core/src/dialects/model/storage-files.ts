import type { Conversation, Message, Part, ToolResultPart } from './conversation.ts'
import type { CallContext } from './call.ts'
import { refuseOrDrop } from './invalid.ts'
import { storageScheme } from './media-source.ts'

/** Request for a provider that reads no such storage, and the dropped parts. */
export interface WithoutStorageFiles {
  readonly conversation: Conversation
  readonly dropped: readonly string[]
}

/**
 * The conversation without files in the storage of a cloud (`gs://bucket/file`) that this provider
 * cannot read; `undefined` where there are none. Throws `unsupported_content` that names the part,
 * unless the route allows dropping it.
 */
export function withoutStorageFiles(
  conversation: Conversation,
  call: CallContext,
  schemes: readonly string[],
): WithoutStorageFiles | undefined {
  const isForeign = (part: Part): boolean => {
    const scheme = schemeOf(part)
    return scheme !== undefined && !schemes.includes(scheme)
  }
  const holds = (part: Part): boolean =>
    isForeign(part) || (part.type === 'tool-result' && part.content.some(isForeign))
  if (!conversation.messages.some(({ parts }) => parts.some(holds))) return undefined
  const dropped: string[] = []
  const keep = <P extends Part>(parts: readonly P[], path: string): P[] =>
    parts.filter((part, at) => {
      if (!isForeign(part)) return true
      dropped.push(
        refuseOrDrop(call, `${path}.content[${at}]`, `a file at ${schemeOf(part) ?? ''}://`),
      )
      return false
    })
  const messages = conversation.messages.map((message, at): Message => {
    if (!message.parts.some(holds)) return message
    const path = `messages[${at}]`
    return {
      ...message,
      parts: keep(message.parts, path).map((part): Part =>
        part.type === 'tool-result'
          ? { ...part, content: keep<ToolResultPart['content'][number]>(part.content, path) }
          : part,
      ),
    }
  })
  return { conversation: { ...conversation, messages }, dropped }
}

function schemeOf(part: Part): string | undefined {
  return (part.type === 'image' || part.type === 'file') && part.source.kind === 'url'
    ? storageScheme(part.source.url)
    : undefined
}
