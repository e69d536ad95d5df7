import { append } from '../foundation/lists.ts'
import { unbroken, unescaped, type View, viewOf } from './plain-view.ts'

/** Shorter values are words that texts contain anyway. */
const SHORTEST_SECRET = 6
/**
 * Credentials that replaced one another; an answer may still speak of the one its request was made
 * with.
 */
const RECENT_SECRETS = 32
/** Layers of escapes that are resolved: JSON in JSON in a query, and one more. */
const MOST_LAYERS = 4

/**
 * Characters from the beginning of a secret, or to its end, that are taken for a part of it. What
 * vendors begin their keys with is shorter.
 */
const LEAST_PART = 16

const REMOVED = '[removed]'

/** One secret as it is searched for. */
interface Needles {
  readonly secret: string
  /** The secret and its hexadecimal form, in lower case. */
  readonly plain: readonly string[]
  /**
   * The part of its base64 that does not depend on what stands before or behind it, for each of the
   * three alignments.
   */
  readonly base64: readonly string[]
}

/** From one offset to another. */
type Range = readonly [start: number, end: number]

/**
 * The credentials a provider has held, kept to take them out of texts in every spelling: as they
 * are, escaped for JSON, a URL or HTML, in base64, base64url or hexadecimal, one of these within
 * another, and cut at one end. Neither printing nor serialising it shows one.
 *
 * @example
 * const secrets = new Secrets(['Bearer abc-123456'])
 * secrets.redact('a bad abc-123456') // 'a bad [removed]'
 */
export class Secrets {
  readonly #fixed: readonly Needles[]
  #recent: readonly Needles[] = []

  /**
   * @param fixed values that never change: header values (with or without `Bearer`), keys,
   * passwords
   */
  constructor(fixed: Iterable<string> = []) {
    this.#fixed = needlesOf(fixed)
  }

  /**
   * Adds credentials that live for a while: tokens, keys of a session. The oldest are forgotten in
   * time.
   */
  remember(values: Iterable<string>): void {
    const isKnown = ({ secret }: Needles): boolean =>
      [...this.#fixed, ...this.#recent].some((known) => known.secret === secret)
    const unknown = needlesOf(values).filter((needles) => !isKnown(needles))
    if (unknown.length > 0) this.#recent = [...this.#recent, ...unknown].slice(-RECENT_SECRETS)
  }

  /** The text with every one of them replaced. */
  redact(text: string): string {
    if (text.length < SHORTEST_SECRET) return text
    const secrets = [...this.#fixed, ...this.#recent]
    const ranges: Range[] = []
    let view = viewOf(text)
    for (let layer = 0; layer <= MOST_LAYERS; layer += 1) {
      append(ranges, rangesIn(view, secrets))
      const next = unescaped(view)
      if (next === view) break
      view = next
    }
    return ranges.length === 0 ? text : without(text, ranges)
  }
}

function needlesOf(values: Iterable<string>): Needles[] {
  const bare = [...values]
    .map((value) => value.replace(/^(Bearer|Basic) /, ''))
    .filter((value) => value.length >= SHORTEST_SECRET)
  return [...new Set(bare)].map((secret) => {
    const bytes = Buffer.from(secret, 'utf8')
    return {
      secret,
      plain: [...new Set([secret, bytes.toString('latin1'), bytes.toString('hex')].map(lowerCase))],
      base64: [
        ...new Set([
          secret,
          JSON.stringify(secret).slice(1, -1),
          encodeURIComponent(secret.toWellFormed()),
        ]),
      ].flatMap((written) => [0, 1, 2].map((offset) => base64Core(Buffer.from(written), offset))),
    }
  })
}

/** @param offset bytes that stand before it, modulo 3 */
function base64Core(bytes: Uint8Array, offset: number): string {
  const padded = Buffer.concat([new Uint8Array(offset), bytes])
  return padded
    .toString('base64')
    .slice(Math.ceil((offset * 8) / 6), Math.floor((padded.length * 8) / 6))
}

function rangesIn(view: View, secrets: readonly Needles[]): Range[] {
  const lower = lowerCase(view.text)
  const joined = unbroken(view)
  const standard = joined.text.replaceAll('-', '+').replaceAll('_', '/')
  return secrets.flatMap(({ plain, base64 }) => [
    ...plain.flatMap((needle) => found(lower, needle, view)),
    ...base64.flatMap((needle) => found(standard, needle, joined)),
  ])
}

/** Of the same length, whatever the text. */
function lowerCase(text: string): string {
  const lower = text.toLowerCase()
  return lower.length === text.length
    ? lower
    : text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())
}

/**
 * Where the needle stands, whole or cut: a service that shortens what it repeats, and we before a
 * text gets here, leave the beginning of a key or its end, which is most of it.
 *
 * @param text of the view, in one case or alphabet
 */
function found(text: string, needle: string, { starts, ends }: View): Range[] {
  const ranges: Range[] = []
  const head = needle.slice(0, LEAST_PART)
  let length = 0
  for (let at = text.indexOf(head); at !== -1; at = text.indexOf(head, at + length)) {
    length = head.length
    while (length < needle.length && text.charCodeAt(at + length) === needle.charCodeAt(length))
      length += 1
    ranges.push([starts[at] ?? 0, ends[at + length - 1] ?? 0])
  }
  const tail = needle.slice(-LEAST_PART)
  for (let at = text.indexOf(tail); at !== -1; at = text.indexOf(tail, at + tail.length)) {
    const end = at + tail.length
    length = tail.length
    while (
      length < needle.length &&
      end > length &&
      text.charCodeAt(end - length - 1) === needle.charCodeAt(needle.length - length - 1)
    )
      length += 1
    ranges.push([starts[end - length] ?? 0, ends[end - 1] ?? 0])
  }
  return ranges
}

/** Ranges that touch or overlap become one. */
function without(text: string, ranges: readonly Range[]): string {
  let result = ''
  let end = -1
  for (const [from, to] of ranges.toSorted(([one], [other]) => one - other)) {
    if (end === -1 || from > end) result += text.slice(Math.max(end, 0), from) + REMOVED
    end = Math.max(end, to)
  }
  return result + text.slice(Math.max(end, 0))
}
