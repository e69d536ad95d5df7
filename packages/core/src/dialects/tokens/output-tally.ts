import type { StreamEvent } from '../model/events.ts'
import type { JsonObject } from '../model/json-object.ts'
import type { ReasoningSeen } from '../model/stream.ts'
import { asList, asObject, asText, parseObject, textOfValue } from '../wire/json.ts'
import { estimateTextTokens } from './estimate-tokens.ts'

/** Text is estimated in pieces of this length: shorter ones cost more CPU for the same answer. */
const BATCH_CHARACTERS = 512
/** Compressed speech as most models count it. */
const AUDIO_BYTES_PER_TOKEN = 500

/**
 * Estimates the output tokens of a stream from its content: text, reasoning, refusals, tool
 * arguments, transcripts. A fragment is at least one token at its provider, so the estimate is
 * never below the number of fragments.
 */
export class OutputTally {
  #fragments = 0
  #tokens = 0
  #batch = ''
  #batchTokens: number | undefined
  #showsReasoning = false
  #concealsReasoning = false

  /** Counts one fragment of output. */
  add(text: string): void {
    if (text === '') return
    this.#fragments += 1
    this.#batch += text
    this.#batchTokens = undefined
    if (this.#batch.length < BATCH_CHARACTERS) return
    this.#tokens += estimateTextTokens([this.#batch])
    this.#batch = ''
  }

  /** Counts the content of a parsed event. */
  take(event: StreamEvent): void {
    if (event.type === 'reasoning-signature') this.#conceal(event.redacted === true)
    else if ('text' in event) {
      if (event.type === 'reasoning') this.#showsReasoning = true
      this.add(event.text)
    } else if (event.type === 'tool-call') this.add(event.name)
    else if (event.type === 'part') this.#addValue('part', event.part)
  }

  /**
   * Counts the content of a raw event, in any dialect: every string in a place for fragments of an
   * answer. Unlike `take` it also counts content that a reader holds back until it is complete.
   */
  read(data: string): void {
    const body = parseObject(data)
    if (body === undefined) return
    for (const choice of asList(body['choices'])) {
      const { delta, text } = asObject(choice) ?? {}
      this.#addValue('delta', delta ?? text)
    }
    for (const candidate of asList(body['candidates']))
      this.#addValue('content', asObject(candidate)?.['content'])
    if (AUDIO_EVENT.test(asText(body['type']) ?? ''))
      return this.#addMedia(asText(body['delta'] ?? body['audio']) ?? '')
    for (const field of FRAGMENT_FIELDS) this.#addValue(field, body[field])
  }

  /** Estimated tokens of everything counted so far. */
  get tokens(): number {
    if (this.#batch !== '') this.#batchTokens ??= estimateTextTokens([this.#batch])
    return Math.max(this.#fragments, this.#tokens + (this.#batchTokens ?? 0))
  }

  get reasoningSeen(): ReasoningSeen {
    return this.#concealsReasoning ? 'concealed' : this.#showsReasoning ? 'shown' : undefined
  }

  #conceal(isRedacted: boolean): void {
    if (isRedacted || !this.#showsReasoning) this.#concealsReasoning = true
  }

  #addValue(field: string, value: unknown, depth = 0): void {
    if (typeof value === 'string') {
      if (REASONING_FIELD.test(field)) this.#showsReasoning = true
      this.add(value)
    } else if (typeof value !== 'object' || value === null || depth > DEEPEST) return
    else if (Array.isArray(value)) for (const item of value) this.#addValue(field, item, depth + 1)
    else if (field === 'args') this.#addArguments(value as JsonObject, depth)
    else this.#addObject(value as JsonObject, depth)
  }

  #addObject(value: JsonObject, depth: number): void {
    const type = asText(value['type']) ?? ''
    // The result of a tool that the provider ran is input of the model, not output.
    if (type.endsWith('_result')) return
    if (type === 'redacted_thinking') this.#conceal(true)
    if (value['thought'] === true) this.#showsReasoning = true
    for (const [name, inner] of Object.entries(value)) {
      if (inner === null || inner === '') continue
      if (SIGNATURE_FIELD.test(name)) this.#conceal(REDACTED_FIELD.test(name))
      else if (name === 'data' && typeof inner === 'string') this.#addMedia(inner)
      else if (!LABEL_FIELDS.has(name)) this.#addValue(name, inner, depth + 1)
    }
  }

  /**
   * Arguments that come as an object were written by the model with their names, numbers and all.
   */
  #addArguments(value: JsonObject, depth: number): void {
    for (const [name, inner] of Object.entries(value)) {
      this.add(name)
      if (typeof inner === 'object' && inner !== null && !Array.isArray(inner)) {
        if (depth < DEEPEST) this.#addArguments(inner as JsonObject, depth + 1)
      } else if (Array.isArray(inner)) this.#addValue('args', inner, depth + 1)
      else this.add(textOfValue(inner))
    }
  }

  #addMedia(base64: string): void {
    this.#tokens += Math.ceil((base64.length * 3) / 4 / AUDIO_BYTES_PER_TOKEN)
  }
}

/** Deeper values are not looked at: an event may nest as deep as it is long. */
const DEEPEST = 32
/**
 * Where dialects without a list of choices put fragments: Messages, Converse and Responses; the
 * start of a block holds the name of a tool.
 */
const FRAGMENT_FIELDS = ['delta', 'content_block', 'start'] as const
/** Sound in base64: its transcript has events of its own. */
const AUDIO_EVENT = /audio\.delta$/
const REASONING_FIELD = /reasoning|thinking|thought/i
const SIGNATURE_FIELD = /signature|encrypted|redacted/i
const REDACTED_FIELD = /redacted/i
/** Fields that label a fragment and are no output of the model. */
const LABEL_FIELDS: ReadonlySet<string> = new Set([
  'type',
  'id',
  'call_id',
  'toolUseId',
  'tool_use_id',
  'role',
  'stop_reason',
  'stop_sequence',
  'finish_reason',
  'object',
  'status',
  'mimeType',
  'format',
  'citations',
  'annotations',
  'container',
  'stop_details',
])
