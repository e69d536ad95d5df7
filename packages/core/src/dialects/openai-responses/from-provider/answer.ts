import { append } from '../../../foundation/lists.ts'
import type { ImagePart, Part, ReasoningPart } from '../../model/conversation.ts'
import type { CallContext } from '../../model/call.ts'
import type { JsonObject } from '../../model/json-object.ts'
import type { Answer, AnswerChoice } from '../../model/events.ts'
import { asList, asObject, asObjects, asText } from '../../wire/json.ts'
import { mapAnnotations, logprobsOf } from './annotations.ts'
import { mapFailure, invalidAnswer } from './errors.ts'
import { mapFinishReason } from './finish.ts'
import { mapUsage } from './usage.ts'
import { DIALECT, encodeSignature } from '../names.ts'

/**
 * A whole answer. Throws the error the body carries, `upstream_invalid` when it is no response or
 * not a finished one.
 */
export function readAnswer(body: JsonObject, call: CallContext): Answer {
  const failure = mapFailure(body, call.provider)
  if (failure !== undefined) throw failure
  if (!Array.isArray(body.output))
    throw invalidAnswer('sent an answer without output', call.provider)
  const content: Content = { parts: [], annotations: [], logprobs: [], textLength: 0 }
  for (const item of asObjects(body.output)) readItem(item, content, call)
  const calledTools = content.parts.some((part) => part.type === 'tool-call')
  return {
    ...readHead(body),
    choices: [choiceOf(content, mapFinishReason(body, { calledTools }))],
    usage: mapUsage(asObject(body.usage)),
  }
}

/** Id, model and time of an answer; some services send fractions of a second. */
export function readHead(response: JsonObject): Pick<Answer, 'id' | 'model' | 'created'> {
  const { created_at: created } = response
  return {
    id: asText(response.id),
    model: asText(response.model),
    created: typeof created === 'number' && created > 0 ? Math.floor(created) : undefined,
  }
}

interface Content {
  readonly parts: Part[]
  readonly annotations: JsonObject[]
  readonly logprobs: unknown[]
  /** Length of the text so far, where annotations point into. */
  textLength: number
}

function choiceOf(
  { parts, annotations, logprobs }: Content,
  finish: AnswerChoice['finish'],
): AnswerChoice {
  return {
    parts,
    finish,
    ...(logprobs.length === 0 ? {} : { logprobs: logprobsOf(logprobs) }),
    ...(annotations.length === 0 ? {} : { annotations }),
  }
}

function readItem(item: JsonObject, content: Content, call: CallContext): void {
  switch (item.type) {
    case 'message':
      for (const part of asObjects(item.content)) readContentPart(part, content)
      break
    case 'reasoning': {
      const part = reasoningOf(item)
      if (part !== undefined) content.parts.push(part)
      break
    }
    case 'function_call':
      content.parts.push({
        type: 'tool-call',
        kind: 'function',
        ...calledBy(item, call),
        arguments: asText(item.arguments) ?? '{}',
      })
      break
    case 'custom_tool_call':
      content.parts.push({
        type: 'tool-call',
        kind: 'custom',
        ...calledBy(item, call),
        arguments: asText(item.input) ?? '',
      })
      break
    case 'image_generation_call':
      content.parts.push(madeImage(item) ?? { type: 'extension', dialect: DIALECT, value: item })
      break
    default:
      // Tools the provider runs itself, or that only clients of this dialect can run.
      content.parts.push({ type: 'extension', dialect: DIALECT, value: item })
  }
}

function readContentPart(part: JsonObject, content: Content): void {
  const refusal = asText(part.refusal)
  if (part.type === 'refusal' && refusal !== undefined)
    content.parts.push({ type: 'refusal', text: refusal })
  const text = asText(part.text)
  if (part.type !== 'output_text' || text === undefined) return
  content.parts.push({ type: 'text', text })
  append(content.annotations, mapAnnotations(asList(part.annotations), content.textLength))
  append(content.logprobs, asList(part.logprobs))
  content.textLength += text.length
}

/**
 * A picture the model made; `undefined` for one that has not been made. The item says only lately
 * of which kind it is.
 */
export function madeImage(item: JsonObject): ImagePart | undefined {
  const data = item.type === 'image_generation_call' ? asText(item.result) : undefined
  return data === undefined
    ? undefined
    : {
        type: 'image',
        source: { kind: 'data', mediaType: `image/${asText(item.output_format) ?? 'png'}`, data },
      }
}

/**
 * Id and name of a call. Results name the call by `call_id`; the item's own `id` is another one.
 */
export function calledBy(
  item: JsonObject,
  call: CallContext,
): { readonly id: string; readonly name: string } {
  return {
    id: asText(item.call_id) ?? asText(item.id) ?? call.newId('call_'),
    name: asText(item.name) ?? '',
  }
}

/** Between the parts of a summary, which are paragraphs. */
export const PARAGRAPH = '\n\n'

/**
 * Readable text of a reasoning item: the reasoning itself when the model shows it, else its
 * summary.
 */
export function thoughtsOf(item: JsonObject): {
  readonly kind: 'text' | 'summary'
  readonly texts: readonly string[]
} {
  const content = textsOf(item.content)
  return content.length > 0
    ? { kind: 'text', texts: content }
    : { kind: 'summary', texts: textsOf(item.summary) }
}

function textsOf(parts: unknown): string[] {
  return asObjects(parts).flatMap((part) => asText(part.text) ?? [])
}

/**
 * The proof that goes back with the reasoning; without a store, a reasoning item that has none is
 * of no use later.
 */
export function readSignature(item: JsonObject): ReasoningPart['signature'] {
  const encryptedContent = asText(item.encrypted_content)
  if (encryptedContent === undefined) return undefined
  return {
    origin: DIALECT,
    value: encodeSignature({ id: asText(item.id) ?? '', encryptedContent }),
  }
}

function reasoningOf(item: JsonObject): ReasoningPart | undefined {
  const { kind, texts } = thoughtsOf(item)
  const text = texts.join(kind === 'summary' ? PARAGRAPH : '')
  const signature = readSignature(item)
  if (signature === undefined) return text === '' ? undefined : { type: 'reasoning', text }
  return text === ''
    ? { type: 'reasoning', text, signature, redacted: true }
    : { type: 'reasoning', text, signature }
}
