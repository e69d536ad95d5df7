/**
 * Lets work that has been cut into pieces run piece by piece, one in each turn of the event loop,
 * however many large texts are under way: without it twenty bodies would all take their longest
 * step in the same turn. One for each gateway.
 */
export class Turns {
  readonly #waiting: (() => void)[] = []

  /** Resolves in a turn of its own. */
  next(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#waiting.push(resolve) === 1) setImmediate(this.#run)
    })
  }

  /** Runs the steps to their end, each in a turn of its own. */
  async run<T>(steps: Generator<undefined, T>): Promise<T> {
    for (;;) {
      const step = steps.next()
      if (step.done === true) return step.value
      await this.next()
    }
  }

  readonly #run = (): void => {
    this.#waiting.shift()?.()
    if (this.#waiting.length > 0) setImmediate(this.#run)
  }
}
