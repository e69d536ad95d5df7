import { GatewayError, toGatewayError } from '../../../errors.ts'
import { type CallContext, USAGE_GRACE_MS } from '../../model/call.ts'
import type { JsonObject } from '../../model/json-object.ts'
import type { StreamReader } from '../../model/stream.ts'
import type { StreamEvent } from '../../model/events.ts'
import { foreignError } from '../../wire/foreign-error.ts'
import type { SseFrame } from '../../wire/sse.ts'
import { CandidateReader } from './candidate.ts'
import { errorInAnswer } from './errors.ts'
import { blockedPrompt } from './finish.ts'
import { isObject, parseJson, asText } from '../../wire/json.ts'
import { readUsage } from './usage.ts'

const NOTHING: readonly StreamEvent[] = []

/**
 * Reads an answer: the chunks of a stream, or the one chunk that a whole answer is. Both have the
 * same shape and go through the same code, so their meaning cannot differ.
 */
export class AnswerReader implements StreamReader {
  readonly #call: CallContext
  readonly #candidates: CandidateReader[] = []
  #started = false
  #blocked = false
  #failed = false
  /** Content came after a finish reason: some services write one into every chunk. */
  #hasFalseEnd = false

  constructor(call: CallContext) {
    this.#call = call
  }

  /** Every candidate seen has ended, or the prompt was refused. */
  get complete(): boolean {
    if (this.#failed) return false
    if (this.#blocked) return true
    let seen = false
    for (const candidate of this.#candidates) {
      if (candidate === undefined) continue
      if (!candidate.finished) return false
      seen = true
    }
    return seen
  }

  /** The API has no last event: after the finish reasons only usage and grounding may follow. */
  get endGraceMs(): number | undefined {
    return this.complete && !this.#hasFalseEnd ? USAGE_GRACE_MS : undefined
  }

  read(frame: SseFrame): readonly StreamEvent[] {
    const { data, event } = frame
    if (this.#failed || data === '' || data === '[DONE]') return NOTHING
    const parsed = parseJson(data)
    if (parsed === undefined) {
      if (event === 'error') return this.#fail(errorInAnswer(data, this.#call.provider))
      return this.#fail(
        new GatewayError(
          'upstream_invalid',
          `${this.#call.provider} sent a stream event that is no JSON.`,
        ),
      )
    }
    const chunk = parsed.value
    if (!isObject(chunk)) {
      return this.#fail(
        new GatewayError(
          'upstream_invalid',
          `${this.#call.provider} sent a stream event that is no JSON object.`,
        ),
      )
    }
    return this.readChunk(chunk, event)
  }

  /** The events of one chunk; `event` is the name of its SSE event, if it had one. */
  readChunk(chunk: JsonObject, event?: string): readonly StreamEvent[] {
    const { error, candidates } = chunk
    if (error !== undefined && error !== null && error !== true)
      return this.#fail(errorInAnswer(error, this.#call.provider))
    if (event === 'error') return this.#fail(errorInAnswer(chunk, this.#call.provider))
    const foreign =
      candidates === undefined || candidates === null
        ? foreignError(chunk, this.#call.provider)
        : undefined
    if (foreign !== undefined) return this.#fail(foreign)
    const events: StreamEvent[] = []
    if (!this.#started) this.#start(chunk, events)
    if (Array.isArray(candidates) && candidates.length > 0) {
      try {
        for (let at = 0; at < candidates.length; at++) this.#candidate(candidates[at], at, events)
      } catch (failure) {
        this.#failed = true
        events.push({ type: 'error', error: toGatewayError(failure) })
        return events
      }
    } else if (chunk['promptFeedback'] !== undefined) {
      this.#promptFeedback(chunk['promptFeedback'], events)
    }
    const usage = readUsage(chunk['usageMetadata'])
    if (usage !== undefined) events.push({ type: 'usage', usage })
    return events
  }

  #start(chunk: JsonObject, events: StreamEvent[]): void {
    this.#started = true
    const created = Date.parse(asText(chunk['createTime']) ?? '')
    events.push({
      type: 'start',
      id: asText(chunk['responseId']),
      model: asText(chunk['modelVersion']),
      created: Number.isNaN(created) ? undefined : Math.floor(created / 1000),
    })
  }

  #candidate(candidate: unknown, position: number, events: StreamEvent[]): void {
    if (!isObject(candidate)) return
    const { index } = candidate
    const choice =
      typeof index === 'number' && Number.isInteger(index) && index >= 0 && index < MAX_CANDIDATES
        ? index
        : position
    const reader = (this.#candidates[choice] ??= new CandidateReader(choice, this.#call))
    const wasFinished = reader.finished
    const before = events.length
    reader.read(candidate, events)
    if (wasFinished && events.length > before) this.#hasFalseEnd = true
  }

  #promptFeedback(feedback: unknown, events: StreamEvent[]): void {
    const finish = blockedPrompt(feedback)
    if (finish === undefined || this.#candidates.length > 0 || this.#blocked) return
    this.#blocked = true
    events.push({ type: 'finish', choice: 0, finish })
  }

  #fail(error: GatewayError): readonly StreamEvent[] {
    this.#failed = true
    return [{ type: 'error', error }]
  }
}

/** More than the API gives; an index beyond is nonsense. */
const MAX_CANDIDATES = 128
