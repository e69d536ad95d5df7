import { GatewayError } from '../../../errors.ts'
import { optionalString, type Place, pathOf } from '../../wire/fields.ts'
import { INVENTED_ID_PREFIX } from '../to-provider/tool-history.ts'

interface OpenCall {
  readonly id: string
  /** As the client gave it; most calls of this API have none. */
  readonly given: string | undefined
  readonly name: string
  /** The model's turn it stands in. */
  readonly turn: number
}

/**
 * The function calls of a history, each with an id of its own, and the responses matched to them:
 * by id, else by name and order. Invented ids count the calls, so the same history always gets the
 * same ones.
 */
export class CallMatcher {
  readonly #ids = new Set<string>()
  #unanswered: OpenCall[] = []
  #turn = 0

  /** A turn of the model begins: responses belong to the calls of the last one first. */
  beginTurn(): void {
    this.#turn += 1
  }

  /** The id of the next call. */
  add(name: string, given: string | undefined): string {
    const id = given === undefined || this.#ids.has(given) ? this.#invent() : given
    this.#ids.add(id)
    this.#unanswered.push({ id, given, name, turn: this.#turn })
    return id
  }

  /**
   * The id of the call a `functionResponse` answers. Throws `invalid_request` when no call is left
   * for it.
   */
  answer(response: Place): string {
    const given = optionalString(response, 'id') || undefined
    const name = optionalString(response, 'name') || undefined
    const call =
      this.#find((other) => given !== undefined && other.given === given) ??
      this.#find((other) => other.name === name)
    if (call === undefined) {
      const field = name === undefined && given !== undefined ? 'id' : 'name'
      const param = pathOf(response, field)
      const what = JSON.stringify(given !== undefined && name === undefined ? given : (name ?? ''))
      throw new GatewayError(
        'invalid_request',
        `${param}: no earlier functionCall without a response is called ${what}.`,
        { param },
      )
    }
    this.#unanswered = this.#unanswered.filter((other) => other !== call)
    return call.id
  }

  /** The first such call of the latest turn that has one. */
  #find(fits: (call: OpenCall) => boolean): OpenCall | undefined {
    let found: OpenCall | undefined
    for (const call of this.#unanswered)
      if (fits(call) && (found === undefined || call.turn > found.turn)) found = call
    return found
  }

  #invent(): string {
    let count = this.#ids.size + 1
    while (this.#ids.has(`${INVENTED_ID_PREFIX}${count}`)) count += 1
    return `${INVENTED_ID_PREFIX}${count}`
  }
}
