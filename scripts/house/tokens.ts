/** One token of TypeScript source. Comments and white space are not tokens. */
export interface Token {
  /**
   * A template's text parts are `string` tokens; the code in its `${}` follows as ordinary tokens.
   */
  readonly kind: 'word' | 'string' | 'number' | 'regex' | 'mark'
  /** As written; for `string` the text between the quotes. */
  readonly text: string
  /** From 1. */
  readonly line: number
}

/** After these words a `/` begins a regular expression; after any other it divides. */
const beforeExpression = new Set([
  'return',
  'typeof',
  'case',
  'in',
  'of',
  'delete',
  'void',
  'throw',
  'new',
  'else',
  'do',
  'yield',
  'await',
  'instanceof',
])
const closers = new Set([')', ']', '}'])
/**
 * Marks the rules need whole; every other mark is one character, so that `>>` still closes two type
 * arguments.
 */
const longMarks = ['...', '=>', '?.', '??', '&&', '||']

const space = /[\s\uFEFF]+/y
const word = /[#@]?[\p{ID_Start}$_][\p{ID_Continue}$\u200C\u200D]*/uy
const number = /(?:0[xob][\da-f_]+|\d[\d_]*(?:\.[\d_]*)?(?:e[+-]?\d+)?|\.\d[\d_]*)n?/iy
const quoted = /'((?:[^'\\\n]|\\[^])*)'|"((?:[^"\\\n]|\\[^])*)"/y
const regex = /\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/y
const comment = /\/\/[^\n]*|\/\*[^]*?\*\//y
const templateText = /(?:[^`\\$]|\\[^]|\$(?!\{))*/y

/**
 * Splits TypeScript into tokens. No parser: just enough for house rules never to trip over a
 * comment, a string or a regular expression. Text it cannot place becomes a mark of one character.
 */
export function tokenize(source: string): Token[] {
  return new Lexer(source).run()
}

class Lexer {
  readonly #source: string
  readonly #tokens: Token[] = []
  #at = 0
  #line = 1
  #lineCountedTo = 0
  /** For each open template, how many braces its `${}` has open. */
  readonly #templates: number[] = []

  constructor(source: string) {
    this.#source = source
  }

  run(): Token[] {
    if (this.#source.startsWith('#!')) this.#take(/#![^\n]*/y)
    while (this.#at < this.#source.length) this.#next()
    return this.#tokens
  }

  #next(): void {
    if (this.#take(space) !== undefined || this.#take(comment) !== undefined) return
    const character = this.#source[this.#at]
    if (character === "'" || character === '"') return this.#quoted()
    if (character === '`') return this.#template(1)
    if (character === '}' && this.#templates.at(-1) === 0) return this.#resumeTemplate()
    if (character === '/' && this.#expectsExpression() && this.#keep('regex', regex)) return
    if (this.#keep('word', word) || this.#keep('number', number)) return
    this.#mark()
  }

  #quoted(): void {
    const line = this.#currentLine()
    const text = this.#take(quoted)
    if (text === undefined) this.#mark()
    else this.#tokens.push({ kind: 'string', text: text.slice(1, -1), line })
  }

  /**
   * Reads template text after a back-tick or a closing brace, up to the next `${` or the end of the
   * template.
   */
  #template(opening: number): void {
    const line = this.#currentLine()
    this.#at += opening
    this.#tokens.push({ kind: 'string', text: this.#take(templateText) ?? '', line })
    if (this.#source.startsWith('${', this.#at)) {
      this.#at += 2
      this.#templates.push(0)
    } else this.#at += 1
  }

  #resumeTemplate(): void {
    this.#templates.pop()
    this.#template(1)
  }

  #mark(): void {
    const mark =
      longMarks.find((long) => this.#source.startsWith(long, this.#at)) ??
      this.#source.charAt(this.#at)
    const open = this.#templates.length - 1
    if (open >= 0 && mark === '{') this.#templates[open] = (this.#templates[open] ?? 0) + 1
    if (open >= 0 && mark === '}') this.#templates[open] = (this.#templates[open] ?? 0) - 1
    this.#tokens.push({ kind: 'mark', text: mark, line: this.#currentLine() })
    this.#at += mark.length
  }

  #keep(kind: Token['kind'], pattern: RegExp): boolean {
    const line = this.#currentLine()
    const text = this.#take(pattern)
    if (text !== undefined) this.#tokens.push({ kind, text, line })
    return text !== undefined
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at
    const text = pattern.exec(this.#source)?.[0]
    if (text !== undefined) this.#at += text.length
    return text === '' ? undefined : text
  }

  #expectsExpression(): boolean {
    const last = this.#tokens.at(-1)
    if (last === undefined) return true
    if (last.kind === 'word') return beforeExpression.has(last.text)
    return last.kind === 'mark' && !closers.has(last.text)
  }

  #currentLine(): number {
    for (
      let end = this.#source.indexOf('\n', this.#lineCountedTo);
      end !== -1 && end < this.#at;
      end = this.#source.indexOf('\n', end + 1)
    ) {
      this.#line += 1
      this.#lineCountedTo = end + 1
    }
    return this.#line
  }
}

const pairs = new Map([
  ['(', ')'],
  ['[', ']'],
  ['{', '}'],
])

/**
 * For each opening bracket the index of the one that closes it, and the other way round; the rest
 * is -1.
 */
export function matchBrackets(tokens: readonly Token[]): Int32Array {
  const partner = new Int32Array(tokens.length).fill(-1)
  const open: { index: number; closer: string }[] = []
  for (const [index, { kind, text }] of tokens.entries()) {
    if (kind !== 'mark') continue
    const closer = pairs.get(text)
    if (closer !== undefined) open.push({ index, closer })
    else if (open.at(-1)?.closer === text) {
      const opener = open.pop()!.index
      partner[opener] = index
      partner[index] = opener
    }
  }
  return partner
}
