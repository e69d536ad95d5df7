import { readFileSync } from 'node:fs'
import type { Problem } from './problem.ts'

/**
 * Virtual keys as `POSTERN_KEYS` gives them: `name:key` pairs separated by commas, a JSON object,
 * or the path of a file that holds one pair per line (`#` begins a comment) or a JSON object. What
 * was read is never repeated in a problem: it is, or may be, a key.
 */
export function readKeys(
  text: string,
  place: string,
  problems: Problem[],
): Readonly<Record<string, unknown>> | undefined {
  if (text.trimStart().startsWith('{')) return jsonKeys(text, place, problems)
  if (!looksLikePath(text))
    return pairs(text.split(','), (index) => `${place} (entry ${index + 1})`, problems)
  const content = readText(text)
  if (content === undefined) {
    const message =
      'This is neither a list of `name:key` pairs nor the path of a file that can be read.'
    problems.push({
      place,
      message,
      fix: 'Write name:key,name2:key2, or the path of a readable file.',
    })
    return undefined
  }
  if (content.trimStart().startsWith('{')) return jsonKeys(content, place, problems)
  const lines = content.split('\n').map((line) => line.replace(/(?:^|\s)#.*$/, ''))
  return pairs(lines, (index) => `${place} (line ${index + 1} of the file)`, problems)
}

/** A pair has a colon; a path has one only behind the drive letter of Windows. */
function looksLikePath(text: string): boolean {
  return !text.includes(':') || /^(?:\.{0,2}\/|[A-Za-z]:[\\/])/.test(text)
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

function pairs(
  entries: readonly string[],
  placeOf: (index: number) => string,
  problems: Problem[],
): Record<string, string> {
  const keys: Record<string, string> = {}
  for (const [index, entry] of entries.entries()) {
    if (entry.trim() === '') continue
    const colon = entry.indexOf(':')
    const name = entry.slice(0, colon).trim()
    const place = placeOf(index)
    if (colon < 0 || name === '') {
      problems.push({
        place,
        message: 'This is not a `name:key` pair.',
        fix: 'Write a name, a colon and the key.',
      })
    } else if (Object.hasOwn(keys, name)) {
      problems.push({
        place,
        message: `The name ${JSON.stringify(name)} is used twice.`,
        fix: 'Give each key a name of its own.',
      })
    } else keys[name] = entry.slice(colon + 1).trim()
  }
  return keys
}

function jsonKeys(
  content: string,
  place: string,
  problems: Problem[],
): Readonly<Record<string, unknown>> | undefined {
  try {
    return JSON.parse(content) as Readonly<Record<string, unknown>>
  } catch {
    problems.push({
      place,
      message: 'This is not valid JSON.',
      fix: 'Correct it: an object of names and keys.',
    })
    return undefined
  }
}
