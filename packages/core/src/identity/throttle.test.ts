import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { GatewayError } from '../errors.ts'
import { memoryWindow } from '../storage/index.ts'
import { networkOf, Throttle } from './throttle.ts'

const wrong = new GatewayError('invalid_api_key', 'wrong')
const start = (
  limits: { perAddress?: number; inAll?: number } = {},
  open = memoryWindow,
): Throttle => new Throttle({ name: 'keys', perAddress: 3, inAll: 1000, open, ...limits })

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('Throttle', () => {
  it('answers 429 with the time to wait once an address has sent too many wrong credentials, and 401 again after it', async () => {
    const throttle = start()
    const from = async (peer: string): Promise<number> =>
      (await throttle.refusal(wrong, { peer })).status
    expect([
      await from('10.0.0.1'),
      await from('10.0.0.1'),
      await from('10.0.0.1'),
      await from('10.0.0.1'),
      await from('10.0.0.2'),
    ]).toEqual([401, 401, 401, 429, 401])
    vi.advanceTimersByTime(20_000)
    const refused = await throttle.refusal(wrong, { peer: '10.0.0.1' })
    expect(refused).toMatchObject({
      code: 'rate_limit_exceeded',
      details: { retryAfterMs: 40_000, headers: { 'x-should-retry': 'false' } },
    })
    vi.advanceTimersByTime(40_001)
    expect(await from('10.0.0.1')).toBe(401)
  })

  it('remembers no more addresses than the limit over all of them has', async () => {
    const keys = new Set<string>()
    const throttle = start({ inAll: 100 }, (name, limit) => {
      const window = memoryWindow(name, limit)
      return { take: (key) => window.take(key).finally(() => keys.add(`${name} ${key}`)) }
    })
    const statuses = new Map<number, number>()
    for (let at = 0; at < 100_000; at += 1) {
      const { status } = await throttle.refusal(wrong, {
        peer: `10.${at >> 16}.${(at >> 8) & 255}.${at & 255}`,
      })
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
    }
    expect([keys.size, [...statuses]]).toEqual([
      101,
      [
        [401, 100],
        [429, 99_900],
      ],
    ])
    expect(vi.getTimerCount()).toBe(101)
    vi.advanceTimersByTime(60_001)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('counts nothing, and opens nothing, before something is wrong', () => {
    const open = vi.fn<typeof memoryWindow>(memoryWindow)
    start({}, open)
    expect([open.mock.calls.length, vi.getTimerCount()]).toEqual([0, 0])
  })

  it('leaves the refusal as it is where nothing can be counted', async () => {
    const broken = start({}, () => ({ take: () => Promise.reject(new Error('away')) }))
    expect(await broken.refusal(wrong, { peer: '10.0.0.1' })).toBe(wrong)
    const odd = {
      get peer(): string {
        throw new Error('trust proxy threw')
      },
    }
    expect(await start().refusal(wrong, odd)).toBe(wrong)
  })
})

describe('the network of an address', () => {
  it.each([
    ['10.1.2.3', '10.1.2.3'],
    ['::ffff:10.1.2.3', '10.1.2.3'],
    ['::FFFF:a01:203', '10.1.2.3'],
    ['0:0:0:0:0:ffff:10.1.2.3', '10.1.2.3'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:DB8:1:2::', '2001:db8:1:2::/64'],
    ['2001:0db8:0001:0002:ffff:ffff:ffff:ffff', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['::', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    [undefined, 'unknown'],
    ['', 'unknown'],
    ['not an address', 'unknown'],
    ['10.1.2.3, 10.1.2.4', 'unknown'],
    ['x'.repeat(100_000), 'unknown'],
  ])('%s is %s', (address, network) => {
    expect(networkOf(address)).toBe(network)
  })

  it('is one for each /64, however it is written, and never throws', () => {
    fc.assert(
      fc.property(
        fc.ipV6(),
        (address) =>
          void expect(networkOf(address)).toMatch(
            /^(?:[\da-f]{1,4}(?::[\da-f]{1,4}){3}::\/64|\d+\.\d+\.\d+\.\d+)$/,
          ),
      ),
    )
    fc.assert(
      fc.property(fc.string(), (text) => void expect(typeof networkOf(text)).toBe('string')),
    )
  })
})
