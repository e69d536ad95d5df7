import { GatewayError } from '../errors.ts'
import type { BuiltRequest, CallContext, ChatRequest, ClientSide, Dialect, JsonObject, RelayedAnswer, RenderContext, ServerSide, StreamReader, StreamRelay, StreamRenderer } from './dialect.ts'
import type { Finish } from './finish.ts'
import { parseFrames, SseSplitter } from './sse.ts'
import type { Usage } from './usage.ts'

/** Everything dispatch needs to make one call: the request to send and how to hand its answer to the client. */
export interface Translation {
  buildRequest(): BuiltRequest
  readAnswer(body: JsonObject, bytes: Uint8Array): RelayedAnswer
  openStream(): StreamRelay
}

export interface TranslationOptions {
  readonly request: ChatRequest
  readonly call: CallContext
  readonly render: RenderContext
  /** Largest event a provider may send, in bytes. */
  readonly maxEventBytes: number
}

/**
 * How a request of the `from` dialect is served by a provider that speaks `to`: bytes are relayed where both are the
 * same, and go through the neutral model everywhere else.
 */
export function translate(from: Dialect, to: Dialect, options: TranslationOptions): Translation {
  const { request, call, render } = options
  if (from === to && to.relay !== undefined) {
    const relay = to.relay
    return {
      buildRequest: () => relay.buildRequest(request, call),
      readAnswer: (body, bytes) => relay.readAnswer(body, bytes, call),
      openStream: () => relay.openStream(request, options),
    }
  }
  const server = serverSideOf(from)
  const client = to.client
  return {
    buildRequest: () => client.buildRequest(request.conversation(), call),
    readAnswer: (body) => readAnswer(body, { server, client, call, render }),
    openStream: () => new TranslatedStream(client.openReader(call), server.openRenderer(render), options.maxEventBytes),
  }
}

function serverSideOf(dialect: Dialect): ServerSide {
  if (dialect.server === undefined) throw new TypeError(`Dialect ${dialect.name} has no server side.`)
  return dialect.server
}

interface Sides {
  readonly server: ServerSide
  readonly client: ClientSide
  readonly call: CallContext
  readonly render: RenderContext
}

function readAnswer(body: JsonObject, sides: Sides): RelayedAnswer {
  const answer = sides.client.readAnswer(body, sides.call)
  if (answer.choices.length === 0) throw new GatewayError('upstream_invalid', `${sides.call.provider} sent an answer without a single choice.`)
  return {
    body: JSON.stringify(sides.server.renderAnswer(answer, sides.render)),
    usage: answer.usage,
    finishes: answer.choices.map((choice) => choice.finish),
  }
}

/** A provider's stream read into neutral events and written in the client's dialect. */
class TranslatedStream implements StreamRelay {
  events = 0
  error: GatewayError | undefined
  usage: Usage | undefined
  readonly finishes: Finish[] = []
  readonly #reader: StreamReader
  readonly #renderer: StreamRenderer
  readonly #splitter: SseSplitter

  constructor(reader: StreamReader, renderer: StreamRenderer, maxEventBytes: number) {
    this.#reader = reader
    this.#renderer = renderer
    this.#splitter = new SseSplitter(maxEventBytes)
  }

  get complete(): boolean {
    return this.#reader.complete
  }

  push(chunk: Uint8Array): string | undefined {
    const block = this.#splitter.push(chunk)
    return block === undefined ? undefined : this.#translate(block)
  }

  flush(): string | undefined {
    const rest = this.#splitter.rest()
    return rest === undefined ? undefined : this.#translate(Buffer.concat([rest, BLANK_LINE]))
  }

  end(): string {
    return this.#renderer.end()
  }

  #translate(block: Uint8Array): string | undefined {
    let text = ''
    for (const frame of parseFrames(block)) {
      for (const event of this.#reader.read(frame)) {
        if (event.type === 'error') {
          this.error = event.error
          return text === '' ? undefined : text
        }
        this.events += 1
        if (event.type === 'usage') this.usage = event.usage
        else if (event.type === 'finish') this.finishes.push(event.finish)
        text += this.#renderer.event(event)
      }
    }
    return text === '' ? undefined : text
  }
}

const BLANK_LINE = Buffer.from('\n\n')
