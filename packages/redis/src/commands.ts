import { createHash } from 'node:crypto'

/**
 * Any client of node-redis (4 to 6, cluster too) or ioredis (5 and 6). Only what is needed of it is
 * named here.
 */
export type RedisClient =
  | { sendCommand(args: string[]): Promise<unknown> }
  | {
      sendCommand(
        firstKey: string | undefined,
        isReadonly: boolean | undefined,
        args: string[],
      ): Promise<unknown>
    }
  | { call(command: string, ...args: string[]): Promise<unknown> }

/**
 * One command, whichever the client. @param key the command is about, which says where in a cluster
 * it goes
 */
export type Send = (key: string, command: string, ...args: string[]) => Promise<unknown>

/**
 * Finds how to send a command with this client, by its methods and never by its name: bundlers and
 * wrappers change names. Throws `TypeError` for anything else.
 */
export function sendThrough(client: RedisClient): Send {
  if ('call' in client && typeof client.call === 'function')
    // few: one command has the keys and arguments of a few limits
    return async (_key, command, ...args) => client.call(command, ...args)
  if (!('sendCommand' in client) || typeof client.sendCommand !== 'function') {
    throw new TypeError(
      'This is no Redis client: it has neither `sendCommand` (node-redis) nor `call` (ioredis).',
    )
  }
  // A cluster's method takes the key first, which decides about the node.
  if (client.sendCommand.length >= 3) {
    const cluster = client as {
      sendCommand(firstKey: string, isReadonly: boolean, args: string[]): Promise<unknown>
    }
    return async (key, command, ...args) => cluster.sendCommand(key, false, [command, ...args])
  }
  const single = client as { sendCommand(args: string[]): Promise<unknown> }
  return async (_key, command, ...args) => single.sendCommand([command, ...args])
}

/**
 * Errors of a server that does not know a script yet, or does not allow EVALSHA.
 */
const NEEDS_SOURCE = /NOSCRIPT|NOPERM.*evalsha|unknown command/i

/**
 * A script the server runs in one step: by its digest, and by its source where the server does not
 * know it.
 */
export class Script {
  readonly #source: string
  readonly #digest: string

  constructor(source: string) {
    this.#source = source
    this.#digest = createHash('sha1').update(source).digest('hex')
  }

  async run(send: Send, keys: readonly string[], args: readonly string[]): Promise<unknown> {
    const rest = [String(keys.length), ...keys, ...args]
    const key = keys[0] ?? ''
    try {
      return await send(key, 'EVALSHA', this.#digest, ...rest)
    } catch (error) {
      if (!(error instanceof Error) || !NEEDS_SOURCE.test(error.message)) throw error
      return send(key, 'EVAL', this.#source, ...rest)
    }
  }
}
