import { GatewayError } from '../../../errors.ts'
import type { ToolCallPart, ToolResultPart } from '../../model/conversation.ts'
import type { JsonObject } from '../../model/json-object.ts'
import { parseObject } from '../../wire/json.ts'
import { fileToPart, imageToPart, type MediaPlace } from './media.ts'

/** Name of this dialect, as signatures and extension parts carry it. */
export const ORIGIN = 'gemini'

/** Prefix of ids made for calls that the provider sent without one. */
export const INVENTED_ID_PREFIX = 'call_gm_'

const FOREIGN_ID = /^(call_|toolu_|tooluse_|fc_|functions\.|chatcmpl-)/

/**
 * Ids the provider never issued: ours and those of other dialects. It matches calls and results by
 * name and order, and some of its endpoints refuse an id they do not know, so these stay here.
 */
export function isForeignId(id: string): boolean {
  return FOREIGN_ID.test(id)
}

/** A result and the message it stands in. */
export interface PlacedResult {
  readonly result: ToolResultPart
  readonly place: MediaPlace
}

/**
 * The tool calls of a conversation, in order: results carry only the id of their call, this
 * provider wants its name, and the results of parallel calls in the order of the calls.
 */
export class ToolHistory {
  readonly #calls = new Map<string, { readonly name: string; readonly order: number }>()
  #seen = 0
  readonly #dropped: Set<string>

  constructor(dropped: Set<string>) {
    this.#dropped = dropped
  }

  /** The `functionCall` part of a call, which is remembered for its result. */
  callToPart(call: ToolCallPart): JsonObject {
    this.#calls.set(call.id, { name: call.name, order: this.#seen++ })
    const functionCall = { ...ownId(call.id), name: call.name, args: this.#argsOf(call) }
    if (call.signature === undefined) return { functionCall }
    if (call.signature.origin === ORIGIN)
      return { functionCall, thoughtSignature: call.signature.value }
    this.#dropped.add('tool_calls.signature (from another provider)')
    return { functionCall }
  }

  /**
   * The parts of a run of results: one `functionResponse` each, in the order of the calls, then the
   * media they held.
   */
  resultsToParts(results: readonly PlacedResult[]): JsonObject[] {
    const parts: JsonObject[] = []
    const media: JsonObject[] = []
    for (const { result, place } of results.toSorted(
      (a, b) => this.#orderOf(a) - this.#orderOf(b),
    )) {
      parts.push({
        functionResponse: {
          ...ownId(result.id),
          name: this.#nameOf(result, place),
          response: responseOf(result),
        },
      })
      for (const part of result.content) {
        if (part.type === 'image') media.push(imageToPart(part, place))
        else if (part.type === 'file') media.push(fileToPart(part, place))
      }
    }
    return [...parts, ...media]
  }

  #orderOf({ result }: PlacedResult): number {
    return this.#calls.get(result.id)?.order ?? this.#seen
  }

  #nameOf(result: ToolResultPart, place: MediaPlace): string {
    const call = this.#calls.get(result.id)
    if (call !== undefined) return call.name
    throw new GatewayError(
      'invalid_request',
      'No earlier assistant message has a tool call with the id this tool message answers.',
      {
        param: place.param,
      },
    )
  }

  /** `args` must be an object, whatever a model once wrote. */
  #argsOf(call: ToolCallPart): JsonObject {
    if (call.kind === 'custom') return { input: call.arguments }
    if (call.arguments.trim() === '') return {}
    const args = parseObject(call.arguments)
    if (args !== undefined) return args
    this.#dropped.add('tool_calls.arguments (repaired: was no JSON object)')
    return { input: call.arguments }
  }
}

function ownId(id: string): { id?: string } {
  return id === '' || isForeignId(id) ? {} : { id }
}

function responseOf(result: ToolResultPart): JsonObject {
  const text = result.content
    .flatMap((part) => (part.type === 'text' ? [part.text] : []))
    .join('\n')
  if (result.isError === true) return { error: text }
  return parseObject(text) ?? { result: text }
}
