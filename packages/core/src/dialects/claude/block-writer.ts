import type {
  AudioPart,
  FilePart,
  ImagePart,
  RefusalPart,
  TextPart,
  ToolCallPart,
  ToolResultPart,
} from '../model/conversation.ts'
import type { JsonObject } from '../model/json-object.ts'
import type { RequestReport } from './request-report.ts'

/**
 * A tool call or a result, kept apart from the other blocks because its place in a turn is fixed.
 */
export interface ToolBlock {
  readonly id: string
  /** Wire name of the tool called; results have none. */
  readonly name?: string
  /** The block itself and the blocks that stand right behind it. */
  readonly blocks: readonly JsonObject[]
}

/** Content of one message or of one turn. */
export interface Content {
  readonly blocks: JsonObject[]
  readonly tools: ToolBlock[]
}

/**
 * Writes the parts of a conversation as content blocks of one wire format. Each method that takes
 * a path throws `unsupported_content` with it, or reports it in `dropped` where the route allows
 * that.
 */
export interface BlockWriter extends RequestReport {
  /** Dialect whose signatures and extension parts go back to the provider. */
  readonly dialect: string
  text(part: TextPart | RefusalPart, path: string): JsonObject[]
  media(part: ImagePart | FilePart, path: string): JsonObject[]
  audio(part: AudioPart, path: string): JsonObject[]
  thinking(text: string, signature: string): JsonObject
  redactedThinking(data: string): JsonObject
  toolCall(part: ToolCallPart, path: string): ToolBlock
  toolResult(part: ToolResultPart, path: string): ToolBlock
  isThinking(block: JsonObject): boolean
}
