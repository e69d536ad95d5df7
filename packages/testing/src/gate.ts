/**
 * Lets a test decide when a scripted stream goes on. Every step of the answer waits at the gate
 * until it is released.
 *
 * A step of a scripted answer is one fragment of it (a piece of text, of reasoning, of a tool
 * call's arguments) with the structural events before it; the last step is the ending (finish,
 * usage, end marker). An answer of two fragments has three steps. In a replayed or raw stream every
 * event is a step; a JSON answer is one step.
 *
 * ```ts
 * const gate = createGate()
 * provider.reply({ answer: { text: ['one', 'two'] }, gate })
 * gate.release()     // 'one' arrives, and nothing else
 * gate.releaseAll()  // the rest
 * ```
 */
export class Gate {
  #permits = 0
  #waiting: (() => void)[] = []
  #watchers: (() => void)[] = []

  /** Lets the next `count` steps pass. @default 1 */
  release(count = 1): void {
    this.#permits += count
    while (this.#permits > 0 && this.#waiting.length > 0) {
      this.#permits -= 1
      this.#waiting.shift()?.()
    }
  }

  /** Opens the gate for good. */
  releaseAll(): void {
    this.release(Number.POSITIVE_INFINITY)
  }

  /**
   * Resolves once a step waits here, which means that everything released before it has been
   * written.
   */
  reached(): Promise<void> {
    if (this.#waiting.length > 0) return Promise.resolve()
    return new Promise((resolve) => this.#watchers.push(resolve))
  }

  /**
   * Waits to be released; resolves as well when `signal` aborts. Called by the provider before each
   * step.
   */
  pass(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve()
    if (this.#permits > 0) {
      this.#permits -= 1
      return Promise.resolve()
    }
    return new Promise((resolve) => {
      const go = (): void => {
        signal.removeEventListener('abort', leave)
        resolve()
      }
      const leave = (): void => {
        this.#waiting = this.#waiting.filter((other) => other !== go)
        resolve()
      }
      this.#waiting.push(go)
      signal.addEventListener('abort', leave, { once: true })
      for (const watcher of this.#watchers.splice(0)) watcher()
    })
  }
}

/** A closed gate. */
export function createGate(): Gate {
  return new Gate()
}
