import type { FinishReason, ResolvedAnswer, ResolvedToolCall } from '../answer.ts'
import { type JsonObject, objectIn, parseObject } from '../json.ts'
import type { RenderContext, RenderedEvent } from './dialect.ts'

/** A `GenerateContentResponse`. */
export function renderGeneration(answer: ResolvedAnswer, context: RenderContext): JsonObject {
  const parts = [
    ...(answer.reasoning === undefined || answer.reasoning.text.length === 0
      ? []
      : [{ text: answer.reasoning.text.join(''), thought: true }]),
    ...(answer.text.length === 0 ? [] : [signedText(answer)]),
    ...answer.toolCalls.map((call, index) => functionCallPart(answer, { call, index })),
  ]
  const candidates = []
  for (let index = 0; index < candidateCount(context.body); index++) {
    candidates.push({
      ...(parts.length === 0 ? {} : { content: { parts, role: 'model' } }),
      finishReason: finishWord(answer),
      index,
    })
  }
  return {
    candidates,
    ...tail(answer, { context, spoken: answer.usage.output - (answer.usage.reasoning ?? 0) }),
  }
}

/**
 * The events of a stream: one per fragment, a function call whole in one, the finish with an empty
 * text part; token counts so far on every event, CRLF line ends. There is no end marker.
 */
export function renderGenerationEvents(
  answer: ResolvedAnswer,
  context: RenderContext,
): RenderedEvent[] {
  const parts = [...streamParts(answer)]
  const total = answer.usage.output - (answer.usage.reasoning ?? 0)
  const events: RenderedEvent[] = []
  const push = (kind: RenderedEvent['kind'], candidate: JsonObject): void => {
    const spoken =
      kind === 'finish' ? total : Math.floor((total * (events.length + 1)) / (parts.length + 1))
    const body = { candidates: [candidate], ...tail(answer, { context, spoken }) }
    events.push({ kind, text: `data: ${JSON.stringify(body)}\r\n\r\n` })
  }
  for (let index = 0; index < candidateCount(context.body); index++) {
    for (const part of parts) push('content', { content: { parts: [part], role: 'model' }, index })
    push('finish', {
      content: { parts: [lastPart(answer)], role: 'model' },
      finishReason: finishWord(answer),
      index,
    })
  }
  return events
}

function* streamParts(answer: ResolvedAnswer): Generator<JsonObject> {
  for (const text of answer.reasoning?.text ?? []) yield { text, thought: true }
  for (const text of answer.text) yield { text }
  for (const [index, call] of answer.toolCalls.entries())
    yield functionCallPart(answer, { call, index })
}

/** The signature of a turn sits on its first function call; without one it ends the text. */
function functionCallPart(
  answer: ResolvedAnswer,
  at: { call: ResolvedToolCall; index: number },
): JsonObject {
  const signature = at.call.signature ?? (at.index === 0 ? answer.reasoning?.signature : undefined)
  return {
    functionCall: functionCall(at.call),
    ...(signature === undefined ? {} : { thoughtSignature: signature }),
  }
}

/** A call without arguments has no `args` at all. */
function functionCall(call: ResolvedToolCall): JsonObject {
  const text = call.fragments.join('')
  const args = parseObject(text)
  if (args === undefined)
    throw new TypeError(
      `Gemini sends arguments as an object; those of ${call.name} are no JSON object: ${text}`,
    )
  return {
    name: call.name,
    ...(Object.keys(args).length === 0 ? {} : { args }),
    ...(call.id === undefined ? {} : { id: call.id }),
  }
}

function signedText(answer: ResolvedAnswer): JsonObject {
  const signature = answer.toolCalls.length === 0 ? answer.reasoning?.signature : undefined
  return {
    text: answer.text.join(''),
    ...(signature === undefined ? {} : { thoughtSignature: signature }),
  }
}

function lastPart(answer: ResolvedAnswer): JsonObject {
  const signature = answer.toolCalls.length === 0 ? answer.reasoning?.signature : undefined
  return { text: '', ...(signature === undefined ? {} : { thoughtSignature: signature }) }
}

const finishWords: Readonly<Record<FinishReason, string>> = {
  stop: 'STOP',
  tool_calls: 'STOP',
  length: 'MAX_TOKENS',
  content_filter: 'SAFETY',
}

function finishWord(answer: ResolvedAnswer): string {
  return answer.nativeFinish ?? finishWords[answer.finish]
}

function candidateCount(body: JsonObject): number {
  const count = objectIn(body['generationConfig'])['candidateCount']
  return typeof count === 'number' ? count : 1
}

/** `candidatesTokenCount` leaves out thoughts, the prompt's count includes what the cache read. */
function tail(answer: ResolvedAnswer, at: { context: RenderContext; spoken: number }): JsonObject {
  const { input, cached, reasoning } = answer.usage
  return {
    usageMetadata: {
      promptTokenCount: input,
      candidatesTokenCount: at.spoken,
      totalTokenCount: input + at.spoken + (reasoning ?? 0),
      ...(cached === undefined ? {} : { cachedContentTokenCount: cached }),
      promptTokensDetails: [{ modality: 'TEXT', tokenCount: input }],
      ...(reasoning === undefined ? {} : { thoughtsTokenCount: reasoning }),
    },
    modelVersion: answer.model ?? at.context.model,
    responseId: `response-${at.context.sequence}`,
  }
}
