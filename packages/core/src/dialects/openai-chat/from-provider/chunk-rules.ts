import { GatewayError } from '../../../errors.ts'
import { longCacheWrites } from '../../wire/cache-write-split.ts'
import type { JsonObject } from '../../model/json-object.ts'
import { type Finish, type FinishReason, unknownFinish } from '../../model/finish.ts'
import type { SseFrame } from '../../wire/sse.ts'
import { upstreamError } from '../../wire/upstream-error.ts'
import { tokenCount, type Usage, withinInput } from '../../model/usage.ts'
import { foreignError, reportsSuccess, statusOfMessage } from '../../wire/foreign-error.ts'
import { errorFactsOf, statusOfWord } from './error-facts.ts'
import { asList, asObject, parseObject, asText } from '../../wire/json.ts'

/**
 * The usage a whole answer or one chunk carries, in our accounting; `undefined` when it carries
 * none.
 */
export function mapUsage(body: JsonObject): Usage | undefined {
  const native =
    asObject(body.usage) ?? asObject(asObject(body.x_groq)?.usage) ?? usageInChoice(body)
  if (native === undefined) return undefined
  const input = tokenCount(native.prompt_tokens)
  const completion = tokenCount(native.completion_tokens)
  if (input === undefined && completion === undefined) return undefined
  const inputTokens = input ?? 0
  const promptDetails = asObject(native.prompt_tokens_details)
  const reasoning =
    tokenCount(asObject(native.completion_tokens_details)?.reasoning_tokens) ??
    tokenCount(native.reasoning_tokens)
  const outputTokens = outputWithReasoning({
    inputTokens,
    completion: completion ?? 0,
    reasoning,
    total: native.total_tokens,
  })
  const cached =
    tokenCount(promptDetails?.cached_tokens) ??
    tokenCount(native.cached_tokens) ??
    tokenCount(native.num_cached_tokens) ??
    tokenCount(native.prompt_cache_hit_tokens)
  const cacheWrite =
    tokenCount(promptDetails?.cache_write_tokens) ??
    tokenCount(promptDetails?.cache_creation_input_tokens)
  return withinInput({
    inputTokens,
    outputTokens,
    cachedTokens: cached,
    cacheWriteTokens: cacheWrite,
    longCacheWriteTokens: longCacheWrites(native, cacheWrite),
    reasoningTokens: atMost(reasoning, outputTokens),
    native,
  })
}

/** Some services put the usage of a stream beside the delta. */
function usageInChoice(body: JsonObject): JsonObject | undefined {
  return asObject(asObject(asList(body.choices)[0])?.usage)
}

/**
 * OpenAI counts reasoning inside `completion_tokens`; some services count it beside. Their own
 * total says which: a service that counts beside bills prompt + completion + reasoning.
 */
function outputWithReasoning(counts: {
  inputTokens: number
  completion: number
  reasoning: number | undefined
  total: unknown
}): number {
  const { inputTokens, completion, reasoning = 0, total } = counts
  return total === inputTokens + completion + reasoning ? completion + reasoning : completion
}

/**
 * A detail larger than its total is a provider's slip; it would make a negative remainder in every
 * price.
 */
function atMost(count: number | undefined, total: number): number | undefined {
  return count === undefined ? undefined : Math.min(count, total)
}

/**
 * The error a body with status 200 carries: a whole answer, a chunk, or what came in its place.
 * `undefined` for an answer, also for one whose `error` is `null`.
 */
export function errorOf(body: JsonObject, provider: string): GatewayError | undefined {
  const choices = Array.isArray(body.choices) ? body.choices : undefined
  if (choices !== undefined && !body.error)
    return (
      errorInChoices(choices, provider) ??
      (choices.length === 0 ? foreignError(body, provider) : undefined)
    )
  const facts = !body.error && reportsSuccess(body) ? undefined : errorFactsOf(body)
  if (facts === undefined) return foreignError(body, provider)
  const {
    status = facts.providerCode === undefined
      ? statusOfMessage(facts.message)
      : statusOfWord(facts.providerCode),
    ...rest
  } = facts
  return upstreamError({ ...rest, status, provider })
}

/** The error of an event named `error`, whose data need not be JSON. */
export function reportedError(frame: SseFrame, provider: string): GatewayError {
  const body = parseObject(frame.data)
  const facts =
    body === undefined
      ? { error: frame.data }
      : body.error === undefined || body.error === null
        ? { error: body }
        : body
  return (
    errorOf(facts, provider) ??
    new GatewayError('provider_error', `${provider} reported an error without describing it.`, {
      provider,
    })
  )
}

function errorInChoices(choices: readonly unknown[], provider: string): GatewayError | undefined {
  for (const item of choices) {
    const choice = asObject(item)
    if (choice === undefined) continue
    const facts = choice.error ? errorFactsOf(choice) : undefined
    const word = brokenWord(choice.finish_reason) ?? brokenWord(choice.native_finish_reason)
    if (facts === undefined && word === undefined) continue
    const code = facts?.providerCode ?? word
    return upstreamError({
      message: facts?.message ?? `the answer ended with "${word}"`,
      providerCode: code,
      status: facts?.status ?? (code === undefined ? 500 : statusOfWord(code)),
      provider,
    })
  }
  return undefined
}

function brokenWord(value: unknown): string | undefined {
  return typeof value === 'string' && BROKEN.test(value) ? value : undefined
}

/** Words for "it broke": never an end a client may take for a whole answer. */
const BROKEN =
  /error|malformed|^(?:failed|failure|fail|abort|aborted|cancelled|canceled|cancel|timeout|timed_out|interrupted|insufficient_system_resource|unexpected_tool_call|too_many_tool_calls|missing_thought_signature|no_image)$/i

const finishes: Readonly<Record<string, FinishReason>> = {
  stop: 'stop',
  stopped: 'stop',
  stop_sequence: 'stop',
  stop_token: 'stop',
  eos: 'stop',
  eos_token: 'stop',
  eot: 'stop',
  end: 'stop',
  end_turn: 'stop',
  end_of_turn: 'stop',
  pause_turn: 'stop',
  complete: 'stop',
  completed: 'stop',
  done: 'stop',
  finish: 'stop',
  finished: 'stop',
  normal: 'stop',
  success: 'stop',
  length: 'length',
  tool_calls: 'tool_calls',
  content_filter: 'content_filter',
  function_call: 'tool_calls',
  tool_use: 'tool_calls',
  tool_call: 'tool_calls',
  'tool-calls': 'tool_calls',
  function_calls: 'tool_calls',
  max_tokens: 'length',
  max_output_tokens: 'length',
  max_new_tokens: 'length',
  max_length: 'length',
  max_completion_tokens: 'length',
  token_limit: 'length',
  context_length: 'length',
  model_length: 'length',
  model_context_window_exceeded: 'length',
  sensitive: 'content_filter',
  safety: 'content_filter',
  refusal: 'content_filter',
  recitation: 'content_filter',
  prohibited_content: 'content_filter',
  blocklist: 'content_filter',
}

/**
 * Why a choice ended. `''`, `null` and absent say that it has not; so do words for a failure, which
 * `errorOf` reports. A word outside OpenAI's four is kept as `native`.
 */
export function mapFinishReason(value: unknown): Finish | undefined {
  switch (value) {
    case 'stop':
    case 'length':
    case 'tool_calls':
    case 'content_filter':
      return { reason: value }
    default:
  }
  const word = asText(value)
  if (word === undefined || BROKEN.test(word)) return undefined
  const known = word.toLowerCase()
  return Object.hasOwn(finishes, known)
    ? { reason: finishes[known] as FinishReason, native: word }
    : unknownFinish(word)
}
