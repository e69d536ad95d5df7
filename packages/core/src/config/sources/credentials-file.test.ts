import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { readCredentials } from './credentials-file.ts'

const directory = mkdtempSync(join(tmpdir(), 'postern-credentials-'))
afterAll(() => rmSync(directory, { recursive: true }))

function written(content: string): string {
  const path = join(directory, 'account.json')
  writeFileSync(path, content)
  return path
}

describe('readCredentials', () => {
  it.each([
    ['a file', () => written('{"type":"service_account"}')],
    [
      'a file that begins with a byte order mark',
      () => written('\uFEFF{"type":"service_account"}'),
    ],
    ['its content', () => '{"type":"service_account"}'],
  ])('takes %s', (_, pathOrText) => {
    expect(readCredentials(pathOrText())).toEqual({ type: 'service_account' })
  })

  it.each([
    ['no file', () => join(directory, 'hidden.json'), 'cannot be read (ENOENT)'],
    ['a folder', () => directory, 'cannot be read (EISDIR)'],
    ['no JSON', () => written('hidden'), 'not a JSON object'],
    ['broken JSON', () => '{"private_key": "hidden"', 'not a JSON object'],
    ['a list', () => written('["hidden"]'), 'not a JSON object'],
    ['null', () => written('null'), 'not a JSON object'],
  ])('%s is a problem with a fix that repeats nothing', (_, pathOrText, message) => {
    const fault = readCredentials(pathOrText())
    expect(fault).toEqual({
      message: expect.stringContaining(message),
      fix: expect.stringMatching(/./),
    })
    expect(JSON.stringify(fault)).not.toContain('hidden')
  })
})
