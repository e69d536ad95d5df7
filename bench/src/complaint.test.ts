import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { readComplaint } from './complaint.ts'

it('finds the line that names the error and leaves the paths of the machine out', () => {
  const file = fileURLToPath(new URL('missing.js', import.meta.url))
  const output = `node:internal/modules:1\n  throw\n\nError: Cannot find module '${file}'\n    at resolve (x.js:1)\n`
  expect(readComplaint(output)).toBe("Error: Cannot find module 'bench/src/missing.js'")
})

it('falls back to the last line, and says so when there is none', () => {
  expect(readComplaint('one\ntwo\n')).toBe('two')
  expect(readComplaint('')).toBe('no message')
})
