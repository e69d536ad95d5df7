import { append } from '../../../foundation/lists.ts'
import type { CacheHint, Message, Part, ToolResultPart } from '../../model/conversation.ts'
import type { JsonObject } from '../../model/json-object.ts'
import { refuseOrDrop } from '../../model/invalid.ts'
import { isObject } from '../../wire/json.ts'
import { cachePoint } from './cache-point.ts'
import type { Content, RequestContext, ToolBlock } from './context.ts'
import { audioBlock, mediaBlock } from './media.ts'
import { DIALECT } from '../names.ts'
import { textBlocks } from './text-block.ts'
import { wireToolId } from './tool-id.ts'

/** Content of a user, a tool or a late instruction, as blocks of a user turn. */
export function userContent(message: Message, path: string, context: RequestContext): Content {
  const content: Content = { blocks: [], tools: [] }
  for (const [index, part] of message.parts.entries()) {
    const partPath = `${path}.content[${index}]`
    if (part.type === 'tool-result') content.tools.push(toolResult(part, path, context))
    else append(content.blocks, userBlocks(part, partPath, context))
  }
  return content
}

function userBlocks(
  part: Exclude<Part, ToolResultPart>,
  path: string,
  context: RequestContext,
): JsonObject[] {
  switch (part.type) {
    case 'text':
    case 'refusal':
      return textBlocks(part, path, context)
    case 'image':
    case 'file': {
      const block = mediaBlock(part, path, context)
      return block === undefined
        ? []
        : [block, ...mediaCachePoint(block, part.cacheHint, { path, context })]
    }
    case 'audio': {
      const block = audioBlock(part, path, context)
      return block === undefined ? [] : [block]
    }
    case 'extension':
      if (part.dialect === DIALECT && isObject(part.value)) return [part.value]
      context.dropped.push(
        refuseOrDrop(context.call, path, `content of the dialect ${part.dialect}`),
      )
      return []
    case 'tool-call':
    case 'reasoning':
      context.dropped.push(`${path} (only the assistant's)`)
      return []
  }
}

/** Behind a document that is no PDF the service cannot place it. */
function mediaCachePoint(
  block: JsonObject,
  hint: CacheHint | undefined,
  place: { readonly path: string; readonly context: RequestContext },
): JsonObject[] {
  const { path, context } = place
  if (hint === undefined || !isObject(block.document) || block.document.format === 'pdf')
    return cachePoint(hint, path, context)
  context.dropped.push(`${path}.cache_control (not behind this kind of document)`)
  return []
}

function toolResult(part: ToolResultPart, path: string, context: RequestContext): ToolBlock {
  const id = wireToolId(part.id, context.rules)
  let hint = part.cacheHint
  const content = part.content.flatMap((item, index): JsonObject[] => {
    const itemPath = `${path}.content[${index}]`
    // Inside a result there is no place for it: it moves behind the whole.
    if (item.type !== 'extension') hint ??= item.cacheHint
    if (item.type === 'text') return item.text.trim() === '' ? [] : [{ text: item.text }]
    if (item.type !== 'extension')
      return [mediaBlock(item, itemPath, context)].filter((block) => block !== undefined)
    if (item.dialect === DIALECT && isObject(item.value)) return [item.value]
    context.dropped.push(itemPath)
    return []
  })
  const result: JsonObject = {
    toolUseId: id,
    // Neither no content nor a blank text is taken.
    content: content.length === 0 ? [{ json: {} }] : content,
    ...(part.isError === true ? { status: 'error' } : {}),
  }
  return { id, blocks: [{ toolResult: result }, ...cachePoint(hint, path, context)] }
}
