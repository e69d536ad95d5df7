import type { Part, ReasoningPart, ToolCallPart } from '../../model/conversation.ts'
import type { JsonObject } from '../../model/json-object.ts'
import { isObject, parseObject } from '../../wire/json.ts'
import { encodeSignature } from './foreign-signature.ts'
import { audioToPart, guessMediaType } from '../to-provider/media.ts'
import { ORIGIN } from '../to-provider/tool-history.ts'

/**
 * A part of an answer as the client sees it; `undefined` for what only another dialect understands.
 */
export function renderPart(part: Exclude<Part, ToolCallPart>): JsonObject | undefined {
  switch (part.type) {
    case 'text':
    case 'refusal':
      return { text: part.text }
    case 'reasoning':
      return renderReasoning(part)
    case 'image':
    case 'file':
      return renderMedia(part)
    case 'audio':
      return audioToPart(part)
    case 'extension':
      return part.dialect === ORIGIN && isObject(part.value) ? part.value : undefined
    case 'tool-result':
      return undefined
  }
}

/** Whether an answer has a place for the part. */
export function holds(part: Part): boolean {
  return part.type === 'tool-call' ? renderCall(part) !== undefined : renderPart(part) !== undefined
}

/**
 * A proof of this dialect without a thought stands on an empty text, as the provider has it; every
 * other one on a thought.
 */
export function renderReasoning({
  text,
  signature,
  redacted,
}: Omit<ReasoningPart, 'type'>): JsonObject {
  if (signature === undefined) return { text, thought: true }
  const thoughtSignature = encodeSignature(signature, redacted)
  return signature.origin === ORIGIN && text === ''
    ? { text, thoughtSignature }
    : { text, thought: true, thoughtSignature }
}

/** A file known only by another provider's id is nothing to this client. */
function renderMedia({
  source,
}: Extract<Part, { readonly type: 'image' | 'file' }>): JsonObject | undefined {
  if (source.kind === 'data')
    return { inlineData: { mimeType: source.mediaType, data: source.data } }
  if (source.kind === 'id') return undefined
  const mimeType = guessMediaType(source.url)
  return { fileData: { fileUri: source.url, ...(mimeType === undefined ? {} : { mimeType }) } }
}

/** `undefined` when the model's arguments are no JSON object, which is all this API can carry. */
export function renderCall(call: Omit<ToolCallPart, 'type'>): JsonObject | undefined {
  const { id, name, kind, arguments: text, signature } = call
  const args = kind === 'custom' ? { input: text } : text.trim() === '' ? {} : parseObject(text)
  if (args === undefined) return undefined
  return {
    functionCall: { id, name, args },
    ...(signature === undefined ? {} : { thoughtSignature: encodeSignature(signature) }),
  }
}
