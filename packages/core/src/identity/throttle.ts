import { isIP } from 'node:net'
import { GatewayError } from '../errors.ts'
import type { GatewayRequest } from '../http/index.ts'
import type { OpenWindow, RequestWindow } from '../storage/index.ts'

export interface ThrottleOptions {
  /** The credential it counts, as part of the names of its counters. */
  readonly name: 'keys' | 'admin'
  /** Wrong credentials from one address within a minute. */
  readonly perAddress: number
  /** Wrong credentials from all addresses within a minute. */
  readonly inAll: number
  /** Called when the first wrong credential comes, not before. */
  readonly open: OpenWindow
}

/**
 * Answers wrong credentials with 429 once there were too many. Credentials are checked first and
 * only wrong ones are counted, so a right one is let in from any address at any time, and costs
 * nothing here.
 *
 * Addresses are counted only while the limit over all of them lasts: no more of them are remembered
 * for a minute than it has.
 */
export class Throttle {
  readonly #options: ThrottleOptions
  #windows: { readonly perAddress: RequestWindow; readonly inAll: RequestWindow } | undefined

  constructor(options: ThrottleOptions) {
    this.#options = options
  }

  /**
   * The refusal for the client. Never rejects: without a count, the refusal stays as it is.
   */
  async refusal(error: GatewayError, request: Pick<GatewayRequest, 'peer'>): Promise<GatewayError> {
    const { name, perAddress, inAll, open } = this.#options
    this.#windows ??= {
      perAddress: open(`wrong-${name}-by-address`, perAddress),
      inAll: open(`wrong-${name}`, inAll),
    }
    try {
      const waitMs =
        (await this.#windows.inAll.take('all')) ??
        (await this.#windows.perAddress.take(networkOf(request.peer)))
      return waitMs === undefined ? error : tooMany(waitMs)
    } catch {
      return error
    }
  }
}

/**
 * A wrong credential stays wrong: `x-should-retry: false` stops clients that retry by themselves.
 */
function tooMany(waitMs: number): GatewayError {
  const seconds = Math.ceil(waitMs / 1000)
  return new GatewayError(
    'rate_limit_exceeded',
    `Too many wrong credentials. Another one is checked at any time and let in if it is right; retry after ${seconds} s.`,
    { retryAfterMs: Math.max(waitMs, 1), headers: { 'x-should-retry': 'false' } },
  )
}

/**
 * The network that wrong credentials are counted for: an IPv4 address, or the /64 of an IPv6
 * address, which one subscriber has whole. Anything that is no address, such as text from a header,
 * counts as one.
 */
export function networkOf(address: string | undefined): string {
  const plain = address?.split('%', 1)[0] ?? ''
  if (isIP(plain) === 4) return plain
  if (isIP(plain) !== 6) return 'unknown'
  const { hostname } = new URL(`http://[${plain}]`)
  const [head = '', tail] = hostname.slice(1, -1).split('::')
  const first = head === '' ? [] : head.split(':')
  const last = tail === undefined || tail === '' ? [] : tail.split(':')
  const groups =
    tail === undefined
      ? first
      : [...first, ...Array<string>(8 - first.length - last.length).fill('0'), ...last]
  // `::ffff:a.b.c.d` is the IPv4 address that an IPv6 socket saw.
  if (groups.slice(0, 5).every((group) => group === '0') && groups[5] === 'ffff')
    return groups
      .slice(6)
      .map((group) => Number.parseInt(group, 16))
      .map((pair) => `${pair >> 8}.${pair & 255}`)
      .join('.')
  return `${groups.slice(0, 4).join(':')}::/64`
}
