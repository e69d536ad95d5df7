import type { JsonObject } from '../../model/json-object.ts'
import type { RenderContext } from '../../model/stream.ts'
import type { Answer, AnswerChoice } from '../../model/events.ts'
import { renderCall, renderPart } from './answer-part.ts'
import { renderFinish } from './finish.ts'
import { renderGrounding } from './grounding.ts'
import { renderLogprobs } from './logprobs.ts'
import { renderUsage } from './usage.ts'

/**
 * A whole answer as a GenerateContentResponse. Parts only another dialect understands are left out.
 */
export function renderAnswer(answer: Answer, context: RenderContext): JsonObject {
  return {
    candidates: answer.choices.map(renderCandidate),
    ...(answer.usage === undefined ? {} : { usageMetadata: renderUsage(answer.usage) }),
    modelVersion: answer.model ?? context.model,
    responseId: answer.id ?? context.requestId,
  }
}

/**
 * Clients look into `content.parts` of every candidate, so there is one even where the model said
 * nothing.
 */
const SILENCE: readonly JsonObject[] = [{ text: '' }]

function renderCandidate(
  { parts: given, finish, logprobs, annotations = [] }: AnswerChoice,
  index: number,
): JsonObject {
  const parts: JsonObject[] = []
  let malformedCall: string | undefined
  let text = ''
  for (const part of given) {
    const rendered = part.type === 'tool-call' ? renderCall(part) : renderPart(part)
    if (rendered !== undefined) parts.push(rendered)
    else if (part.type === 'tool-call') malformedCall = part.name
    if (part.type === 'text') text += part.text
  }
  const grounding = renderGrounding(annotations, text)
  const logprobsResult = renderLogprobs(logprobs)
  return {
    content: { parts: parts.length === 0 ? SILENCE : parts, role: 'model' },
    ...renderFinish(finish, malformedCall),
    index,
    ...(grounding === undefined ? {} : { groundingMetadata: grounding }),
    ...(logprobsResult === undefined ? {} : { logprobsResult }),
  }
}
