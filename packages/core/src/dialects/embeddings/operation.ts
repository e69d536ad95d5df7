import { GatewayError } from '../../errors.ts'
import type { ClientRequest } from '../model/request.ts'
import type { JsonObject } from '../model/json-object.ts'
import type { RelayedAnswer } from '../model/relay.ts'
import { estimateTextTokens } from '../tokens/estimate-tokens.ts'
import { invalid } from '../model/invalid.ts'
import { asObject } from '../wire/json.ts'
import type { Operation, OperationContext, OperationTarget } from '../model/operation.ts'
import type { Translation } from '../translation/translation.ts'
import { tokenCount, type Usage } from '../model/usage.ts'
import type { EmbeddingFormat, EmbeddingsAnswer, EmbeddingsCall } from './format.ts'
import { type EmbeddingInput, type EmbeddingsRequest, parseEmbeddings } from './request.ts'
import { encode, isEncodedAs, type Vector } from './vector.ts'

/** OpenAI's limit on inputs: a target that takes one input per call gets as many calls. */
const MAX_INPUTS = 2048

/** A request for embeddings in OpenAI's words, for every target that has embeddings. */
export function readEmbeddings(request: ClientRequest): Operation {
  const asked = parseEmbeddings(request)
  const texts = (): string[] =>
    asked.inputs.map((input) => (typeof input === 'string' ? input : JSON.stringify(input)))
  return {
    model: asked.model,
    stream: false,
    json: () => request,
    estimateInput: () => estimateTextTokens(texts()),
    translationFor: (target, context) => translationTo(asked, target, context),
  }
}

function translationTo(
  asked: EmbeddingsRequest,
  target: OperationTarget,
  { dropUnsupported }: OperationContext,
): Translation {
  const { provider, model } = target
  const api = target.dialects[0]
  const format = api?.embeddings?.(model, provider.quirks)
  if (api === undefined || format === undefined)
    throw new GatewayError(
      'unsupported_content',
      `${provider.name} serves no embeddings of ${model}.`,
      { provider: provider.name, param: 'model' },
    )
  const call: EmbeddingsCall = {
    api,
    provider: provider.name,
    model,
    quirks: provider.quirks,
    dropUnsupported,
  }
  const { maxInputs = Number.POSITIVE_INFINITY } = format
  if (asked.inputs.length <= maxInputs) return inOneCall({ asked, format, call })
  if (asked.inputs.length > MAX_INPUTS)
    throw invalid('input', `a list of at most ${MAX_INPUTS} for ${provider.name}`, asked.inputs)
  return inSeveralCalls({ asked, format, call }, maxInputs)
}

interface Asking {
  readonly asked: EmbeddingsRequest
  readonly format: EmbeddingFormat
  readonly call: EmbeddingsCall
}

function inOneCall(asking: Asking): Translation {
  return translationWith(asking, (answer, bytes) => answerFrom(asking, answer, bytes))
}

/** Each call answers with its share of the vectors; together they are the answer. */
function inSeveralCalls(asking: Asking, size: number): Translation {
  const { asked } = asking
  const shares: EmbeddingsAnswer[] = []
  const batches = Array.from({ length: Math.ceil(asked.inputs.length / size) }, (_, at) => ({
    ...asked,
    inputs: asked.inputs.slice(at * size, (at + 1) * size),
  }))
  const parts = batches.map((batch, at) =>
    translationWith({ ...asking, asked: batch }, (answer) => {
      shares[at] = answer
      return { body: '', usage: answer.usage, finishes: [] }
    }),
  )
  return {
    ...inOneCall(asking),
    several: {
      parts,
      join: () =>
        answerFrom(asking, {
          vectors: shares.flatMap(({ vectors }) => vectors),
          usage: sumOf(shares),
        }),
    },
  }
}

function translationWith(
  { asked, format, call }: Asking,
  answerOf: (answer: EmbeddingsAnswer, bytes: Uint8Array) => RelayedAnswer,
): Translation {
  return {
    answer: 'json',
    accept: 'application/json',
    contentType: 'application/json',
    buildRequest: () => format.buildRequest(asked, call),
    readAnswer(body, bytes) {
      const answer = format.readAnswer(body, call)
      const { length } = answer.vectors
      const missing = asked.inputs.findIndex((_, at) => answer.vectors[at] === undefined)
      if (missing !== -1 || length !== asked.inputs.length) {
        throw new GatewayError(
          'upstream_invalid',
          `${call.provider} answered ${asked.inputs.length} inputs with ${missing === -1 ? `${length} vectors` : `no vector for input ${missing}`}.`,
        )
      }
      return answerOf(answer, bytes)
    },
    openStream() {
      throw new TypeError('Embeddings do not stream.')
    },
    readError: (response) => call.api.providerSide.readError(response),
  }
}

/** Sum of the calls' usage; absent when one of them reported none. */
function sumOf(shares: readonly EmbeddingsAnswer[]): Usage | undefined {
  const inputTokens = shares.map(({ usage }) => usage?.inputTokens)
  return inputTokens.every((count) => count !== undefined)
    ? { inputTokens: inputTokens.reduce((sum, count) => sum + count, 0), outputTokens: 0 }
    : undefined
}

/** The provider's own bytes when they answer in the requested form. */
function answerFrom(
  { asked, call }: Asking,
  { vectors, usage, native }: EmbeddingsAnswer,
  bytes?: Uint8Array,
): RelayedAnswer {
  const found = vectors.filter((vector): vector is Vector => vector !== undefined)
  const isAsAsked =
    bytes !== undefined &&
    native !== undefined &&
    isAsClientsKnowIt(native) &&
    found.every((vector) => isEncodedAs(vector, asked.encoding))
  const body = isAsAsked ? bytes : JSON.stringify(render(found, { asked, call, usage, native }))
  return { body, usage, finishes: [] }
}

function isAsClientsKnowIt({ object, usage }: JsonObject): boolean {
  return object === 'list' && tokenCount(asObject(usage)?.prompt_tokens) !== undefined
}

interface Rendering {
  readonly asked: EmbeddingsRequest
  readonly call: EmbeddingsCall
  readonly usage: Usage | undefined
  readonly native: JsonObject | undefined
}

function render(vectors: readonly Vector[], { asked, call, usage, native }: Rendering): JsonObject {
  const tokens = usage?.inputTokens ?? estimate(asked.inputs)
  return {
    ...native,
    object: 'list',
    data: vectors.map((vector, index) => ({
      object: 'embedding',
      index,
      embedding: encode(vector, asked.encoding),
    })),
    model: native?.model ?? call.model,
    // Required by the clients' types. Where the provider does not count, what the record says stays
    // empty and this is an estimate.
    usage: { ...asObject(native?.usage), prompt_tokens: tokens, total_tokens: tokens },
  }
}

function estimate(inputs: readonly EmbeddingInput[]): number {
  const tokens = inputs.reduce(
    (sum, input) => sum + (input.kind === 'tokens' ? input.tokens.length : 0),
    0,
  )
  return (
    tokens + estimateTextTokens(inputs.map((input) => (input.kind === 'text' ? input.text : '')))
  )
}
