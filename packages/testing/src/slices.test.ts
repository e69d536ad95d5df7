import { describe, expect, it } from 'vitest'
import { sliceWrites } from './slices.ts'

const body = [Buffer.from('data: Grüße 世界 👋🏽\n\n'), Buffer.from('data: end\n\n')]
const whole = Buffer.concat(body)

function sizes(slices: Iterable<Uint8Array>): number[] {
  return [...slices].map((slice) => slice.length)
}

describe('sliceWrites', () => {
  it('leaves items alone without faults', () => {
    expect([...sliceWrites(body, {})]).toEqual(body)
  })

  it('cuts into fixed sizes over the borders of items', () => {
    const slices = [...sliceWrites(body, { writeSizes: 7 })]
    expect(Buffer.concat(slices)).toEqual(whole)
    expect(
      sizes(slices)
        .slice(0, -1)
        .every((size) => size === 7),
    ).toBe(true)
  })

  it('cuts into the same pseudo-random sizes of 1 to 97 bytes for the same seed', () => {
    const long = [Buffer.alloc(20_000, 'x')]
    const once = sizes(sliceWrites(long, { writeSizes: { seed: 7 } }))
    expect(sizes(sliceWrites(long, { writeSizes: { seed: 7 } }))).toEqual(once)
    expect(sizes(sliceWrites(long, { writeSizes: { seed: 8 } }))).not.toEqual(once)
    expect(once.reduce((sum, size) => sum + size, 0)).toBe(20_000)
    expect(Math.min(...once.slice(0, -1))).toBe(1)
    expect(Math.max(...once)).toBe(97)
  })

  it('divides every multi-byte character', () => {
    const slices = [...sliceWrites(body, { splitUtf8: true })]
    expect(Buffer.concat(slices)).toEqual(whole)
    const broken = slices.filter((slice) => Buffer.from(slice).toString().includes('\uFFFD'))
    expect(slices.length).toBe(8)
    expect(broken.length).toBe(7)
  })

  it('reads nothing ahead', () => {
    let produced = 0
    function* endless(): Generator<Uint8Array> {
      for (;;) {
        produced += 1
        yield Buffer.from('abc')
      }
    }
    const slices = sliceWrites(endless(), { writeSizes: 3 })
    slices.next()
    slices.next()
    expect(produced).toBe(2)
  })
})
