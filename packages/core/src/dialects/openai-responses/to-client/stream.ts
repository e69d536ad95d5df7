import type { GatewayError } from '../../../errors.ts'
import type { Part } from '../../model/conversation.ts'
import type { RenderContext, StreamRenderer } from '../../model/stream.ts'
import type { StreamEvent } from '../../model/events.ts'
import { type Finish, refusalWords } from '../../model/finish.ts'
import type { Usage } from '../../model/usage.ts'
import { errorEvent, responseError } from './errors.ts'
import { Namespaces, type ToolName } from '../from-client/namespaces.ts'
import { callKinds, flatAnnotations, logprobTokens, startOf, wholeItem } from './output-items.ts'
import { encodeProof, type ItemPrefix, itemId } from './own-items.ts'
import { encryptedContentOf } from '../from-provider/reasoning-proof.ts'
import { echoedFields, endOf, type ResponseState, stateFields } from './response-object.ts'
import {
  CallItem,
  EventWriter,
  type ItemPlace,
  MessageItem,
  ReasoningItem,
  type StreamedItem,
  WholeItem,
} from './stream-items.ts'

/**
 * Writes events as those of a streamed response. Items end when the answer ends: not before is it
 * known that nothing more belongs to them, since fragments of parallel calls may alternate and
 * citations may come last. Only reasoning ends with what follows it. Other choices than the first
 * have no place here.
 */
export class ResponsesRenderer implements StreamRenderer {
  readonly #context: RenderContext
  readonly #writer = new EventWriter()
  readonly #items: StreamedItem[] = []
  readonly #calls = new Map<number, CallItem>()
  readonly #messages: MessageItem[] = []
  #reasoning: ReasoningItem | undefined
  #namespaces: Namespaces | undefined
  #head: Pick<ResponseState, 'model' | 'created'> | undefined
  /**
   * JSON text of the settings that every state of the response repeats; set when the first one is
   * written.
   */
  #echo = ''
  #textLength = 0
  #refused = false
  #finish: Finish | undefined
  #usage: Usage | undefined

  constructor(context: RenderContext) {
    this.#context = context
  }

  event(event: StreamEvent): string {
    switch (event.type) {
      case 'start':
        return this.#begin(event)
      case 'usage':
        this.#usage = event.usage
        return ''
      case 'error':
        return ''
      default:
        return event.choice === 0 ? this.#begin({}) + this.#content(event) : ''
    }
  }

  end(): string {
    const finish = this.#finish ?? { reason: 'stop' }
    const opening = this.#begin({})
    const { status, incompleteReason } = endOf(finish)
    const items = this.#endItems(status)
    const output = this.#items.map((item) => item.json(this.#statusOf(item, status)))
    return (
      opening +
      items +
      this.#response(`response.${status}`, { status, incompleteReason, output, usage: this.#usage })
    )
  }

  fail(error: GatewayError): string {
    const event = this.#writer.writeObject('error', errorEvent(error))
    return (
      event +
      this.#response('response.failed', {
        status: 'failed',
        output: [],
        usage: this.#usage,
        error: responseError(error),
      })
    )
  }

  #begin({ model, created }: Pick<ResponseState, 'model' | 'created'>): string {
    if (this.#head !== undefined) return ''
    this.#head = { model, created }
    const state: ResponseState = { status: 'in_progress', output: [] }
    return this.#response('response.created', state) + this.#response('response.in_progress', state)
  }

  #response(type: string, state: ResponseState): string {
    if (this.#echo === '')
      this.#echo = JSON.stringify(echoedFields(this.#context.request.body)).slice(1)
    const fields = JSON.stringify(stateFields(this.#context, { ...this.#head, ...state })).slice(
      0,
      -1,
    )
    return this.#writer.write(type, `"response":${fields},${this.#echo}`)
  }

  #content(event: Exclude<StreamEvent, { type: 'start' | 'usage' | 'error' }>): string {
    switch (event.type) {
      case 'text':
        return this.#text(event.text)
      case 'tool-arguments':
        return event.text === '' ? '' : (this.#calls.get(event.index)?.arguments(event.text) ?? '')
      case 'reasoning':
        return this.#think(event.text)
      case 'tool-call':
        return this.#call(event)
      case 'reasoning-signature':
        return this.#sign(event)
      case 'refusal':
        return this.#refuse(event.text)
      case 'logprobs':
        return this.#messages.at(-1)?.logprobs(logprobTokens(event.value)) ?? ''
      case 'annotations':
        return event.value.map((annotation) => this.#annotate(annotation)).join('')
      case 'part':
        return this.#part(event.part)
      case 'finish':
        return this.#end(event.finish)
    }
  }

  #text(text: string): string {
    if (text === '') return ''
    const start = this.#textLength
    this.#textLength += text.length
    const last = this.#messages.at(-1)
    if (last !== undefined && last.index === this.#items.length - 1) return last.text(text, start)
    const [message, opening] = this.#addMessage()
    return opening + message.text(text, start)
  }

  #refuse(text: string): string {
    if (text === '') return ''
    this.#refused = true
    const last = this.#messages.at(-1)
    if (last !== undefined && last.index === this.#items.length - 1) return last.refusal(text)
    const [message, opening] = this.#addMessage()
    return opening + message.refusal(text)
  }

  #addMessage(): readonly [MessageItem, string] {
    const ended = this.#endReasoning()
    const message = new MessageItem(this.#place('msg'))
    this.#messages.push(message)
    return [message, ended + this.#add(message)]
  }

  /**
   * Annotations of a text part are written to that part, even when others have followed.
   */
  #annotate(annotation: unknown): string {
    const start = startOf(annotation) ?? this.#textLength
    for (const message of this.#messages.toReversed()) {
      const place = [...message.textStarts].findLast(([, textStart]) => textStart <= start)
      if (place !== undefined)
        return flatAnnotations([annotation], place[1])
          .map((flat) => message.annotate(place[0], flat))
          .join('')
    }
    return ''
  }

  #think(text: string): string {
    if (text === '') return ''
    if (this.#reasoning !== undefined) return this.#reasoning.text(text)
    const [reasoning, opening] = this.#addReasoning()
    return opening + reasoning.text(text)
  }

  #addReasoning(): readonly [ReasoningItem, string] {
    const reasoning = new ReasoningItem(this.#place('rs'))
    const opening = this.#add(reasoning)
    this.#reasoning = reasoning
    return [reasoning, opening]
  }

  #sign({ signature, redacted }: Extract<StreamEvent, { type: 'reasoning-signature' }>): string {
    const before = redacted === true ? this.#endReasoning() : ''
    return before + this.#prove(encryptedContentOf(signature, redacted))
  }

  /** Ends the reasoning with its proof; a proof that stands alone is an item of its own. */
  #prove(encryptedContent: string): string {
    const [reasoning, opening] =
      this.#reasoning === undefined ? this.#addReasoning() : [this.#reasoning, '']
    reasoning.encryptedContent = encryptedContent
    return opening + this.#endReasoning()
  }

  #endReasoning(): string {
    const ended = this.#reasoning?.end('completed') ?? ''
    this.#reasoning = undefined
    return ended
  }

  #call({
    index,
    id: callId,
    name,
    kind,
    signature,
  }: Extract<StreamEvent, { type: 'tool-call' }>): string {
    const before =
      signature === undefined
        ? this.#endReasoning()
        : this.#prove(encodeProof({ signature, callId }))
    const call = new CallItem(this.#place(callKinds[kind].prefix), {
      kind,
      callId,
      tool: this.#tool(name),
    })
    this.#calls.set(index, call)
    return before + this.#add(call)
  }

  #tool(name: string): ToolName {
    this.#namespaces ??= new Namespaces(this.#context.request.body)
    return this.#namespaces.tool(name)
  }

  #part(part: Part): string {
    const item = wholeItem(part, this.#place('ig').id)
    if (item === undefined) return ''
    const ended = this.#endReasoning()
    return ended + this.#add(new WholeItem(this.#place('ig'), item))
  }

  #place(prefix: ItemPrefix): ItemPlace {
    const index = this.#items.length
    return { id: itemId(prefix, this.#context.requestId, index), index, writer: this.#writer }
  }

  #add(item: StreamedItem): string {
    this.#items.push(item)
    return item.open()
  }

  #end(finish: Finish): string {
    if (this.#finish !== undefined) return ''
    // A model that ended by refusing may have said so only there.
    const words = this.#refused ? undefined : refusalWords(finish)
    const refusal = words === undefined ? '' : this.#refuse(words)
    this.#finish = finish
    return refusal + this.#endItems(endOf(finish).status)
  }

  #endItems(status: 'completed' | 'incomplete'): string {
    this.#reasoning = undefined
    return this.#items.map((item) => item.end(this.#statusOf(item, status))).join('')
  }

  /** The item that was cut off is the last one. */
  #statusOf(item: StreamedItem, status: 'completed' | 'incomplete'): 'completed' | 'incomplete' {
    return item.index === this.#items.length - 1 ? status : 'completed'
  }
}
