const WHITESPACE = /[ \t\n\r]*/y
const SCALAR = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y
const STRING_PREFIX = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*/y

/**
 * Where a text stops being JSON: the offset of the first character no JSON text could have there, or its length when it
 * merely ends too early. Only called for text `JSON.parse` has refused, whose messages do not always name a position.
 */
export function jsonErrorOffset(text: string): number {
  const cursor = { text, at: 0 }
  const open: ('{' | '[')[] = []
  let expect: 'value' | 'value or end' | 'key' | 'key or end' | 'separator' = 'value'
  for (;;) {
    skip(cursor, WHITESPACE)
    const character = text[cursor.at]
    if (character === undefined) return text.length
    if (expect === 'separator') {
      const container = open.at(-1)
      if (container === undefined) return cursor.at
      if (character === (container === '{' ? '}' : ']')) open.pop()
      else if (character === ',') expect = container === '{' ? 'key' : 'value'
      else return cursor.at
      cursor.at += 1
    } else if (expect === 'key' || expect === 'key or end') {
      if (character === '}' && expect === 'key or end') {
        open.pop()
        cursor.at += 1
        expect = 'separator'
      } else {
        if (character !== '"' || !skip(cursor, SCALAR)) return failureInScalar(cursor)
        skip(cursor, WHITESPACE)
        if (text[cursor.at] !== ':') return cursor.at
        cursor.at += 1
        expect = 'value'
      }
    } else if (character === '{' || character === '[') {
      open.push(character)
      cursor.at += 1
      expect = character === '{' ? 'key or end' : 'value or end'
    } else if (character === ']' && expect === 'value or end') {
      open.pop()
      cursor.at += 1
      expect = 'separator'
    } else {
      if (!skip(cursor, SCALAR)) return failureInScalar(cursor)
      expect = 'separator'
    }
  }
}

interface Cursor {
  readonly text: string
  at: number
}

function skip(cursor: Cursor, pattern: RegExp): boolean {
  pattern.lastIndex = cursor.at
  if (!pattern.test(cursor.text)) return false
  cursor.at = pattern.lastIndex
  return true
}

/** A broken string is reported where it breaks, everything else where it begins. */
function failureInScalar(cursor: Cursor): number {
  skip(cursor, STRING_PREFIX)
  return cursor.at
}
