import type { ClientRequest, Dialect, Quirks, ServerSide } from './dialect.ts'
import { translate, type Translation } from './translation.ts'

/** One request of any endpoint, read as far as routing needs. */
export interface Operation {
  /** `model` as the client wrote it: a route, `provider/model`, or a bare model id. */
  readonly model: string
  readonly stream: boolean
  /** How this target is asked, and how its answer is handed to the client. */
  translationFor(target: OperationTarget, context: OperationContext): Translation
}

/** What an operation may know of a target. */
export interface OperationTarget {
  readonly provider: { readonly name: string; readonly quirks: Quirks }
  /** The provider's own model id. */
  readonly model: string
  /** What the provider speaks for this model, the one it speaks best first. */
  readonly dialects: readonly Dialect[]
}

export interface OperationContext {
  readonly requestId: string
  /** Unix seconds. */
  readonly created: number
  /** Largest event a provider may send, in bytes. */
  readonly maxEventBytes: number
  /** The route allows leaving out parts and tools a target cannot take. */
  readonly dropUnsupported: boolean
  newId(prefix: string): string
}

/** In which shape the answers and errors of an endpoint reach its clients. */
export type Face = Pick<ServerSide, 'renderError' | 'answerHeaders'>

/** The face of a dialect that clients speak. */
export function faceOf(dialect: Dialect): Face {
  if (dialect.server === undefined) throw new TypeError(`Clients cannot speak ${dialect.name}.`)
  return dialect.server
}

/** A conversation in the words of `from`, for any target that speaks one of our dialects. */
export function readChat(from: Dialect, request: ClientRequest): Operation {
  if (from.server === undefined) throw new TypeError(`Clients cannot speak ${from.name}.`)
  const chat = from.server.parse(request)
  return {
    model: chat.model,
    stream: chat.stream,
    translationFor(target, context) {
      // Its own dialect first: what needs no translation loses nothing in it.
      const to = target.dialects.find((dialect) => dialect === from) ?? target.dialects[0]
      if (to === undefined) throw new TypeError(`${target.provider.name} speaks no dialect.`)
      const { provider, model } = target
      return translate(from, to, {
        request: chat,
        call: { provider: provider.name, model, stream: chat.stream, quirks: provider.quirks, dropUnsupported: context.dropUnsupported, newId: context.newId },
        render: { request: chat, requestId: context.requestId, model, created: context.created, includeUsage: chat.includeUsage },
        maxEventBytes: context.maxEventBytes,
      })
    },
  }
}

