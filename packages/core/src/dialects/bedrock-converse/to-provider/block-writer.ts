import type { BlockWriter, ToolBlock } from '../../claude/block-writer.ts'
import { ownBlock } from '../../claude/message-content.ts'
import { toolInput, wrappedNote } from '../../claude/tool-input.ts'
import { wireToolName } from '../../claude/tool-names.ts'
import type {
  AudioPart,
  CacheHint,
  FilePart,
  ImagePart,
  RefusalPart,
  TextPart,
  ToolCallPart,
  ToolResultPart,
} from '../../model/conversation.ts'
import type { JsonObject } from '../../model/json-object.ts'
import { isObject } from '../../wire/json.ts'
import { DIALECT } from '../names.ts'
import { cachePoint } from './cache-point.ts'
import type { RequestContext } from './context.ts'
import { audioBlock, mediaBlock } from './media.ts'
import { wireToolId } from './tool-id.ts'

/** Writes content blocks of the Converse API. */
export class ConverseBlockWriter implements BlockWriter {
  readonly dialect = DIALECT
  readonly provider: string
  readonly dropUnsupported: boolean
  readonly dropped: string[]
  readonly #context: RequestContext

  constructor(context: RequestContext) {
    this.#context = context
    this.provider = context.provider
    this.dropUnsupported = context.dropUnsupported === true
    this.dropped = context.dropped
  }

  /** Text blocks must hold more than white space; others are left out. */
  text(part: TextPart | RefusalPart, path: string): JsonObject[] {
    if (part.text.trim() === '') return []
    const hint = part.type === 'text' ? part.cacheHint : undefined
    return [{ text: part.text }, ...cachePoint(hint, path, this.#context)]
  }

  media(part: ImagePart | FilePart, path: string): JsonObject[] {
    const block = mediaBlock(part, path, this.#context)
    return block === undefined ? [] : [block, ...this.#mediaCachePoint(block, part.cacheHint, path)]
  }

  /** The service cannot place a cache point behind a document that is no PDF. */
  #mediaCachePoint(block: JsonObject, hint: CacheHint | undefined, path: string): JsonObject[] {
    if (hint === undefined || !isObject(block.document) || block.document.format === 'pdf')
      return cachePoint(hint, path, this.#context)
    this.dropped.push(`${path}.cache_control (not behind this kind of document)`)
    return []
  }

  audio(part: AudioPart, path: string): JsonObject[] {
    const block = audioBlock(part, path, this.#context)
    return block === undefined ? [] : [block]
  }

  thinking(text: string, signature: string): JsonObject {
    return { reasoningContent: { reasoningText: { text, signature } } }
  }

  redactedThinking(data: string): JsonObject {
    return { reasoningContent: { redactedContent: data } }
  }

  isThinking({ reasoningContent }: JsonObject): boolean {
    return reasoningContent !== undefined
  }

  toolCall(part: ToolCallPart, path: string): ToolBlock {
    const id = wireToolId(part.id, this.#context.rules)
    const name = wireToolName(part)
    const input = toolInput(part, () => this.dropped.push(wrappedNote(path)))
    return { id, name, blocks: [{ toolUse: { toolUseId: id, name, input } }] }
  }

  toolResult(part: ToolResultPart, path: string): ToolBlock {
    const id = wireToolId(part.id, this.#context.rules)
    let hint = part.cacheHint
    const content = part.content.flatMap((item, index) => {
      // Inside a result there is no place for it: it moves behind the whole.
      if (item.type !== 'extension') hint ??= item.cacheHint
      return this.#resultBlocks(item, `${path}.content[${index}]`)
    })
    const result: JsonObject = {
      toolUseId: id,
      // Neither no content nor a blank text is taken.
      content: content.length === 0 ? [{ json: {} }] : content,
      ...(part.isError === true ? { status: 'error' } : {}),
    }
    return { id, blocks: [{ toolResult: result }, ...cachePoint(hint, path, this.#context)] }
  }

  #resultBlocks(item: ToolResultPart['content'][number], path: string): JsonObject[] {
    if (item.type === 'text') return item.text.trim() === '' ? [] : [{ text: item.text }]
    const block =
      item.type === 'extension' ? ownBlock(item, this) : mediaBlock(item, path, this.#context)
    if (block !== undefined) return [block]
    if (item.type === 'extension') this.dropped.push(path)
    return []
  }
}
