import type {
  Conversation,
  FilePart,
  ImagePart,
  Part,
  Signature,
  Tool,
} from '../model/conversation.ts'
import { TextTally } from './text-tally.ts'

/**
 * Most tokens of an image, since images are scaled down before they are read: about 1,600 tokens
 * for 1.15 megapixels. Smaller ones cost less, but their size is known only after decoding.
 */
const IMAGE_TOKENS = 1600
/** A page of a PDF is read as text (some 1,500 tokens) and as an image. */
const PAGE_TOKENS = 3000
/** Bytes a page of text with some images usually takes in the file. */
const PAGE_BYTES = 75_000
/** Speech at 16 kB and 32 tokens a second, which is compressed sound as most models hear it. */
const AUDIO_BYTES_PER_TOKEN = 500
/** Reasoning is mostly English. */
const BYTES_PER_THOUGHT_TOKEN = 4
/** Role and separators around every message. */
const MESSAGE_TOKENS = 4
/** Name, description and schema are wrapped in words of the provider's own. */
const TOOL_TOKENS = 12

/**
 * Estimates the input tokens of a conversation, for targets that cannot count them. Text is over by
 * some 30 to 40 % for English and code and by up to 130 % for other languages; the known texts
 * under by more than 25 % are some short mixtures of signs, repeated (decision 0005). Media go by
 * rules of thumb.
 */
export function estimateInputTokens(conversation: Conversation): number {
  const text = new TextTally()
  let tokens = 0
  for (const message of conversation.messages) {
    tokens += MESSAGE_TOKENS
    for (const part of message.parts) tokens += tokensOfPart(part, text)
  }
  for (const tool of conversation.tools) {
    tokens += TOOL_TOKENS
    addTool(tool, text)
  }
  const format = conversation.responseFormat
  if (format?.type === 'json_schema') addJson(text, format.schema)
  return tokens + text.tokens
}

/** Estimates the tokens of texts with the same tally. */
export function estimateTextTokens(texts: Iterable<string>): number {
  const tally = new TextTally()
  for (const text of texts) tally.add(text)
  return tally.tokens
}

function addJson(text: TextTally, value: unknown): void {
  text.add(JSON.stringify(value) ?? '')
}

/** The tokens of media; text goes to the tally. */
function tokensOfPart(part: Part, text: TextTally): number {
  switch (part.type) {
    case 'text':
    case 'refusal':
      text.add(part.text)
      return 0
    case 'reasoning':
      text.add(part.text)
      return tokensOfProof(part.signature, part.text)
    case 'tool-call':
      text.add(part.name)
      text.add(part.arguments)
      return tokensOfProof(part.signature, '')
    case 'tool-result':
      return part.content.reduce((sum, inner) => sum + tokensOfPart(inner, text), MESSAGE_TOKENS)
    case 'image':
      return IMAGE_TOKENS
    case 'file':
      return tokensOfFile(part, text)
    case 'audio':
      return Math.ceil(bytesOf(part.data) / AUDIO_BYTES_PER_TOKEN)
    case 'extension':
      addJson(text, part.value)
      return 0
  }
}

/**
 * The model reads encrypted reasoning that is sent back like any other: counts what the proof holds
 * beyond the visible text.
 */
function tokensOfProof(signature: Signature | undefined, shown: string): number {
  return signature === undefined
    ? 0
    : Math.max(0, Math.ceil((bytesOf(signature.value) - shown.length) / BYTES_PER_THOUGHT_TOKEN))
}

const TEXT_TYPE = /^(?:text\/|application\/(?:json|xml|yaml))/i

function tokensOfFile({ source }: Pick<FilePart | ImagePart, 'source'>, text: TextTally): number {
  // Only the provider knows its length.
  if (source.kind !== 'data') return PAGE_TOKENS
  if (source.mediaType.startsWith('image/')) return IMAGE_TOKENS
  if (TEXT_TYPE.test(source.mediaType)) {
    text.add(Buffer.from(source.data, 'base64').toString())
    return 0
  }
  return PAGE_TOKENS * Math.max(1, Math.round(bytesOf(source.data) / PAGE_BYTES))
}

function bytesOf(base64: string): number {
  return Math.floor((base64.length * 3) / 4)
}

function addTool(tool: Tool, text: TextTally): void {
  if (tool.kind === 'extension') return addJson(text, tool.value)
  text.add(tool.name)
  if (tool.description !== undefined) text.add(tool.description)
  if (tool.parameters !== undefined) addJson(text, tool.parameters)
}
