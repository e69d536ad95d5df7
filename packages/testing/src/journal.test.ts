import { describe, expect, it } from 'vitest'
import { Journal } from './journal.ts'

const facts = {
  method: 'POST',
  path: '/v1',
  search: '',
  headers: {},
  bodyText: '{}',
  body: {},
  at: 5,
}

describe('Journal', () => {
  it('keeps requests in order and finds them from both ends', () => {
    const journal = new Journal()
    journal.add(facts)
    journal.add({ ...facts, path: '/v2' })
    expect([...journal].map((entry) => [entry.index, entry.path])).toEqual([
      [0, '/v1'],
      [1, '/v2'],
    ])
    expect(journal.last().path).toBe('/v2')
    expect(journal.at(-2).path).toBe('/v1')
    expect(() => journal.at(2)).toThrow(RangeError)
    journal.clear()
    expect(() => journal.last()).toThrow(RangeError)
  })

  it('wakes who waits for a request, each for its own', async () => {
    const journal = new Journal()
    const second = journal.waitForRequest(1)
    const first = journal.waitForRequest()
    journal.add(facts)
    journal.add({ ...facts, path: '/v2' })
    expect((await first).path).toBe('/v1')
    expect((await second).path).toBe('/v2')
    expect((await journal.waitForRequest(1)).path).toBe('/v2')
  })

  it('waits for the end of an exchange and keeps its first ending', async () => {
    const journal = new Journal()
    const closed = journal.waitForClose()
    const entry = journal.add(facts)
    expect(entry.closedAtMs).toBeUndefined()
    entry.close({ atMs: 9, aborted: true })
    entry.close({ atMs: 12, aborted: false })
    expect(await closed).toMatchObject({ closedAtMs: 9, aborted: true })
  })

  it('leaves no caller waiting after its end', async () => {
    const journal = new Journal()
    const waiting = journal.waitForRequest(3)
    journal.finish()
    await expect(waiting).rejects.toThrow('closed before it saw request 3')
    await expect(journal.waitForRequest()).rejects.toThrow('closed before it saw request 0')
  })
})
