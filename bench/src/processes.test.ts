import { afterEach, describe, expect, it } from 'vitest'
import { createProcesses } from './processes.ts'

const processes = createProcesses()
afterEach(() => processes.stopAll())

describe('children', () => {
  it('tell their port and their use of CPU and memory, and end when asked to', async () => {
    const child = await processes.start('./upstream.ts', [])
    expect(child.port).toBeGreaterThan(0)
    const usage = await child.ask({ type: 'usage' })
    expect(usage).toMatchObject({
      type: 'usage',
      cpuMicros: expect.any(Number),
      memoryBytes: expect.any(Number),
    })
    await child.stop()
    await expect(fetch(`http://127.0.0.1:${child.port}/`)).rejects.toThrow('fetch failed')
  })

  it('answer what they cannot do instead of leaving the question open', async () => {
    const child = await processes.start('./upstream.ts', [])
    expect(await child.ask({ type: 'show', traffic: 'json' })).toMatchObject({ type: 'failed' })
  })

  it('refuse a question once they have ended', async () => {
    const child = await processes.start('./upstream.ts', [])
    await child.stop()
    await expect(child.ask({ type: 'usage' })).rejects.toThrow('has ended')
  })

  it('say why they did not start', async () => {
    await expect(processes.start('./subjects/floor-node.ts', [])).rejects.toThrow(
      'started by bench/src/main.ts',
    )
  })
})
