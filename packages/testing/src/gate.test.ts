import { describe, expect, it } from 'vitest'
import { createGate } from './gate.ts'

const never = new AbortController().signal

describe('Gate', () => {
  it('lets pass what was released before, and holds the next', async () => {
    const gate = createGate()
    gate.release(2)
    await gate.pass(never)
    await gate.pass(never)
    let hasPassed = false
    const third = gate.pass(never).then(() => (hasPassed = true))
    await gate.reached()
    expect(hasPassed).toBe(false)
    gate.release()
    await third
  })

  it('tells a watcher that came first when a step arrives', async () => {
    const gate = createGate()
    const reached = gate.reached()
    const passed = gate.pass(never)
    await reached
    gate.releaseAll()
    await passed
    await gate.pass(never)
  })

  it('does not spend a release on a step whose connection has gone', async () => {
    const gate = createGate()
    const gone = new AbortController()
    const left = gate.pass(gone.signal)
    gone.abort()
    await left
    await gate.pass(gone.signal)
    gate.release()
    await gate.pass(never)
  })
})
