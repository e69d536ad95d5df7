import type { BlockWriter, ToolBlock } from '../../claude/block-writer.ts'
import { ownBlock } from '../../claude/message-content.ts'
import { toolInput, wrappedNote } from '../../claude/tool-input.ts'
import { wireToolName } from '../../claude/tool-names.ts'
import type {
  AudioPart,
  FilePart,
  ImagePart,
  RefusalPart,
  TextPart,
  ToolCallPart,
  ToolResultPart,
} from '../../model/conversation.ts'
import { partOrDrop } from '../../model/invalid.ts'
import type { JsonObject } from '../../model/json-object.ts'
import { DIALECT } from '../names.ts'
import { cacheControl } from './cache-control.ts'
import type { RequestContext } from './context.ts'
import { mediaBlock, refuseAudio } from './media.ts'
import { wireToolId } from './tool-id.ts'

/** Writes content blocks of the Messages API. */
export class MessageBlockWriter implements BlockWriter {
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
    const cache = cacheControl(hint, path, this.#context)
    return [
      cache === undefined
        ? { type: 'text', text: part.text }
        : { type: 'text', text: part.text, cache_control: cache },
    ]
  }

  media(part: ImagePart | FilePart, path: string): JsonObject[] {
    return this.#blockOrNone(() => mediaBlock(part, path, this.#context))
  }

  audio(part: AudioPart, path: string): JsonObject[] {
    return this.#blockOrNone(() => refuseAudio(part, path, this.#context))
  }

  #blockOrNone(build: () => JsonObject): JsonObject[] {
    const block = partOrDrop(this, build, (note) => this.dropped.push(note))
    return block === undefined ? [] : [block]
  }

  thinking(text: string, signature: string): JsonObject {
    return { type: 'thinking', thinking: text, signature }
  }

  redactedThinking(data: string): JsonObject {
    return { type: 'redacted_thinking', data }
  }

  isThinking({ type }: JsonObject): boolean {
    return type === 'thinking' || type === 'redacted_thinking'
  }

  toolCall(part: ToolCallPart, path: string): ToolBlock {
    const input = toolInput(part, () => this.dropped.push(wrappedNote(path)))
    const id = wireToolId(part.id)
    const name = wireToolName(part)
    return { id, name, blocks: [{ type: 'tool_use', id, name, input }] }
  }

  toolResult(part: ToolResultPart, path: string): ToolBlock {
    const id = wireToolId(part.id)
    const block: JsonObject = { type: 'tool_result', tool_use_id: id }
    const inner = part.content.flatMap((item, index) =>
      this.#resultBlocks(item, `${path}.content[${index}]`),
    )
    const only =
      inner.length === 1 && inner[0]?.type === 'text' && inner[0].cache_control === undefined
        ? inner[0].text
        : undefined
    // Left out when empty: a tool that returned nothing is a valid result, an empty block is not.
    if (inner.length > 0) block.content = only ?? inner
    if (part.isError === true) block.is_error = true
    const cache = cacheControl(part.cacheHint, path, this.#context)
    if (cache !== undefined) block.cache_control = cache
    return { id, blocks: [block] }
  }

  #resultBlocks(item: ToolResultPart['content'][number], path: string): JsonObject[] {
    if (item.type === 'text') return this.text(item, path)
    if (item.type !== 'extension') return this.media(item, path)
    const block = ownBlock(item, this)
    if (block !== undefined) return [block]
    this.dropped.push(path)
    return []
  }
}
