import type { Violation } from './violation.ts'

const WHY =
  'readers search for the words of the field, and many do not have English as first language'

/** A word or turn of phrase, and what to write instead. */
const REPLACEMENTS: readonly (readonly [pattern: RegExp, instead: string])[] = [
  [
    /\b(?:somebody|someone|anybody|anyone|whoever|whomever)\b/i,
    'name the caller, client, operator, provider or instance',
  ],
  [/\b(?:nobody|no one)\b/i, 'say "no caller", "no client", "no provider"'],
  [/\bwhom\b/i, 'make the caller, client or provider the subject'],
  [/\banew\b/i, 'write "again", or "resets" for a window'],
  [/\bof late\b/i, 'write "recently"'],
  [/\ball the same\b/i, 'write "still" or "anyway"'],
  [/\bso many\b/i, 'name the number or the limit'],
  [/\b(?:their|its|his) own business\b/i, 'say what is not checked or not counted'],
  [/\bgo(?:es)? around (?:a|the) gateway\b/i, 'write "bypasses the gateway"'],
  [/\b(?:is|are|was|were) gone on with\b/i, 'write "continued"'],
  [/\b(?:is|are) passed over\b/i, 'write "skipped"'],
  [/\bhas too much to do\b/i, 'write "overloaded"'],
  [/\bbesides\b/i, 'write "also" or "in addition"'],
  [
    /\b(?:is|are|was|were|be|been) (?:told|wanted)\b/i,
    'say who receives or needs it: "receives", "is notified", "requires"',
  ],
  [/\b(?:is|are|was|were|be|been) asked for\b/i, 'write "requested"'],
  [/\bwhose (?:it|they) (?:is|are)\b/i, 'write "owner"'],
]

/** A comment names its subject first. */
const OPENING =
  /^(?:What|Who|Whose|Whom|Those|So much)\b(?! (?:is|are|does|do|did|can|should)\b[^.]*\?)/

interface Prose {
  readonly line: number
  readonly text: string
  readonly isComment: boolean
}

/**
 * Archaic words and comments without a subject, in comments, messages, test titles and docs. The
 * list is short on purpose; each finding says what to write instead.
 */
export function checkPlainEnglish(path: string, text: string): Violation[] {
  const prose = path.endsWith('.md') ? markdownProse(text) : codeProse(text)
  return prose.flatMap(({ line, text: sentence, isComment }) => {
    const found = REPLACEMENTS.flatMap(([pattern, mend]) => {
      const word = pattern.exec(sentence)?.[0]
      return word === undefined ? [] : [{ path, line, what: `"${word}"`, why: WHY, mend }]
    })
    const opening = isComment ? OPENING.exec(sentence)?.[0] : undefined
    if (opening === undefined) return found
    const what = `a comment that begins with "${opening}"`
    return [...found, { path, line, what, why: WHY, mend: 'begin with the thing described' }]
  })
}

function markdownProse(text: string): Prose[] {
  let isCode = false
  return text.split('\n').flatMap((line, index) => {
    if (/^\s*```/.test(line)) isCode = !isCode
    return isCode ? [] : [{ line: index + 1, text: line.replace(/`[^`]*`/g, ''), isComment: false }]
  })
}

// linear: each alternative begins with its own character and none of them backtracks into another
const PIECE =
  /\/\/[^\n]*|\/\*[^]*?\*\/|'(?:[^'\\\n]|\\[^])*'|"(?:[^"\\\n]|\\[^])*"|`(?:[^`\\]|\\[^])*`/g

function codeProse(source: string): Prose[] {
  const prose: Prose[] = []
  let line = 1
  let countedTo = 0
  for (const { 0: piece, index } of source.matchAll(PIECE)) {
    for (
      let at = source.indexOf('\n', countedTo);
      at !== -1 && at < index;
      at = source.indexOf('\n', at + 1)
    )
      line += 1
    countedTo = index
    const isComment = piece.startsWith('/')
    // Words alone are values, not prose.
    if (!isComment && !/[a-z] [a-z]/i.test(piece)) continue
    const lines = piece.split('\n')
    for (const [offset, written] of lines.entries()) {
      const bare = isComment ? written.replace(/^\s*(?:\/\*\*?|\*\/?|\/\/)?\s*/, '') : written
      const begins =
        isComment && (offset === 0 || (offset === 1 && /^\/\*\*?\s*$/.test(lines[0] ?? '')))
      const words = piece.startsWith('`') ? bare : bare.replace(/`[^`]*`/g, '')
      if (isComment || !written.includes('http'))
        prose.push({ line: line + offset, text: words, isComment: begins })
    }
  }
  return prose
}
