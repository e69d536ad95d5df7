import { append } from '../../foundation/lists.ts'
import type { ExtensionPart, Message, ReasoningPart } from '../model/conversation.ts'
import { refuseOrDrop } from '../model/invalid.ts'
import type { JsonObject } from '../model/json-object.ts'
import { isObject } from '../wire/json.ts'
import type { BlockWriter, Content } from './block-writer.ts'

/** Text and calls of the assistant, as blocks of its turn. */
export function assistantContent(message: Message, path: string, writer: BlockWriter): Content {
  const content: Content = { blocks: [], tools: [] }
  let position = 0
  for (const part of message.parts) {
    // Thinking and calls are not part of the client's `content`, so they do not count there.
    const partPath = `${path}.content[${position}]`
    if (part.type !== 'reasoning' && part.type !== 'tool-call') position += 1
    switch (part.type) {
      case 'text':
      case 'refusal':
        append(content.blocks, writer.text(part, partPath))
        break
      case 'reasoning':
        append(content.blocks, reasoningBlocks(part, path, writer))
        break
      case 'tool-call':
        content.tools.push(writer.toolCall(part, `${path}.tool_calls[${content.tools.length}]`))
        break
      case 'image':
      case 'file':
      case 'audio':
        writer.dropped.push(`${partPath} (media only from the user)`)
        break
      case 'extension': {
        // Results of another provider's own tools are history that the conversation does not need.
        const block = ownBlock(part, writer)
        if (block === undefined) writer.dropped.push(partPath)
        else content.blocks.push(block)
        break
      }
      case 'tool-result':
        writer.dropped.push(`${partPath} (only a tool's)`)
        break
    }
  }
  return content
}

/** Content of a user, a tool or a late instruction, as blocks of a user turn. */
export function userContent(message: Message, path: string, writer: BlockWriter): Content {
  const content: Content = { blocks: [], tools: [] }
  for (const [index, part] of message.parts.entries()) {
    const partPath = `${path}.content[${index}]`
    switch (part.type) {
      case 'text':
      case 'refusal':
        append(content.blocks, writer.text(part, partPath))
        break
      case 'image':
      case 'file':
        append(content.blocks, writer.media(part, partPath))
        break
      case 'audio':
        append(content.blocks, writer.audio(part, partPath))
        break
      case 'tool-result':
        content.tools.push(writer.toolResult(part, path))
        break
      case 'extension': {
        const block = ownBlock(part, writer)
        if (block !== undefined) content.blocks.push(block)
        else
          writer.dropped.push(
            refuseOrDrop(writer, partPath, `content of the dialect ${part.dialect}`),
          )
        break
      }
      case 'tool-call':
      case 'reasoning':
        writer.dropped.push(`${partPath} (only the assistant's)`)
        break
    }
  }
  return content
}

/** The block of an extension part of the writer's own dialect; `undefined` for every other one. */
export function ownBlock(
  { dialect, value }: ExtensionPart,
  writer: Pick<BlockWriter, 'dialect'>,
): JsonObject | undefined {
  return dialect === writer.dialect && isObject(value) ? value : undefined
}

/**
 * Only what this dialect signed goes back, byte for byte: anything else fails the provider's check
 * of the signature.
 */
function reasoningBlocks(part: ReasoningPart, path: string, writer: BlockWriter): JsonObject[] {
  const { signature } = part
  if (signature === undefined || signature.value === '') {
    writer.dropped.push(`${path}.reasoning (unsigned)`)
    return []
  }
  if (signature.origin !== writer.dialect) {
    writer.dropped.push(`${path}.reasoning (signed by another provider)`)
    return []
  }
  return [
    part.redacted === true
      ? writer.redactedThinking(signature.value)
      : writer.thinking(part.text, signature.value),
  ]
}
