import { createHash } from 'node:crypto'
import type { Part, ToolCallPart } from '../../model/conversation.ts'
import type { JsonObject } from '../../model/json-object.ts'
import type { AnswerContext } from '../../model/stream.ts'
import type { Answer, AnswerChoice } from '../../model/events.ts'
import { type Finish, refusalWords } from '../../model/finish.ts'
import type { Usage } from '../../model/usage.ts'
import { urlOfSource } from '../../model/media-source.ts'
import { renderToolCall } from '../to-provider/messages.ts'
import { asObject } from '../../wire/json.ts'
import { extraContentOf, OWN_ORIGIN, reasoningDetail } from '../from-provider/reasoning-details.ts'

/** A whole answer as a `chat.completion`. Parts only another dialect understands are left out. */
export function renderAnswer(answer: Answer, context: AnswerContext): JsonObject {
  return {
    id: answer.id ?? `chatcmpl-${context.requestId}`,
    object: 'chat.completion',
    created: answer.created ?? context.created,
    model: answer.model ?? context.model,
    choices: answer.choices.map(renderChoice),
    ...(answer.usage === undefined ? {} : { usage: renderUsage(answer.usage) }),
  }
}

function renderChoice(choice: AnswerChoice, index: number): JsonObject {
  return {
    index,
    message: renderMessage(choice),
    logprobs: choice.logprobs ?? null,
    finish_reason: choice.finish.reason,
    ...(choice.finish.native === undefined ? {} : { native_finish_reason: choice.finish.native }),
  }
}

function renderMessage(choice: AnswerChoice): JsonObject {
  const texts = choice.parts.filter((part) => part.type === 'text')
  const calls = choice.parts.filter((part) => part.type === 'tool-call')
  const reasoning = choice.parts.filter((part) => part.type === 'reasoning')
  const refusals = choice.parts.filter((part) => part.type === 'refusal')
  const images = choice.parts.flatMap(renderImage)
  const refusal = refusals.length > 0 ? joined(refusals) : (refusalOf(choice.finish) ?? null)
  // Clients read `content` of a plain answer without asking whether it is there.
  const empty = calls.length > 0 || refusal !== null ? null : ''
  const thinking = joined(reasoning)
  return {
    role: 'assistant',
    content: texts.length > 0 ? joined(texts) : empty,
    refusal,
    ...(thinking === '' ? {} : { reasoning_content: thinking }),
    ...(reasoning.length === 0 ? {} : { reasoning_details: reasoning.map(reasoningDetail) }),
    ...(calls.length === 0 ? {} : { tool_calls: calls.map(renderSignedCall) }),
    ...(images.length === 0 ? {} : { images }),
    ...choice.parts.flatMap(renderAudio)[0],
    ...choice.parts.flatMap(ownSpeech)[0],
    ...(choice.annotations === undefined ? {} : { annotations: choice.annotations }),
  }
}

function joined(parts: readonly { readonly text: string }[]): string {
  return parts.length === 1 ? (parts[0]?.text ?? '') : parts.map((part) => part.text).join('')
}

function renderSignedCall(call: ToolCallPart): JsonObject {
  const extra = extraContentOf(call.signature)
  return extra === undefined
    ? renderToolCall(call)
    : { ...renderToolCall(call), extra_content: extra }
}

/** An image a model made, as an entry of `images`; nothing for every other part. */
export function renderImage(part: Part): JsonObject[] {
  return part.type === 'image' && part.source.kind !== 'id'
    ? [{ type: 'image_url', image_url: { url: urlOfSource(part.source) } }]
    : []
}

/**
 * Speech that a model made, as the field `audio`; its format is that of the data. Nothing for every
 * other part.
 */
export function renderAudio(part: Part): JsonObject[] {
  return part.type === 'audio'
    ? [
        {
          audio: {
            id: `audio_${createHash('sha256').update(part.data).digest('hex').slice(0, 24)}`,
            data: part.data,
            transcript: '',
            expires_at: 0,
            format: part.format,
          },
        },
      ]
    : []
}

/** Speech of a provider of this dialect, which has an id and a transcript. */
function ownSpeech(part: Part): JsonObject[] {
  const value =
    part.type === 'extension' && part.dialect === OWN_ORIGIN ? asObject(part.value) : undefined
  return value?.audio === undefined ? [] : [{ audio: value.audio }]
}

/** Whether an answer has a place for the part. */
export function holds(part: Part): boolean {
  if (part.type === 'image') return part.source.kind !== 'id'
  return part.type === 'extension'
    ? ownSpeech(part).length > 0
    : part.type !== 'file' && part.type !== 'tool-result'
}

/**
 * Words of an end by refusal; they fill `refusal` when the answer has none of its own.
 * The word of the wire is no such thing.
 */
export function refusalOf(finish: Finish): string | undefined {
  return refusalWords(finish)
}

/** Usage in OpenAI's accounting; details the provider did not give are left out. */
export function renderUsage(usage: Usage): JsonObject {
  const { inputTokens, outputTokens, cachedTokens, cacheWriteTokens, reasoningTokens } = usage
  const written = cacheWriteTokens === undefined ? {} : { cache_write_tokens: cacheWriteTokens }
  return {
    prompt_tokens: inputTokens,
    completion_tokens: outputTokens,
    total_tokens: inputTokens + outputTokens,
    ...(cachedTokens === undefined && cacheWriteTokens === undefined
      ? {}
      : { prompt_tokens_details: { cached_tokens: cachedTokens ?? 0, ...written } }),
    ...(reasoningTokens === undefined
      ? {}
      : { completion_tokens_details: { reasoning_tokens: reasoningTokens } }),
  }
}
