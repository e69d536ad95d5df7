import { GatewayError } from '../../../errors.ts'
import type { JsonObject } from '../../model/json-object.ts'
import { USAGE_GRACE_MS } from '../../model/call.ts'
import type { Finish } from '../../model/finish.ts'
import { isObject, asList, asObjects, asText } from '../../wire/json.ts'
import { foreignError } from '../../wire/foreign-error.ts'
import { errorInAnswer } from './errors.ts'
import { blockedPrompt, brokenCandidate, mapFinishReason, finishWord } from './finish.ts'

interface ObservedCandidate {
  hasCalls: boolean
  /** A client has something to show. */
  hasContent: boolean
  finished: boolean
}

/** Observes a forwarded answer: whether it ended, and how. */
export class AnswerObserver {
  readonly finishes: Finish[] = []
  readonly #provider: string
  readonly #candidates = new Map<number, ObservedCandidate>()
  #blocked = false
  /** Content came after a finish reason: some services write one into every chunk. */
  #hasFalseEnd = false

  constructor(provider: string) {
    this.#provider = provider
  }

  /** Every candidate seen has ended, or the prompt was refused. */
  get complete(): boolean {
    if (this.#blocked) return true
    // Asked for every event of a stream.
    for (const candidate of this.#candidates.values()) if (!candidate.finished) return false
    return this.#candidates.size > 0
  }

  /** The API has no last event: after the finish reasons only usage and grounding may follow. */
  get endGraceMs(): number | undefined {
    return this.complete && !this.#hasFalseEnd ? USAGE_GRACE_MS : undefined
  }

  /** Chunks of the first candidate went by unread. */
  noteContent(): void {
    this.#candidate(0).hasContent = true
    if (this.#candidate(0).finished) this.#hasFalseEnd = true
  }

  /** Looks at a chunk. Gives back the error it carries; a whole answer is one chunk. */
  observe(chunk: JsonObject): GatewayError | undefined {
    const { error, candidates, promptFeedback } = chunk
    if (error !== undefined && error !== null && error !== true)
      return errorInAnswer(error, this.#provider)
    const foreign =
      candidates === undefined || candidates === null
        ? foreignError(chunk, this.#provider)
        : undefined
    if (foreign !== undefined) return foreign
    for (const [position, candidate] of asList(candidates).entries()) {
      const broken = isObject(candidate) ? this.#observe(candidate, position) : undefined
      if (broken !== undefined) return broken
    }
    const blocked =
      this.#blocked || this.#candidates.size > 0 ? undefined : blockedPrompt(promptFeedback)
    if (blocked !== undefined) {
      this.#blocked = true
      this.finishes.push(blocked)
    }
    return undefined
  }

  /**
   * A whole answer has ended, whether it says so or not. Throws `upstream_invalid` for one that
   * says nothing.
   */
  finishWhole({ candidates }: JsonObject): void {
    for (const candidate of asList(candidates)) {
      if (
        isObject(candidate) &&
        (finishWord(candidate['finishReason']) !== undefined || partsOf(candidate).length > 0)
      )
        continue
      throw new GatewayError(
        'upstream_invalid',
        `${this.#provider} sent a candidate without content or finish reason.`,
      )
    }
    if (!this.#blocked && this.#candidates.size === 0) {
      throw new GatewayError(
        'upstream_invalid',
        `${this.#provider} sent an answer without content or finish reason.`,
      )
    }
    for (const candidate of this.#candidates.values()) {
      if (!candidate.finished)
        this.finishes.push({ reason: candidate.hasCalls ? 'tool_calls' : 'stop' })
    }
  }

  #observe(candidate: JsonObject, position: number): GatewayError | undefined {
    const { index } = candidate
    const state = this.#candidate(typeof index === 'number' ? index : position)
    // A call and the end of its turn come in different chunks.
    state.hasCalls ||= partsOf(candidate).some((part) => isObject(part['functionCall']))
    state.hasContent ||= partsOf(candidate).some(isShown)
    if (state.finished && hasContent(candidate)) this.#hasFalseEnd = true
    const word = finishWord(candidate['finishReason'])
    if (word === undefined || state.finished) return undefined
    state.finished = true
    const broken = state.hasContent
      ? undefined
      : brokenCandidate(word, candidate['finishMessage'], this.#provider)
    if (broken !== undefined) return broken
    this.finishes.push(mapFinishReason(word, state.hasCalls, candidate['finishMessage']))
    return undefined
  }

  #candidate(index: number): ObservedCandidate {
    let candidate = this.#candidates.get(index)
    if (candidate === undefined) {
      candidate = { hasCalls: false, hasContent: false, finished: false }
      this.#candidates.set(index, candidate)
    }
    return candidate
  }
}

/**
 * Whether a candidate of a chunk holds a part of the answer: an empty text is none, its signature
 * is.
 */
export function hasContent(candidate: JsonObject): boolean {
  return partsOf(candidate).some(
    (part) =>
      asText(part['text']) !== undefined ||
      Object.keys(part).some((field) => field !== 'text' && field !== 'thought'),
  )
}

/** Text that is no thought, a call, or media: a signature alone shows nothing. */
function isShown(part: JsonObject): boolean {
  if (part['thought'] === true) return false
  return (
    asText(part['text']) !== undefined ||
    Object.keys(part).some(
      (field) => field !== 'text' && field !== 'thought' && field !== 'thoughtSignature',
    )
  )
}

function partsOf({ content }: JsonObject): JsonObject[] {
  return isObject(content) ? asObjects(content['parts']) : []
}
