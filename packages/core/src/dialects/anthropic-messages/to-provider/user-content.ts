import { append } from '../../../foundation/lists.ts'
import type { Message, ToolResultPart } from '../../model/conversation.ts'
import type { JsonObject } from '../../model/json-object.ts'
import { partOrDrop, refuseOrDrop } from '../../model/invalid.ts'
import { cacheControl } from './cache-control.ts'
import type { Content, RequestContext } from './context.ts'
import { mediaBlock, refuseAudio } from './media.ts'
import { DIALECT } from '../names.ts'
import { textBlocks } from './text-block.ts'
import { wireToolId } from './tool-id.ts'

/** Content of a user, a tool or a late instruction, as blocks of a user turn. */
export function userContent(message: Message, path: string, context: RequestContext): Content {
  const content: Content = { blocks: [], tools: [] }
  for (const [index, part] of message.parts.entries()) {
    const partPath = `${path}.content[${index}]`
    switch (part.type) {
      case 'text':
      case 'refusal':
        append(content.blocks, textBlocks(part, partPath, context))
        break
      case 'image':
      case 'file':
        append(
          content.blocks,
          mediaOrNone(() => mediaBlock(part, partPath, context), context),
        )
        break
      case 'audio':
        append(
          content.blocks,
          mediaOrNone(() => refuseAudio(part, partPath, context), context),
        )
        break
      case 'tool-result':
        content.tools.push(toolResult(part, path, context))
        break
      case 'extension':
        if (part.dialect === DIALECT) content.blocks.push(part.value as JsonObject)
        else context.dropped.push(refuseOrDrop(context, partPath, `content of ${part.dialect}`))
        break
      case 'tool-call':
      case 'reasoning':
        context.dropped.push(`${partPath} (only the assistant's)`)
        break
    }
  }
  return content
}

function mediaOrNone(build: () => JsonObject, context: RequestContext): JsonObject[] {
  const block = partOrDrop(context, build, (note) => context.dropped.push(note))
  return block === undefined ? [] : [block]
}

function toolResult(part: ToolResultPart, path: string, context: RequestContext): JsonObject {
  const block: JsonObject = { type: 'tool_result', tool_use_id: wireToolId(part.id) }
  const inner = part.content.flatMap((item, index) => {
    const itemPath = `${path}.content[${index}]`
    if (item.type === 'text') return textBlocks(item, itemPath, context)
    if (item.type !== 'extension')
      return mediaOrNone(() => mediaBlock(item, itemPath, context), context)
    if (item.dialect === DIALECT) return [item.value as JsonObject]
    context.dropped.push(itemPath)
    return []
  })
  const only =
    inner.length === 1 && inner[0]?.type === 'text' && inner[0].cache_control === undefined
      ? inner[0].text
      : undefined
  // Left out when empty: a tool that returned nothing is a valid result, an empty block is not.
  if (inner.length > 0) block.content = only ?? inner
  if (part.isError === true) block.is_error = true
  const cache = cacheControl(part.cacheHint, path, context)
  if (cache !== undefined) block.cache_control = cache
  return block
}
