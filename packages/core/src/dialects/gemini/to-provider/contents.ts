import { GatewayError } from '../../../errors.ts'
import { append } from '../../../foundation/lists.ts'
import type { ExtensionPart, Message, Part, ToolResultPart } from '../../model/conversation.ts'
import type { JsonObject } from '../../model/json-object.ts'
import { partOrDrop, refuseOrDrop } from '../../model/invalid.ts'
import { isObject } from '../../wire/json.ts'
import { audioToPart, fileToPart, imageToPart, type MediaPlace } from './media.ts'
import type { ModelTraits } from './models.ts'
import { ORIGIN, type PlacedResult, ToolHistory } from './tool-history.ts'

/** Accepted by the provider in place of a signature that was lost; documented for exactly that. */
export const SIGNATURE_PLACEHOLDER = 'skip_thought_signature_validator'

export interface Content {
  readonly role: 'user' | 'model'
  parts: JsonObject[]
}

export interface Contents {
  readonly systemInstruction?: { readonly parts: readonly JsonObject[] }
  readonly contents: readonly Content[]
}

/** Where a part stands, and who wrote it. */
type Place = MediaPlace & { readonly role: Content['role'] }

export interface ContentsContext {
  readonly provider: string
  /** Parts the target cannot take are dropped instead of refused. */
  readonly dropUnsupported: boolean
  readonly traits: ModelTraits
  /** Dropped fields are added here. */
  readonly dropped: Set<string>
}

/**
 * The messages as `systemInstruction` and `contents`: roles alternate, results of parallel calls
 * stand in one turn. Throws `unsupported_content` for a part the provider cannot take,
 * `invalid_request` for a result without its call.
 */
export function buildContents(messages: readonly Message[], context: ContentsContext): Contents {
  const builder = new ContentsBuilder(context)
  for (const [index, message] of messages.entries()) builder.add(message, `messages.${index}`)
  return builder.finish()
}

class ContentsBuilder {
  readonly #context: ContentsContext
  readonly #tools: ToolHistory
  readonly #system: JsonObject[] = []
  readonly #contents: Content[] = []
  /** Results not yet written: those of one step may be spread over several messages. */
  #results: PlacedResult[] = []

  constructor(context: ContentsContext) {
    this.#context = context
    this.#tools = new ToolHistory(context.dropped)
  }

  add(message: Message, param: string): void {
    const place = { provider: this.#context.provider, param }
    if (message.role !== 'tool') {
      this.#writeResults()
      if (message.name !== undefined) this.#context.dropped.add('messages.name')
    }
    if (message.role === 'system' || message.role === 'developer')
      return this.#addSystem(message, place)
    const role = message.role === 'assistant' ? 'model' : 'user'
    const parts: JsonObject[] = []
    for (const part of message.parts) {
      this.#noteLosses(part)
      if (part.type === 'tool-result') this.#results.push({ result: part, place })
      else append(parts, this.#convert(part, { ...place, role }))
    }
    if (message.role === 'tool' && parts.length === 0) return
    this.#writeResults()
    this.#append(role, parts)
  }

  finish(): Contents {
    const { provider, traits, dropped } = this.#context
    this.#writeResults()
    if (this.#system.length > 0 && (this.#contents.length === 0 || !traits.systemInstruction)) {
      dropped.add('system (sent as user text)')
      const first = this.#contents[0]
      if (first?.role === 'user') first.parts = [...this.#system, ...first.parts]
      else this.#contents.unshift({ role: 'user', parts: [...this.#system] })
      this.#system.length = 0
    }
    if (this.#contents.length === 0) {
      throw new GatewayError(
        'unsupported_content',
        `${provider} needs at least one message with content.`,
        { param: 'messages' },
      )
    }
    if (traits.requiresSignatures) this.#repairSignatures()
    return {
      ...(this.#system.length === 0 ? {} : { systemInstruction: { parts: this.#system } }),
      contents: this.#contents,
    }
  }

  #addSystem(message: Message, place: MediaPlace): void {
    const parts: JsonObject[] = []
    for (const part of message.parts) {
      if (part.type !== 'text') {
        this.#context.dropped.add(
          refuseOrDrop(
            this.#context,
            place.param,
            `content of type ${part.type} in a system message`,
          ),
        )
        continue
      }
      this.#noteLosses(part)
      if (part.text !== '') parts.push({ text: part.text })
    }
    if (this.#contents.length === 0) {
      append(this.#system, parts)
    } else if (parts.length > 0) {
      this.#context.dropped.add('system (later messages sent as user text)')
      this.#append('user', parts)
    }
  }

  #append(role: Content['role'], parts: readonly JsonObject[]): void {
    if (parts.length === 0) return
    const last = this.#contents.at(-1)
    if (last?.role === role) append(last.parts, parts)
    else this.#contents.push({ role, parts: [...parts] })
  }

  #writeResults(): void {
    if (this.#results.length === 0) return
    this.#append('user', this.#tools.resultsToParts(this.#results))
    this.#results = []
  }

  #convert(part: Exclude<Part, ToolResultPart>, place: Place): JsonObject[] {
    switch (part.type) {
      case 'text':
      case 'refusal':
        return part.text === '' ? [] : [{ text: part.text }]
      case 'image':
        return this.#unlessRefused(() => imageToPart(part, place))
      case 'file':
        return this.#unlessRefused(() => fileToPart(part, place))
      case 'audio':
        return [audioToPart(part)]
      case 'tool-call':
        return [this.#tools.callToPart(part)]
      case 'reasoning':
        // The signature holds the thoughts; their visible summary is not for the model.
        return part.signature?.origin === ORIGIN
          ? [{ text: '', thoughtSignature: part.signature.value }]
          : []
      case 'extension':
        return this.#ownPart(part, place)
    }
  }

  #unlessRefused(build: () => JsonObject): JsonObject[] {
    const part = partOrDrop(this.#context, build, (note) => this.#context.dropped.add(note))
    return part === undefined ? [] : [part]
  }

  /** Content of another model is history; the user's own content must not get lost silently. */
  #ownPart(part: ExtensionPart, { param, role }: Place): JsonObject[] {
    if (part.dialect === ORIGIN) return isObject(part.value) ? [{ ...part.value }] : []
    const what = `content of ${part.dialect}`
    this.#context.dropped.add(role === 'model' ? what : refuseOrDrop(this.#context, param, what))
    return []
  }

  #noteLosses(part: Part): void {
    const { dropped } = this.#context
    if ('cacheHint' in part && part.cacheHint !== undefined) dropped.add('cache_control')
    if (part.type === 'file' && part.name !== undefined) dropped.add('file.filename')
    if (part.type === 'image' && part.detail !== undefined && part.detail !== 'auto')
      dropped.add('image_url.detail')
    if (part.type === 'reasoning' && part.signature?.origin !== ORIGIN) {
      dropped.add(
        part.signature === undefined
          ? 'reasoning (no signature of this provider)'
          : 'reasoning (signed by another provider)',
      )
    }
  }

  /**
   * Every step of the current turn, which begins at the last message of the user, must start with a
   * signed call.
   */
  #repairSignatures(): void {
    const turnStart = this.#contents.findLastIndex(
      ({ role, parts }) => role === 'user' && !parts.some((part) => 'functionResponse' in part),
    )
    for (const { role, parts } of this.#contents.slice(turnStart + 1)) {
      const firstCall = role === 'model' ? parts.find((part) => 'functionCall' in part) : undefined
      if (firstCall === undefined || 'thoughtSignature' in firstCall) continue
      firstCall['thoughtSignature'] = SIGNATURE_PLACEHOLDER
      this.#context.dropped.add(`tool_calls.signature (repaired: ${SIGNATURE_PLACEHOLDER})`)
    }
  }
}
