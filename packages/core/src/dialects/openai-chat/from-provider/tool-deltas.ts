import type { Signature } from '../../model/conversation.ts'
import type { JsonObject } from '../../model/json-object.ts'
import type { StreamEvent } from '../../model/events.ts'
import { argumentsText } from './answer.ts'
import { WholeJson } from './whole-json.ts'
import { asObject, asText } from '../../wire/json.ts'
import { toolCallSignatureOf } from './reasoning-details.ts'

interface Call {
  /** Among the calls of the choice, in the order they were opened. */
  readonly position: number
  /** The service's own index, where it gave one. Never used as a position. */
  readonly givenIndex: number | undefined
  /** The service's own id; not unique with every service. */
  givenId: string | undefined
  /** The id clients see; set when the call is announced. */
  id: string | undefined
  name: string | undefined
  kind: 'function' | 'custom'
  signature: Signature | undefined
  /** Position among the choice's calls as clients see them; set when the call is announced. */
  index: number | undefined
  text: string
  /** Whether the arguments so far are one whole value of JSON. */
  readonly whole: WholeJson
}

interface Delta {
  readonly index: number | undefined
  readonly id: string | undefined
  readonly name: string | undefined
  readonly text: string
}

/**
 * The tool calls of one streamed choice. Services send `index` sparse, reused, from 1 or not at
 * all, ids empty or late, names after arguments; what comes out is dense and starts every call with
 * id and name.
 */
export class ToolDeltas {
  readonly #choice: number
  readonly #newId: (prefix: string) => string
  readonly #calls: Call[] = []
  /** Position of the first call that may still have to be announced. */
  #unannounced = 0
  /** The last call opened at each of the service's indexes. */
  readonly #atIndex = new Map<number, Call>()
  /** The last call opened with each of the service's ids, and the first with each id and index. */
  readonly #withId = new Map<string, Call>()
  readonly #withBoth = new Map<string, Call>()
  readonly #idsSeen = new Set<string>()
  #announced = 0

  constructor(choice: number, newId: (prefix: string) => string) {
    this.#choice = choice
    this.#newId = newId
  }

  get any(): boolean {
    return this.#calls.length > 0
  }

  take(raw: JsonObject, events: StreamEvent[]): void {
    const custom = asObject(raw.custom)
    const target = custom ?? asObject(raw.function)
    const delta: Delta = {
      index: Number.isSafeInteger(raw.index) ? (raw.index as number) : undefined,
      id: asText(raw.id),
      name: asText(target?.name),
      text: argumentsText(custom === undefined ? target?.arguments : custom.input),
    }
    const found = this.#find(delta)
    if (
      found === undefined &&
      delta.id === undefined &&
      delta.name === undefined &&
      delta.text === ''
    )
      return
    const call =
      found ??
      this.#open(delta, raw.type === 'custom' || custom !== undefined ? 'custom' : 'function')
    if (delta.id !== undefined && found !== undefined && found.givenId === undefined)
      this.#identify(found, delta.id)
    if (call.index === undefined) call.name = joinedName(call.name, delta.name)
    call.signature ??= toolCallSignatureOf(raw)
    call.text += delta.text
    call.whole.add(delta.text)
    if (call.index !== undefined) this.#arguments(call, { text: delta.text, events })
    else if (call.name !== undefined && call.text !== '') this.#announceUpTo(call, events)
  }

  /**
   * The choice has ended: calls still without a name are announced, functions without arguments get
   * `{}`.
   */
  finish(events: StreamEvent[]): void {
    for (const call of this.#calls) {
      if (call.index === undefined) this.#announce(call, events)
      if (call.text === '' && call.kind === 'function')
        this.#arguments(call, { text: '{}', events })
    }
  }

  #open({ index: givenIndex, id }: Delta, kind: Call['kind']): Call {
    const call: Call = {
      position: this.#calls.length,
      givenIndex,
      givenId: undefined,
      id: undefined,
      name: undefined,
      kind,
      signature: undefined,
      index: undefined,
      text: '',
      whole: new WholeJson(),
    }
    this.#calls.push(call)
    if (givenIndex !== undefined) this.#atIndex.set(givenIndex, call)
    if (id !== undefined) this.#identify(call, id)
    return call
  }

  /**
   * A call is announced when its name is whole: when its arguments begin, with the calls before it.
   */
  #announceUpTo(call: Call, events: StreamEvent[]): void {
    for (; this.#unannounced <= call.position; this.#unannounced += 1) {
      const earlier = this.#calls[this.#unannounced]
      if (earlier?.index === undefined && earlier?.name !== undefined)
        this.#announce(earlier, events)
    }
    if (call.index === undefined) this.#announce(call, events)
  }

  #identify(call: Call, id: string): void {
    call.givenId = id
    if ((this.#withId.get(id)?.position ?? -1) < call.position) this.#withId.set(id, call)
    const both = pairOf(id, call.givenIndex)
    if (call.position < (this.#withBoth.get(both)?.position ?? Number.POSITIVE_INFINITY))
      this.#withBoth.set(both, call)
  }

  #announce(call: Call, events: StreamEvent[]): void {
    call.index = this.#announced
    this.#announced += 1
    const isTaken = call.givenId !== undefined && this.#idsSeen.has(call.givenId)
    call.id = (isTaken ? undefined : call.givenId) ?? this.#newId('call_')
    this.#idsSeen.add(call.id)
    const { index, id, name = '', kind, signature } = call
    events.push({
      type: 'tool-call',
      choice: this.#choice,
      index,
      id,
      name,
      kind,
      ...(signature === undefined ? {} : { signature }),
    })
    this.#arguments(call, { text: call.text, events })
  }

  #arguments(
    call: Call,
    { text, events }: { readonly text: string; readonly events: StreamEvent[] },
  ): void {
    if (text !== '' && call.index !== undefined)
      events.push({ type: 'tool-arguments', choice: this.#choice, index: call.index, text })
  }

  /** The call a delta goes on with; `undefined` when it begins one. */
  #find(delta: Delta): Call | undefined {
    const latest = this.#calls.at(-1)
    const there = delta.index === undefined ? latest : this.#atIndex.get(delta.index)
    if (delta.id !== undefined) {
      const exact = this.#withBoth.get(pairOf(delta.id, delta.index))
      if (exact !== undefined) return exact
      // One id at two indexes with two names is two calls; without a name, or with the name of a
      // call whose arguments have not ended, it is one call whose index moves.
      const last = this.#withId.get(delta.id)
      if (last !== undefined)
        return delta.index === undefined ||
          delta.name === undefined ||
          (last.name === delta.name && !last.whole.isWhole(last.text))
          ? last
          : undefined
      if (there === undefined || (delta.index === undefined && there.givenId !== undefined))
        return undefined
      // A new id at a known index is another call, unless it is a late id or a nameless rest of the
      // call there.
      if (delta.name === undefined || there.name === undefined) return there
      return there.text === '' && there.givenId === undefined && delta.index !== undefined
        ? there
        : undefined
    }
    if (delta.name === undefined) return there ?? latest
    if (there?.name === undefined) return there
    // A name may come in parts before the arguments do, where an id or an index says that it is the
    // same call.
    if (there.text === '' && (there.givenId !== undefined || delta.index !== undefined))
      return there
    // Without ids a name begins a call, unless it repeats the name of a call whose arguments have
    // not ended.
    return there.name === delta.name && !there.whole.isWhole(there.text) ? there : undefined
  }
}

/** A name in one piece, in pieces, or said again as far as it goes. */
function joinedName(known: string | undefined, more: string | undefined): string | undefined {
  if (known === undefined || more === undefined) return known ?? more
  return more.startsWith(known) ? more : known + more
}

function pairOf(id: string, index: number | undefined): string {
  return `${index ?? ''}:${id}`
}
