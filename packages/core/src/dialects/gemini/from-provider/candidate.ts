import { GatewayError } from '../../../errors.ts'
import type { Part } from '../../model/conversation.ts'
import type { CallContext } from '../../model/call.ts'
import type { JsonObject } from '../../model/json-object.ts'
import type { StreamEvent } from '../../model/events.ts'
import { ArgumentWriter } from './argument-stream.ts'
import { readCitations } from './citations.ts'
import { brokenCandidate, mapFinishReason, finishWord } from './finish.ts'
import { isObject, asList, asText } from '../../wire/json.ts'
import { readLogprobs } from './logprobs.ts'
import { INVENTED_ID_PREFIX, ORIGIN } from '../to-provider/tool-history.ts'

/** A function call whose arguments are still coming. */
interface OpenCall {
  readonly index: number
  /** The provider's own id, if it gave one. */
  readonly id: string | undefined
  readonly arguments: ArgumentWriter
}

/** One candidate of an answer, read chunk by chunk. */
export class CandidateReader {
  /** It has a finish reason. */
  finished = false
  readonly #choice: number
  readonly #call: CallContext
  #calls = 0
  /** A client has something to show: text, a call, or media. */
  #hasContent = false
  #openCall: OpenCall | undefined
  /** The visible text so far, to place citations in. */
  #text = ''
  #grounding: unknown

  constructor(choice: number, call: CallContext) {
    this.#choice = choice
    this.#call = call
  }

  /**
   * Adds what a chunk says of this candidate to `events`. Throws `upstream_invalid` for arguments
   * out of order.
   */
  read(candidate: JsonObject, events: StreamEvent[]): void {
    const begin = events.length
    const content = candidate['content']
    const parts = isObject(content) ? content['parts'] : undefined
    if (Array.isArray(parts)) {
      for (const part of parts) if (isObject(part)) this.#part(part, events)
    }
    const logprobs = readLogprobs(candidate['logprobsResult'])
    if (logprobs !== undefined)
      events.push({ type: 'logprobs', choice: this.#choice, value: logprobs })
    // Each chunk repeats the grounding of those before it.
    if (candidate['groundingMetadata'] !== undefined)
      this.#grounding = candidate['groundingMetadata']
    const word = finishWord(candidate['finishReason'])
    if (word === undefined || this.finished) return
    this.finished = true
    this.#closeCall(events)
    const broken = this.#hasContent
      ? undefined
      : brokenCandidate(word, candidate['finishMessage'], this.#call.provider)
    if (broken !== undefined) throw broken
    const citations = readCitations(this.#grounding, this.#text)
    // A signature ends the text: what annotates it goes before.
    if (citations.length > 0)
      events.splice(afterText(events, begin), 0, {
        type: 'annotations',
        choice: this.#choice,
        value: citations,
      })
    events.push({
      type: 'finish',
      choice: this.#choice,
      finish: mapFinishReason(word, this.#calls > 0, candidate['finishMessage']),
    })
  }

  #part(part: JsonObject, events: StreamEvent[]): void {
    const { text, functionCall } = part
    const signature = asText(part['thoughtSignature'])
    if (isObject(functionCall)) {
      const used = this.#functionCall(functionCall, signature, events)
      if (!used) this.#sign(signature, events)
      return
    }
    if (typeof text === 'string') {
      if (text !== '') this.#addText(text, part['thought'] === true, events)
    } else if (part['thought'] !== true) {
      // Media among the thoughts are drafts.
      const other = mediaOf(part)
      this.#hasContent ||= other !== undefined
      if (other !== undefined) events.push({ type: 'part', choice: this.#choice, part: other })
    }
    this.#sign(signature, events)
  }

  #addText(text: string, isThought: boolean, events: StreamEvent[]): void {
    if (isThought) {
      events.push({ type: 'reasoning', choice: this.#choice, text })
      return
    }
    this.#hasContent = true
    this.#text += text
    events.push({ type: 'text', choice: this.#choice, text })
  }

  #sign(value: string | undefined, events: StreamEvent[]): void {
    if (value === undefined) return
    events.push({
      type: 'reasoning-signature',
      choice: this.#choice,
      signature: { origin: ORIGIN, value },
    })
  }

  /** Whether the part began a call, which then carries the signature. */
  #functionCall(call: JsonObject, signature: string | undefined, events: StreamEvent[]): boolean {
    const name = asText(call['name'])
    const id = asText(call['id'])
    const goesOn = call['willContinue'] === true
    if (name === undefined || (id !== undefined && this.#openCall?.id === id)) {
      this.#addArguments(call, events)
      if (!goesOn) this.#closeCall(events)
      return false
    }
    this.#closeCall(events)
    const index = this.#calls++
    this.#hasContent = true
    events.push({
      type: 'tool-call',
      choice: this.#choice,
      index,
      id: id ?? this.#call.newId(INVENTED_ID_PREFIX),
      name,
      kind: 'function',
      signature: signature === undefined ? undefined : { origin: ORIGIN, value: signature },
    })
    if (goesOn || Array.isArray(call['partialArgs'])) {
      this.#openCall = { index, id, arguments: new ArgumentWriter() }
      this.#addArguments(call, events)
      if (!goesOn) this.#closeCall(events)
    } else {
      this.#pushArguments(
        index,
        isObject(call['args']) ? JSON.stringify(call['args']) : '{}',
        events,
      )
    }
    return true
  }

  #addArguments(call: JsonObject, events: StreamEvent[]): void {
    if (this.#openCall === undefined) return
    let text = ''
    for (const piece of asList(call['partialArgs'])) {
      if (isObject(piece)) text += this.#write(this.#openCall.arguments, piece)
    }
    this.#pushArguments(this.#openCall.index, text, events)
  }

  #write(writer: ArgumentWriter, piece: JsonObject): string {
    try {
      return writer.write(piece)
    } catch (cause) {
      throw new GatewayError(
        'upstream_invalid',
        `${this.#call.provider} streamed the arguments of a function call out of order.`,
        { cause },
      )
    }
  }

  #closeCall(events: StreamEvent[]): void {
    if (this.#openCall === undefined) return
    this.#pushArguments(this.#openCall.index, this.#openCall.arguments.end(), events)
    this.#openCall = undefined
  }

  #pushArguments(index: number, text: string, events: StreamEvent[]): void {
    if (text !== '') events.push({ type: 'tool-arguments', choice: this.#choice, index, text })
  }
}

/** Behind the last text of a chunk; where it has none, before everything it has. */
function afterText(events: readonly StreamEvent[], begin: number): number {
  const last = events.findLastIndex(({ type }) => type === 'text')
  return last >= begin ? last + 1 : begin
}

/** A part that is neither text nor a call; one without content says nothing. */
function mediaOf(part: JsonObject): Part | undefined {
  const { inlineData } = part
  if (!isObject(inlineData)) {
    const { thoughtSignature: _, ...value } = part
    return Object.keys(value).length === 0
      ? undefined
      : { type: 'extension', dialect: ORIGIN, value }
  }
  const data = asText(inlineData['data']) ?? ''
  const mediaType = asText(inlineData['mimeType']) ?? 'application/octet-stream'
  const [kind = '', format = ''] = mediaType.split(/[/;]/)
  if (kind === 'audio') return { type: 'audio', format, data }
  return { type: kind === 'image' ? 'image' : 'file', source: { kind: 'data', mediaType, data } }
}
