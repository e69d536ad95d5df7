import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { loadRecordings, readRecording } from './recordings.ts'
import { startFakeProvider } from './server.ts'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'recordings-'))
  mkdirSync(join(folder, 'gemini'))
  mkdirSync(join(folder, 'openai-chat'))
  write('gemini/b.json', {
    provider: 'g',
    response: {
      status: 200,
      headers: { 'Content-Type': 'text/event-stream', 'Transfer-Encoding': 'chunked' },
      body: 'data: {}\r\n\r\n',
    },
  })
  write('gemini/a.json', {
    request: { method: 'POST', path: '/v1/x', body: { a: 1 } },
    response: {
      status: 400,
      headers: { 'content-type': 'application/json' },
      bodyBase64: Buffer.from([255, 0]).toString('base64'),
    },
  })
  write('openai-chat/c.json', { response: { status: 200, headers: {}, body: '{}' } })
  writeFileSync(join(folder, 'README.md'), 'not a recording')
})

afterEach(() => rmSync(folder, { recursive: true }))

function write(path: string, content: object): void {
  writeFileSync(join(folder, path), JSON.stringify(content))
}

describe('recordings', () => {
  it('reads a whole folder in order', () => {
    expect(
      loadRecordings(folder).map(({ dialect, name, isStream }) => [dialect, name, isStream]),
    ).toEqual([
      ['gemini', 'a', false],
      ['gemini', 'b', true],
      ['openai-chat', 'c', false],
    ])
    expect(loadRecordings(join(folder, 'gemini')).map((recording) => recording.name)).toEqual([
      'a',
      'b',
    ])
  })

  it('reads bytes, request and headers', () => {
    const recording = readRecording(join(folder, 'gemini/a.json'))
    expect([...recording.body]).toEqual([255, 0])
    expect(recording.request).toEqual({ method: 'POST', path: '/v1/x', body: { a: 1 } })
    expect(readRecording(join(folder, 'gemini/b.json')).headers['content-type']).toBe(
      'text/event-stream',
    )
  })

  it('refuses what is no recording, and a missing folder', () => {
    write('openai-chat/d.json', { hello: 1 })
    expect(() => readRecording(join(folder, 'openai-chat/d.json'))).toThrow('no recording')
    expect(() => loadRecordings(join(folder, 'missing'))).toThrow('ENOENT')
  })

  it('is replayed byte for byte, without the headers of its connection', async () => {
    const provider = await startFakeProvider({ dialect: 'openai-chat', validate: false })
    const recording = readRecording(join(folder, 'gemini/b.json'))
    provider.reply({ replay: recording, writeSizes: 1 })
    const response = await fetch(`${provider.url}/chat/completions`, { method: 'POST', body: '{}' })
    expect(response.headers.get('content-type')).toBe('text/event-stream')
    expect(await response.text()).toBe('data: {}\r\n\r\n')
    await provider.close()
  })
})
