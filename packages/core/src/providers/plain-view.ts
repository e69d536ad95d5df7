/**
 * A text with escapes resolved, and which part of the original each of its characters stands for.
 */
export interface View {
  readonly text: string
  /** Offsets in the original, one for each character. */
  readonly starts: Uint32Array
  readonly ends: Uint32Array
}

export function viewOf(text: string): View {
  const starts = new Uint32Array(text.length)
  for (let at = 0; at < starts.length; at += 1) starts[at] = at
  return { text, starts, ends: starts.map((at) => at + 1) }
}

/**
 * `%2F`, `\u002f`, `\u{2f}`, `\x2f`, `&#47;`, `&#x2f;`, and a backslash before what JSON lets one
 * stand before.
 */
const ESCAPE =
  /%([0-9a-f]{2})|\\u([0-9a-f]{4})|\\u\{0{0,8}([0-9a-f]{1,6})\}|\\x([0-9a-f]{2})|&#x0{0,8}([0-9a-f]{1,6});|&#0{0,8}([0-9]{1,7});|\\([\\"'/])|&(amp|quot|apos|lt|gt);/gi
const NAMED: Readonly<Record<string, string>> = { amp: '&', quot: '"', apos: "'", lt: '<', gt: '>' }
const LARGEST_CODE_POINT = 0x10ffff

/** The view with one layer of escapes resolved; the same view where there is none. */
export function unescaped(view: View): View {
  const pieces: string[] = []
  const [starts, ends] = [new Uint32Array(view.text.length), new Uint32Array(view.text.length)]
  let length = 0
  let last = 0
  const keep = (until: number): void => {
    pieces.push(view.text.slice(last, until))
    starts.set(view.starts.subarray(last, until), length)
    ends.set(view.ends.subarray(last, until), length)
    length += until - last
  }
  for (const match of view.text.matchAll(ESCAPE)) {
    const character = characterOf(match)
    if (character === undefined) continue
    keep(match.index)
    last = match.index + match[0].length
    pieces.push(character)
    starts.fill(view.starts[match.index] ?? 0, length, length + character.length)
    ends.fill(view.ends[last - 1] ?? 0, length, length + character.length)
    length += character.length
  }
  if (last === 0) return view
  keep(view.text.length)
  return {
    text: pieces.join(''),
    starts: starts.subarray(0, length),
    ends: ends.subarray(0, length),
  }
}

function characterOf([
  ,
  percent,
  short,
  braced,
  byte,
  hex,
  decimal,
  plain,
  named,
]: RegExpExecArray): string | undefined {
  if (plain !== undefined) return plain
  if (named !== undefined) return NAMED[named.toLowerCase()]
  const point =
    decimal === undefined
      ? Number.parseInt(percent ?? short ?? braced ?? byte ?? hex ?? '', 16)
      : Number(decimal)
  return point <= LARGEST_CODE_POINT ? String.fromCodePoint(point) : undefined
}

/** The view without white space, by which encoders break long lines. */
export function unbroken(view: View): View {
  if (!/\s|\\[rnt]/.test(view.text)) return view
  const kept: number[] = []
  let last = 0
  const keep = (until: number): void => {
    for (; last < until; last += 1) kept.push(last)
  }
  for (const gap of view.text.matchAll(/\\[rnt]|\s/g)) {
    keep(gap.index)
    last = gap.index + gap[0].length
  }
  keep(view.text.length)
  return {
    text: view.text.replace(/\\[rnt]|\s/g, ''),
    starts: Uint32Array.from(kept, (at) => view.starts[at] ?? 0),
    ends: Uint32Array.from(kept, (at) => view.ends[at] ?? 0),
  }
}
