import type { GatewayError } from '../../errors.ts'
import type { Observation, ReasoningSeen, StreamReader, StreamRenderer } from '../model/stream.ts'
import type { StreamRelay } from '../model/relay.ts'
import { estimateTextTokens } from '../tokens/estimate-tokens.ts'
import type { StreamEvent } from '../model/events.ts'
import type { Finish } from '../model/finish.ts'
import { OutputTally } from '../tokens/output-tally.ts'
import type { FrameSplitter, SseFrame } from '../wire/sse.ts'
import type { Usage } from '../model/usage.ts'

/** Source of a provider's stream. */
export interface StreamSource {
  readonly reader: StreamReader
  readonly splitter: FrameSplitter
}

/** Events after which another target can still continue a broken stream. */
const CONTINUABLE: ReadonlySet<StreamEvent['type']> = new Set([
  'start',
  'usage',
  'text',
  'logprobs',
])

/** A provider's stream read into neutral events and written in the client's dialect. */
export class TranslatedStream implements StreamRelay {
  events = 0
  /** Whether the current source has sent content. */
  hasContent = false
  error: GatewayError | undefined
  usage: Usage | undefined
  readonly finishes: Finish[] = []
  readonly #renderer: StreamRenderer
  readonly #keepsText: boolean
  #source: StreamSource
  readonly #isMetered: boolean
  #shown = new OutputTally()
  /** Estimated output tokens of the targets before the current one. */
  #shownBefore = 0
  /** Usage as the current target counts it. */
  #ownUsage: Usage | undefined
  #said = ''
  #isContinuable = true
  /**
   * The text ended with a space; providers that refuse trailing white space in a prefill begin with
   * another one.
   */
  #skipsSpace = false
  #lastChoice = 0
  readonly #ended = new Set<number>()
  /** Tokens of the text that the current target got as input from earlier ones. */
  #continuedTokens: number | undefined

  /**
   * @param options `keepsText`: another target may have to continue it; `isMetered`: its output
   * is counted against limits
   */
  constructor(
    source: StreamSource,
    renderer: StreamRenderer,
    options: { readonly keepsText: boolean; readonly isMetered?: boolean },
  ) {
    this.#isMetered = options.isMetered === true
    this.#source = source
    this.#renderer = renderer
    this.#keepsText = options.keepsText
  }

  get complete(): boolean {
    return this.#source.reader.complete
  }

  get endGraceMs(): number | undefined {
    return this.#source.reader.endGraceMs
  }

  get outputEstimate(): number {
    return this.#shownBefore + this.#shown.tokens
  }

  get reasoningSeen(): ReasoningSeen {
    return this.#shown.reasoningSeen
  }

  /** The current target's share of a stream that several targets wrote in turn. */
  get ownShare(): Observation | undefined {
    return this.#continuedTokens === undefined
      ? undefined
      : {
          usage: this.#ownUsage,
          outputEstimate: this.#shown.tokens,
          reasoningSeen: this.reasoningSeen,
          finishes: this.finishes,
        }
  }

  get said(): string | undefined {
    return this.#isContinuable && this.#said !== '' ? this.#said : undefined
  }

  /** Continues with another target's stream as if it were the same. */
  continueWith(source: StreamSource): void {
    this.#source = source
    this.error = undefined
    this.hasContent = false
    this.#shownBefore = this.outputEstimate
    this.#shown = new OutputTally()
    this.#ownUsage = undefined
    this.#continuedTokens = estimateTextTokens([this.#said])
    this.#skipsSpace = /\s$/u.test(this.#said)
  }

  push(chunk: Uint8Array): string | undefined {
    return this.#translate(this.#source.splitter.push(chunk))
  }

  flush(): string | undefined {
    return this.#translate(this.#source.splitter.rest())
  }

  end(): string {
    return this.#renderer.end()
  }

  cut(inputTokens: number): string | undefined {
    const open = Array.from({ length: this.#lastChoice + 1 }, (_, choice) => choice).filter(
      (choice) => !this.#ended.has(choice),
    )
    if (open.length === 0) return undefined
    let text = open
      .map((choice) => this.#render({ type: 'finish', choice, finish: { reason: 'length' } }))
      .join('')
    const { usage, outputEstimate } = this
    text += this.#renderer.event({
      type: 'usage',
      usage: {
        ...usage,
        inputTokens: usage?.inputTokens ?? inputTokens,
        outputTokens: Math.max(usage?.outputTokens ?? 0, outputEstimate),
      },
    })
    return text + this.#renderer.end()
  }

  fail(error: GatewayError): string {
    return this.#renderer.fail(error)
  }

  #translate(frames: readonly SseFrame[]): string | undefined {
    let text = ''
    for (const frame of frames) {
      if (this.#isMetered) this.#shown.read(frame.data)
      for (const event of this.#source.reader.read(frame)) {
        if (event.type === 'error') {
          this.error = event.error
          return text === '' ? undefined : text
        }
        text += this.#render(event)
      }
    }
    return text === '' ? undefined : text
  }

  #render(read: Exclude<StreamEvent, { type: 'error' }>): string {
    const event = this.#skipsSpace && read.type === 'text' ? this.#withoutSpace(read) : read
    this.hasContent ||= isContent(event)
    if (!UNCOUNTED.has(event.type)) this.events += 1
    if ('choice' in event && event.choice > this.#lastChoice) this.#lastChoice = event.choice
    if (event.type === 'finish') {
      this.finishes.push(event.finish)
      this.#ended.add(event.choice)
    } else if (!this.#isMetered) this.#shown.take(event)
    if (this.#keepsText) this.#keep(event)
    // The client's stream has already begun.
    if (this.#continuedTokens !== undefined && event.type === 'start') return ''
    if (event.type !== 'usage') return this.#renderer.event(event)
    this.#ownUsage = event.usage
    this.usage = this.#usageOfAll(event.usage)
    return this.#renderer.event({ type: 'usage', usage: this.usage })
  }

  #withoutSpace(event: Extract<StreamEvent, { type: 'text' }>): StreamEvent & { type: 'text' } {
    const text = event.text.trimStart()
    this.#skipsSpace = text === ''
    return { ...event, text }
  }

  #keep(event: StreamEvent): void {
    if (!CONTINUABLE.has(event.type) || ('choice' in event && event.choice !== 0))
      this.#isContinuable = false
    if (event.type === 'text') this.#said += event.text
  }

  /**
   * Text before a break is output for the client, although the continuing target got it as input.
   */
  #usageOfAll(usage: Usage): Usage {
    if (this.#continuedTokens === undefined) return usage
    const moved = Math.min(this.#continuedTokens, usage.inputTokens)
    return {
      inputTokens: usage.inputTokens - moved,
      outputTokens: usage.outputTokens + moved,
      cachedTokens:
        usage.cachedTokens === undefined
          ? undefined
          : Math.min(usage.cachedTokens, usage.inputTokens - moved),
      reasoningTokens: usage.reasoningTokens,
    }
  }
}

/** Events about the answer rather than of it. */
const UNCOUNTED: ReadonlySet<StreamEvent['type']> = new Set(['start', 'usage'])

/**
 * Whether the client would lose a part of the answer if another target took over after this event.
 */
function isContent(event: StreamEvent): boolean {
  switch (event.type) {
    case 'text':
    case 'reasoning':
    case 'refusal':
      return event.text !== ''
    case 'reasoning-signature':
    case 'tool-call':
    case 'tool-arguments':
    case 'part':
      return true
    default:
      return false
  }
}
