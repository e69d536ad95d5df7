import type { Timer } from '../clock.ts'
import { GatewayError, redacted, withDetails } from '../errors.ts'
import type { AnswerStreamOptions } from './answer-stream-options.ts'
import { noteContent } from './attempt-usage.ts'
import { transportError } from './classify.ts'
import { letGo } from './let-go.ts'
import { afterArrived, boundWithoutClient } from './without-client.ts'

/** How a stream ended: whole, or with the error that broke it. */
export type StreamEnd = { readonly error?: GatewayError }

type Result = IteratorResult<Uint8Array | string>
/** The last thing an iteration gives, or the error it breaks off with. */
type Ending = Result | GatewayError
const OVER: Result = Object.freeze({ done: true, value: undefined })

/** Told once how the stream ended. */
export type StreamEnding = (end: StreamEnd) => void

/**
 * A committed stream on its way to the client. It pulls: a client that does not read lets the
 * provider's socket fill up, and no clock runs against the provider meanwhile. A break becomes the
 * relay's error event; where the relay has none, the iteration rejects once, which cuts the
 * client's connection, and is over.
 */
export class AnswerStream implements AsyncIterableIterator<Uint8Array | string> {
  #options: AnswerStreamOptions<AnswerStream>
  #first: (Uint8Array | string)[]
  #bytes = 0
  #state: 'running' | 'upstream ended' | 'draining' | 'over' = 'running'
  #isReading = false
  #pendingRead: Promise<unknown> | undefined
  /** Another target is being called to continue the stream. */
  #isContinuing = false
  #ending: StreamEnding | undefined
  /** The last event of the stream, when its end came while no client was reading. */
  #unread: Ending = OVER
  #beat: Timer
  /** How often the client has asked for more, and how often it had at the last beat. */
  #asked = 0
  #askedAtBeat = -1
  /** How long the client has not read what is there for it. */
  #stalledMs = 0
  /**
   * The last thing given was a heartbeat, ours or the provider's, which does not feed the
   * provider's clock.
   */
  #isWaiting = false
  /**
   * When the stream is taken for whole although its connection is still open, on the monotonic
   * clock.
   */
  #wholeAt: number | undefined
  #onAbandon: (() => void) | undefined
  #isCut = false

  constructor(options: AnswerStreamOptions<AnswerStream>) {
    this.#options = options
    this.#first = options.first
    this.#beat = options.clock.setTimer(this.#onBeat, HEARTBEAT_MS)
    this.#watch()
  }

  /** Tokens of output that have come so far, roughly. */
  get outputEstimate(): number {
    const { relay } = this.#options
    return relay.outputEstimate ?? relay.events
  }

  /** The gateway has ended it: no more of it was paid for. */
  get isCut(): boolean {
    return this.#isCut
  }

  /** The provider has said everything. */
  get isWhole(): boolean {
    return this.#options.relay.complete
  }

  #watch(): void {
    const { cancellation, call, finishesWithoutClient } = this.#options
    cancellation.wait((error) => {
      // `onEnd` has not been called yet, and will see that the client has left.
      if (
        error.code === 'client_closed' &&
        (this.#drain(error) || (this.#ending === undefined && finishesWithoutClient))
      )
        return
      call.abort(error)
      // A waiting read gets the error. A client that has left may never read again, and the request
      // must still end.
      if (!this.#isReading) this.#endUnread(error)
    })
  }

  /** Must be called before the first `next`. */
  onEnd(ending: StreamEnding): void {
    this.#ending = ending
    const { reason } = this.#options.cancellation
    if (reason !== undefined && !(reason.code === 'client_closed' && this.#drain(reason)))
      this.#endUnread(reason)
  }

  /** Told when the client has not read for so long that its connection is of no use any more. */
  onAbandon(callback: () => void): void {
    this.#onAbandon = callback
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<Result> {
    this.#asked += 1
    const first = this.#first.shift()
    if (first !== undefined) return promised(this.#deliver(first))
    if (this.#state === 'over') {
      const last = this.#unread
      this.#unread = OVER
      return promised(last)
    }
    if (this.#state === 'draining') return promised(OVER)
    const { relay, streamBudget } = this.#options
    if (
      streamBudget !== undefined &&
      relay.cut !== undefined &&
      this.#state === 'running' &&
      relay.error === undefined
    ) {
      const isAllowed = streamBudget.allows(this.outputEstimate)
      if (isAllowed instanceof Promise) return isAllowed.then(() => this.next())
      const tail = isAllowed ? undefined : relay.cut(streamBudget.inputTokens)
      if (tail !== undefined) return promised(lastOf(this.#cut(tail)))
    }
    if (relay.error !== undefined) return this.#break(relay.error)
    if (this.#state === 'upstream ended' || relay.endGraceMs === 0) return this.#endOfUpstream()
    if (!this.#isWaiting) this.#startClock()
    return this.#read()
  }

  /** The client has left: the upstream call ends here. */
  return(): Promise<Result> {
    if (this.#state === 'over') return Promise.resolve(OVER)
    const reason = new GatewayError('client_closed', 'The client closed the connection.')
    if (this.#drain(reason)) return Promise.resolve(OVER)
    // The call of a continuing target ends as well.
    if (this.#isContinuing) this.#options.cancellation.cancel(reason)
    this.#finish(reason)
    return Promise.resolve(OVER)
  }

  // Promise chaining instead of `async`: this runs for every event of every stream.
  #read(): Promise<Result> {
    this.#isReading = true
    const read = this.#options.call.read().then(this.#onChunk, this.#onBreak)
    this.#pendingRead = read
    return read
  }

  /**
   * Times what the provider owes next: the first content, another event, or what may still follow
   * the end it has said.
   */
  #startClock(): void {
    const { relay, cancellation, clock, idleTimeoutMs, firstContentBy } = this.#options
    if (relay.endGraceMs === undefined) {
      this.#wholeAt = undefined
      if (firstContentBy !== undefined && relay.hasContent === false)
        cancellation.startPhase(
          'first_token_timeout',
          firstContentBy.at - clock.monotonic(),
          firstContentBy.limitMs,
        )
      else cancellation.startPhase('idle_timeout', idleTimeoutMs)
      return
    }
    this.#wholeAt ??= clock.monotonic() + relay.endGraceMs
    cancellation.startPhase('idle_timeout', this.#wholeAt - clock.monotonic())
  }

  readonly #onChunk = (chunk: Uint8Array | undefined): Result | Promise<Result> => {
    this.#isReading = false
    this.#isWaiting = chunk?.length === 0
    if (this.#isWaiting)
      return this.#options.heartbeat === undefined
        ? this.#read()
        : { done: false, value: this.#options.heartbeat }
    const { relay, cancellation } = this.#options
    const seen = relay.events
    let output: Uint8Array | string | undefined
    try {
      output = chunk === undefined ? relay.flush() : relay.push(chunk)
    } catch (error) {
      return this.#onBreak(error)
    }
    if (relay.events !== seen) this.#noteContent()
    if (chunk === undefined && this.#state === 'running') this.#state = 'upstream ended'
    if (this.#state === 'draining') return OVER
    // Comments and pings do not feed the clock: a provider that only says it is alive is not
    // answering.
    this.#isWaiting = relay.events === seen && relay.endGraceMs === undefined
    if (output !== undefined) {
      if (!this.#isWaiting) cancellation.endPhase()
      return given(this.#deliver(output))
    }
    // Half an event at the end is not a wrong one: the rest of it never came.
    if (relay.error !== undefined)
      return this.#break(
        chunk === undefined && relay.error.code === 'upstream_invalid'
          ? this.#truncated()
          : relay.error,
      )
    if (chunk === undefined || relay.endGraceMs === 0) return this.#endOfUpstream()
    if (!this.#isWaiting) this.#startClock()
    return this.#read()
  }

  /**
   * Sends heartbeats so that proxies keep the stream open, and drops clients that stopped reading.
   */
  readonly #onBeat = (): void => {
    if (this.#state === 'over' || this.#state === 'draining') return
    this.#beat = this.#options.clock.setTimer(this.#onBeat, HEARTBEAT_MS)
    const isStill = this.#asked === this.#askedAtBeat
    this.#askedAtBeat = this.#asked
    if (this.#isReading) {
      if (!isStill) return
      // A read that follows a heartbeat is no sign of a live client.
      this.#askedAtBeat += 1
      this.#options.call.nudge()
      return
    }
    this.#stalledMs = isStill ? this.#stalledMs + HEARTBEAT_MS : 0
    if (this.#stalledMs < LONGEST_STALL_MS) return
    this.#endUnread(
      new GatewayError('client_stalled', `The client read nothing for ${this.#stalledMs} ms.`),
    )
    this.#onAbandon?.()
  }

  readonly #onBreak = (error: unknown): Promise<Result> => {
    this.#isReading = false
    const { relay } = this.#options
    // The provider had said the end: how its connection goes is no part of the answer.
    if (
      this.#state === 'running' &&
      relay.endGraceMs !== undefined &&
      relay.complete &&
      relay.error === undefined
    )
      return promised(this.#finish(undefined))
    return this.#break(transportError(error, { answered: true }))
  }

  /**
   * A broken stream continues on another target when the route allows it and a target can;
   * otherwise it ends.
   */
  #break(error: GatewayError): Promise<Result> {
    const { call, onBreak, cancellation } = this.#options
    if (this.#state === 'over' || this.#state === 'draining') return promised(OVER)
    const going = onBreak?.(error)
    if (going === undefined) return promised(this.#finish(error))
    call.abort(error)
    this.#isContinuing = true
    return going.then((other) => {
      this.#isContinuing = false
      if (this.#state === 'over') {
        void other?.return()
        return OVER
      }
      if (other === undefined) return given(this.#finish(cancellation.reason ?? error))
      this.#takeOver(other)
      return this.next()
    })
  }

  /** From here on it is the other's stream, as one. */
  #takeOver(other: AnswerStream): void {
    const { heartbeat } = this.#options
    const marker =
      heartbeat === undefined ? [] : [`: continued by ${other.#options.provider.name}\n\n`]
    this.#options = other.#options
    this.#first = [...marker, ...other.#first]
    this.#state = 'running'
    this.#wholeAt = undefined
    other.#beat.clear()
    other.#state = 'over'
    this.#watch()
  }

  /**
   * Nothing more is read by the client: what has arrived still counts, and where the answer is to
   * be finished without the client, all of it is read. False where the stream has to end at once.
   * `reason` is none where the gateway has ended it.
   */
  #drain(reason: GatewayError | undefined): boolean {
    if (this.#state === 'draining') return true
    const { finishesWithoutClient } = this.#options
    if (this.#state !== 'running' || this.#isContinuing || this.#ending === undefined) return false
    if (!finishesWithoutClient && reason === undefined) return false
    this.#state = 'draining'
    this.#first = []
    this.#beat.clear()
    const forget = finishesWithoutClient
      ? boundWithoutClient(this.#options, reason ?? CUT)
      : undefined
    const end = (): void => {
      forget?.()
      // Unless something else has ended it meanwhile.
      if (this.#state === 'draining') this.#close(reason)
    }
    // Where it breaks, or takes too long, what has come is what is known.
    this.#readToEnd().then(end, end)
    if (forget === undefined) afterArrived(() => this.#bytes, end)
    return true
  }

  async #readToEnd(): Promise<void> {
    const { call, relay, answerLimitBytes } = this.#options
    await this.#pendingRead
    for (let chunk = await call.read(); chunk !== undefined; chunk = await call.read()) {
      const seen = relay.events
      relay.push(chunk)
      if (relay.events !== seen) this.#noteContent()
      this.#bytes += chunk.length
      if (relay.error !== undefined || relay.endGraceMs === 0 || this.#bytes > answerLimitBytes)
        return
    }
    relay.flush()
  }

  #deliver(value: Uint8Array | string): Ending {
    this.#bytes += value.length
    const limit = this.#options.answerLimitBytes
    if (this.#bytes <= limit) return { done: false, value }
    return this.#finish(
      new GatewayError(
        'answer_too_large',
        `The provider's answer is larger than the limit of ${limit} bytes (option answerLimit, POSTERN_ANSWER_LIMIT).`,
      ),
    )
  }

  #endUnread(reason: GatewayError): void {
    if (this.#state !== 'over' && this.#ending !== undefined) this.#unread = this.#finish(reason)
  }

  #endOfUpstream(): Promise<Result> {
    return this.#options.relay.complete
      ? promised(this.#finish(undefined))
      : this.#break(this.#truncated())
  }

  /** No more of it is paid for: it ends here, as an answer whose bound is reached does. */
  #cut(tail: string): string {
    this.#isCut = true
    if (this.#options.progress !== undefined) this.#options.progress.isCut = true
    if (!this.#drain(undefined)) {
      this.#options.call.abort(CUT)
      this.#close(undefined)
    }
    return tail
  }

  #noteContent(): void {
    const { progress, relay, clock } = this.#options
    if (progress !== undefined) noteContent(progress, relay, clock.monotonic())
  }

  /**
   * Bytes that arrived and were not read count as written by the provider, although the client does
   * not get them.
   */
  #countUnread(): void {
    const { call, relay } = this.#options
    if ((this.#state !== 'running' && this.#state !== 'draining') || relay.error !== undefined)
      return
    const unread = call.unread()
    if (unread === undefined) return
    try {
      relay.push(unread)
      this.#noteContent()
    } catch {
      // The stream has ended already; an event that cannot be read adds nothing to what is known.
      return
    }
  }

  #truncated(): GatewayError {
    return new GatewayError(
      'upstream_truncated',
      `${this.#options.provider.name} ended its stream before the answer was complete.`,
    )
  }

  #finish(error: GatewayError | undefined): Ending {
    // A cancelled body and the read it interrupts both end here.
    if (this.#state === 'over') return OVER
    const { relay } = this.#options
    const failure = this.#close(error)
    if (failure === undefined) return lastOf(relay.end())
    if (failure.code === 'client_closed') return OVER
    const tail = relay.fail(failure)
    return tail === undefined ? failure : lastOf(tail)
  }

  /** @returns the error as the client may see it */
  #close(error: GatewayError | undefined): GatewayError | undefined {
    const { call, cancellation, provider, clock } = this.#options
    const isOpen = this.#state !== 'upstream ended'
    if (error !== undefined) this.#countUnread()
    this.#state = 'over'
    this.#first = []
    const failure =
      error === undefined
        ? undefined
        : withDetails(
            redacted(error, (text) => provider.redact(text)),
            { provider: provider.name },
          )
    if (failure !== undefined) call.abort(failure)
    else if (isOpen) letGo(call, clock)
    cancellation.close()
    this.#beat.clear()
    this.#options.onFinish?.(failure)
    this.#ending?.(failure === undefined ? {} : { error: failure })
    return failure
  }
}

const CUT = new GatewayError(
  'client_closed',
  'The gateway has ended the answer: no more of it was paid for.',
)

const HEARTBEAT_MS = 15_000
/** How long a client may leave what is there for it unread. */
const LONGEST_STALL_MS = 60_000

function lastOf(tail: string): Result {
  return tail === '' ? OVER : { done: false, value: tail }
}

function promised(ending: Ending): Promise<Result> {
  return ending instanceof GatewayError ? Promise.reject(ending) : Promise.resolve(ending)
}

function given(ending: Ending): Result {
  if (ending instanceof GatewayError) throw ending
  return ending
}
