import type { ResolvedAnswer, ResolvedToolCall } from '../answer.ts'
import { type JsonObject, objectIn } from '../json.ts'
import type { RenderContext, RenderedEvent } from './dialect.ts'

/** A `chat.completion` object. */
export function renderChatCompletion(answer: ResolvedAnswer, context: RenderContext): JsonObject {
  const choices = []
  for (let index = 0; index < choiceCount(context.body); index++) {
    choices.push({
      index,
      message: message(answer, { ...context, choice: index }),
      logprobs:
        answer.logprobs === undefined ? null : { content: answer.logprobs.content, refusal: null },
      finish_reason: answer.nativeFinish ?? answer.finish,
    })
  }
  return {
    id: `chatcmpl-${context.sequence}`,
    object: 'chat.completion',
    created: context.created,
    model: answer.model ?? context.model,
    choices,
    usage: usage(answer),
    service_tier: 'default',
    system_fingerprint: 'fp_fake',
  }
}

interface ChoiceContext extends RenderContext {
  readonly choice: number
}

function message(answer: ResolvedAnswer, context: ChoiceContext): JsonObject {
  const hasText =
    answer.text.length > 0 || (answer.toolCalls.length === 0 && answer.refusal === undefined)
  return {
    role: 'assistant',
    content: hasText ? answer.text.join('') : null,
    refusal: answer.refusal ?? null,
    annotations: [],
    ...(answer.reasoning === undefined
      ? {}
      : { reasoning_content: answer.reasoning.text.join('') }),
    ...(answer.toolCalls.length === 0
      ? {}
      : {
          tool_calls: answer.toolCalls.map((call, index) => ({
            id: callId(call, { index, context }),
            type: 'function',
            function: { name: call.name, arguments: call.fragments.join('') },
          })),
        }),
  }
}

/**
 * The chunks of a stream in the order OpenAI sends them: role, deltas, finish, usage if asked for,
 * `[DONE]`. Reasoning goes out as `reasoning_content`, the field most compatible servers use.
 */
export function renderChatCompletionChunks(
  answer: ResolvedAnswer,
  context: RenderContext,
): RenderedEvent[] {
  const options = objectIn(context.body['stream_options'])
  const includesUsage = options['include_usage'] === true
  const events: RenderedEvent[] = []
  const push = (kind: RenderedEvent['kind'], chunk: JsonObject): void => {
    const obfuscation =
      options['include_obfuscation'] === false
        ? {}
        : { obfuscation: 'abcdefgh'.slice(events.length % 7) }
    const body = {
      id: `chatcmpl-${context.sequence}`,
      object: 'chat.completion.chunk',
      created: context.created,
      model: answer.model ?? context.model,
      service_tier: 'default',
      system_fingerprint: 'fp_fake',
      ...chunk,
      ...(includesUsage && !('usage' in chunk) ? { usage: null } : {}),
      ...obfuscation,
    }
    events.push({ kind, text: `data: ${JSON.stringify(body)}\n\n` })
  }
  for (let choice = 0; choice < choiceCount(context.body); choice++) {
    for (const part of choiceDeltas(answer, { ...context, choice })) {
      push(part.kind, {
        choices: [
          {
            index: choice,
            delta: part.delta,
            logprobs: part.logprobs ?? null,
            finish_reason: part.finish ?? null,
          },
        ],
      })
    }
  }
  if (includesUsage) push('structure', { choices: [], usage: usage(answer) })
  events.push({ kind: 'end', text: 'data: [DONE]\n\n' })
  return events
}

interface DeltaPart {
  readonly kind: RenderedEvent['kind']
  readonly delta: JsonObject
  readonly logprobs?: JsonObject | undefined
  readonly finish?: string
}

function* choiceDeltas(answer: ResolvedAnswer, context: ChoiceContext): Generator<DeltaPart> {
  yield { kind: 'structure', delta: { role: 'assistant', content: '', refusal: null } }
  for (const text of answer.reasoning?.text ?? [])
    yield { kind: 'content', delta: { reasoning_content: text } }
  for (const [index, text] of answer.text.entries()) {
    yield { kind: 'content', delta: { content: text }, logprobs: logprobsOf(answer, index) }
  }
  if (answer.refusal !== undefined) yield { kind: 'content', delta: { refusal: answer.refusal } }
  for (const [index, call] of answer.toolCalls.entries()) {
    const opening = {
      id: callId(call, { index, context }),
      type: 'function',
      function: { name: call.name, arguments: '' },
    }
    yield { kind: 'structure', delta: { tool_calls: [{ index, ...opening }] } }
    for (const fragment of call.fragments) {
      yield {
        kind: 'content',
        delta: { tool_calls: [{ index, function: { arguments: fragment } }] },
      }
    }
  }
  yield { kind: 'finish', delta: {}, finish: answer.nativeFinish ?? answer.finish }
}

/** One entry per fragment, all that are left with the last one. */
function logprobsOf(answer: ResolvedAnswer, index: number): JsonObject | undefined {
  if (answer.logprobs === undefined) return undefined
  const isLast = index === answer.text.length - 1
  return {
    content: answer.logprobs.content.slice(index, isLast ? undefined : index + 1),
    refusal: null,
  }
}

function callId(call: ResolvedToolCall, at: { index: number; context: ChoiceContext }): string {
  const choice = at.context.choice === 0 ? '' : `_${at.context.choice}`
  return call.id ?? `call_${at.context.sequence}_${at.index}${choice}`
}

function choiceCount(body: JsonObject): number {
  return typeof body['n'] === 'number' ? body['n'] : 1
}

function usage(answer: ResolvedAnswer): JsonObject {
  const { input, output, cached, cacheWrite, reasoning } = answer.usage
  return {
    prompt_tokens: input,
    completion_tokens: output,
    total_tokens: input + output,
    prompt_tokens_details: {
      cached_tokens: cached ?? 0,
      audio_tokens: 0,
      ...(cacheWrite === undefined ? {} : { cache_write_tokens: cacheWrite }),
    },
    completion_tokens_details: {
      reasoning_tokens: reasoning ?? 0,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  }
}
