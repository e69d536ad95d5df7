import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { type Clock, systemClock } from './clock.ts'

/** Faults that a proxy applies to the bytes it carries. */
export interface ProxyFaults {
  /** Each piece waits so long before it goes on, in both directions. */
  readonly delayMs?: number
  /** Answers go on in pieces of `bytes`, one each `everyMs`. */
  readonly drip?: { readonly bytes: number; readonly everyMs: number }
  /** Bytes of answers on a connection after which both its sides are closed. */
  readonly cutAfterBytes?: number
  /** How a cut looks: an orderly end, or a reset. @default 'fin' */
  readonly cutBy?: 'fin' | 'rst'
  /** New connections are reset as soon as they are there. */
  readonly resetOnAccept?: boolean
  /**
   * Connections open and nothing is carried on them, no ends either, until this is over: then
   * everything held goes on.
   */
  readonly blackhole?: boolean
  /** The end of one side is not told to the other, as when a machine loses its power. */
  readonly halfOpen?: boolean
}

/**
 * A TCP proxy on loopback that applies the given faults, on connections that are open
 * already too.
 */
export interface FaultProxy {
  readonly host: string
  readonly port: number
  /** `http://host:port`. */
  readonly url: string
  /** Connections that are open on the client's side. */
  readonly open: number
  /** Connections accepted so far. */
  readonly accepted: number
  /** From now on these faults, and no others; `{}` heals. */
  set(faults: ProxyFaults): void
  /** Resets every open connection, once. */
  resetAll(): void
  /** Ends everything; idempotent. */
  close(): Promise<void>
}

export interface FaultProxyOptions {
  /** Where connections go. @default host `127.0.0.1` */
  readonly target: { readonly host?: string; readonly port: number }
  readonly faults?: ProxyFaults
  /** Where delays and drips take their time from. @default the real time */
  readonly clock?: Clock
}

/**
 * Starts a fault proxy in front of a provider, a Redis, anything that speaks over TCP.
 *
 * ```ts
 * const proxy = await startFaultProxy({ target: { port: redisPort } })
 * proxy.set({ blackhole: true })   // hangs, as a stopped process does
 * proxy.set({})                    // goes on where it was
 * proxy.set({ cutAfterBytes: 100, cutBy: 'rst' })
 * ```
 */
export async function startFaultProxy(options: FaultProxyOptions): Promise<FaultProxy> {
  const state = new ProxyState(options)
  const server = createServer({ allowHalfOpen: true }, (socket) => state.accept(socket))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    host: '127.0.0.1',
    port,
    url: `http://127.0.0.1:${port}`,
    get open() {
      return state.open.size
    },
    get accepted() {
      return state.accepted
    },
    set: (faults) => state.set(faults),
    resetAll: () => state.resetAll(),
    async close() {
      state.resetAll()
      if (!server.listening) return
      server.close()
      await once(server, 'close')
    },
  }
}

class ProxyState {
  readonly #options: FaultProxyOptions
  readonly #clock: Clock
  readonly open = new Set<Connection>()
  accepted = 0
  faults: ProxyFaults
  #changed = Promise.withResolvers<void>()

  constructor(options: FaultProxyOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.faults = options.faults ?? {}
  }

  set(faults: ProxyFaults): void {
    this.faults = faults
    this.#changed.resolve()
    this.#changed = Promise.withResolvers()
  }

  accept(socket: Socket): void {
    this.accepted += 1
    // The peer may still be writing when its connection is closed.
    socket.on('error', () => undefined)
    if (this.faults.resetOnAccept === true) {
      socket.resetAndDestroy()
      return
    }
    const connection = new Connection(
      socket,
      connect({ host: '127.0.0.1', ...this.#options.target, allowHalfOpen: true }),
      this,
    )
    this.open.add(connection)
    socket.on('close', () => this.open.delete(connection))
  }

  resetAll(): void {
    for (const connection of this.open) connection.hangUp('rst')
  }

  /** Resolves when none of these faults is set any more, or with the connection's end. */
  async without(signal: AbortSignal, ...names: ('blackhole' | 'halfOpen')[]): Promise<void> {
    const ended = new Promise<void>((resolve) =>
      signal.addEventListener('abort', () => resolve(), { once: true }),
    )
    while (!signal.aborted && names.some((name) => this.faults[name] === true))
      await Promise.race([this.#changed.promise, ended])
  }

  sleep(ms: number, signal: AbortSignal): Promise<void> {
    return this.#clock.sleep(ms, signal)
  }
}

class Connection {
  readonly #client: Socket
  readonly #server: Socket
  readonly #state: ProxyState
  readonly #over = new AbortController()
  #answered = 0

  constructor(client: Socket, server: Socket, state: ProxyState) {
    this.#client = client
    this.#server = server
    this.#state = state
    server.on('error', () => undefined)
    void this.#pump(client, server, false)
    void this.#pump(server, client, true)
  }

  hangUp(how: 'fin' | 'rst'): void {
    this.#over.abort()
    for (const socket of [this.#client, this.#server]) {
      if (how === 'rst') socket.resetAndDestroy()
      else socket.end(() => socket.destroy())
    }
  }

  async #pump(from: Socket, to: Socket, isAnswer: boolean): Promise<void> {
    const { signal } = this.#over
    let isBroken = false
    try {
      for await (const chunk of from.iterator({
        destroyOnReturn: false,
      }) as AsyncIterable<Buffer>) {
        await this.#carry(chunk, to, isAnswer)
        if (signal.aborted) return
      }
    } catch {
      isBroken = true
    }
    await this.#state.without(signal, 'blackhole', 'halfOpen')
    if (signal.aborted) return
    if (isBroken) this.hangUp('rst')
    else to.end()
  }

  async #carry(chunk: Buffer, to: Socket, isAnswer: boolean): Promise<void> {
    const { signal } = this.#over
    const size = isAnswer ? (this.#state.faults.drip?.bytes ?? chunk.length) : chunk.length
    for (let at = 0; at < chunk.length && !signal.aborted; at += size) {
      const { delayMs = 0, drip, cutAfterBytes, cutBy = 'fin' } = this.#state.faults
      if (delayMs > 0) await this.#state.sleep(delayMs, signal)
      if (isAnswer && drip !== undefined && this.#answered > 0)
        await this.#state.sleep(drip.everyMs, signal)
      await this.#state.without(signal, 'blackhole')
      if (signal.aborted) return
      const piece = chunk.subarray(at, at + size)
      const room =
        isAnswer && cutAfterBytes !== undefined
          ? Math.max(0, cutAfterBytes - this.#answered)
          : piece.length
      if (isAnswer) this.#answered += piece.length
      if (!to.write(piece.subarray(0, room)) && !to.destroyed) await once(to, 'drain', { signal })
      if (room < piece.length) this.hangUp(cutBy)
    }
  }
}
