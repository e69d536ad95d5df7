import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Clock } from '../clock.ts'
import { watchFile, type WatchDirectory } from './watch.ts'

function fakeClock() {
  const timers = new Set<() => void>()
  const clock: Clock = {
    now: () => 0,
    monotonic: () => 0,
    setTimer(callback) {
      timers.add(callback)
      return { clear: () => void timers.delete(callback) }
    },
  }
  const elapse = (): void => {
    for (const callback of timers) {
      timers.delete(callback)
      callback()
    }
  }
  return { clock, elapse }
}

function setUp() {
  let changes = 0
  const errors: Error[] = []
  const watched: {
    directory?: string
    closed: boolean
    listeners?: Parameters<WatchDirectory>[1]
  } = { closed: false }
  const watchDirectory: WatchDirectory = (directory, listeners) => {
    Object.assign(watched, { directory, listeners })
    return { close: () => void (watched.closed = true) }
  }
  const { clock, elapse } = fakeClock()
  const onChange = (): void => void (changes += 1)
  const watcher = watchFile('/etc/gateway/postern.yaml', {
    clock,
    watchDirectory,
    onChange,
    onError: (error) => errors.push(error),
  })
  const change = (filename: string | null) => watched.listeners?.change(filename)
  return { watcher, watched, elapse, change, errors, changes: () => changes }
}

describe('watchFile', () => {
  it('watches the directory and reports several writes in a row as one change', () => {
    const { watched, change, elapse, changes } = setUp()
    expect(watched.directory).toBe('/etc/gateway')
    change('postern.yaml')
    change('postern.yaml')
    expect(changes()).toBe(0)
    elapse()
    expect(changes()).toBe(1)
    change('postern.yaml')
    elapse()
    expect(changes()).toBe(2)
  })

  it.each([
    ['..data', 1],
    [null, 1],
    ['other.yaml', 0],
  ])('takes a change of %j for %i change of the file', (filename, expected) => {
    const { change, elapse, changes } = setUp()
    change(filename)
    elapse()
    expect(changes()).toBe(expected)
  })

  it('says nothing more once closed', () => {
    const { watcher, watched, change, elapse, changes } = setUp()
    change('postern.yaml')
    watcher.close()
    elapse()
    expect(changes()).toBe(0)
    expect(watched.closed).toBe(true)
  })

  it('hands errors of the watch on', () => {
    const { watched, errors } = setUp()
    const error = new Error('gone')
    watched.listeners?.error(error)
    expect(errors).toEqual([error])
  })

  it('sees a file of the real file system being replaced', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'postern-watch-'))
    const path = join(directory, 'postern.json')
    writeFileSync(path, '{}')
    const changed = Promise.withResolvers<void>()
    const watcher = watchFile(path, { onChange: changed.resolve, onError: changed.reject })
    try {
      writeFileSync(`${path}.new`, '{"retries":1}')
      renameSync(`${path}.new`, path)
      await changed.promise
    } finally {
      watcher.close()
      rmSync(directory, { recursive: true })
    }
  })
})
