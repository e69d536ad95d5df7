const WHITESPACE = /[ \t\n\r]*/y
const PLAIN_CHARACTERS = /[^"\\\u0000-\u001f]*/y
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y
const ESCAPE_PREFIX = /\\(?:u[0-9a-fA-F]{0,3})?/y
/** As far as a number or a word can go, whole or not. */
const WORD_PREFIX =
  /-?(?:0|[1-9]\d*)(?:\.(?:\d+(?:[eE][+-]?\d*)?)?|[eE][+-]?\d*)?|-|t(?:r(?:ue?)?)?|f(?:a(?:l(?:se?)?)?)?|n(?:u(?:ll?)?)?/y
const WORD = /^(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)$/

/**
 * Where a text stops being JSON: the offset of the first character no JSON text could have there,
 * or its length when it merely ends too early. Only called for text `JSON.parse` has refused, whose
 * messages do not always name a position.
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
        if (character !== '"' || !skipScalar(cursor)) return cursor.at
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
      if (!skipScalar(cursor)) return cursor.at
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

/**
 * Moves past a string, number or word; `false` when it breaks off, with the cursor where it does.
 */
function skipScalar(cursor: Cursor): boolean {
  if (cursor.text[cursor.at] === '"') return skipString(cursor)
  const start = cursor.at
  skip(cursor, WORD_PREFIX)
  return WORD.test(cursor.text.slice(start, cursor.at))
}

/**
 * Run by run: one pattern for a whole string overflows the stack of the regular expression engine
 * at some megabytes.
 */
function skipString(cursor: Cursor): boolean {
  cursor.at += 1
  for (;;) {
    skip(cursor, PLAIN_CHARACTERS)
    if (cursor.text[cursor.at] === '"') {
      cursor.at += 1
      return true
    }
    if (!skip(cursor, ESCAPE)) {
      skip(cursor, ESCAPE_PREFIX)
      return false
    }
  }
}
