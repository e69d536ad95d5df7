import type { JsonObject } from '../../model/json-object.ts'

/** A container whose end has not been written. */
interface OpenContainer {
  readonly kind: 'object' | 'array'
  /** Key or index the last value stands under. */
  current: string | number
  /** Keys written so far: a second value for one of them could not be joined to the first. */
  readonly keys: Set<string | number>
}

/**
 * Writes the arguments of a streamed function call as JSON text, piece by piece. The provider names
 * a path for each piece (`$.filters[0].name`) and goes through the value in order, so containers
 * open and close as the path moves on.
 */
export class ArgumentWriter {
  readonly #open: OpenContainer[] = []
  /** Path of the string whose closing quote has not been written. */
  #openString: string | undefined
  #started = false

  /**
   * The text of one `partialArgs` entry. Throws `RangeError` for a path that does not follow the
   * ones before it.
   */
  write(piece: JsonObject): string {
    const path = piece['jsonPath']
    const value = valueOf(piece)
    if (typeof path !== 'string' || value === undefined) return ''
    const more = piece['willContinue'] === true
    if (typeof value === 'string' && this.#openString === path) {
      if (!more) this.#openString = undefined
      return JSON.stringify(value).slice(1, more ? -1 : undefined)
    }
    const text = this.#closeString() + this.#moveTo(parsePath(path))
    if (typeof value !== 'string' || !more) return text + JSON.stringify(value)
    this.#openString = path
    return text + JSON.stringify(value).slice(0, -1)
  }

  /** Rest that completes the text: `{}` when nothing was written. */
  end(): string {
    if (!this.#started) return '{}'
    return this.#closeString() + this.#closeDownTo(0)
  }

  #closeString(): string {
    if (this.#openString === undefined) return ''
    this.#openString = undefined
    return '"'
  }

  #closeDownTo(depth: number): string {
    let text = ''
    while (this.#open.length > depth) text += this.#open.pop()?.kind === 'array' ? ']' : '}'
    return text
  }

  #moveTo(path: readonly (string | number)[]): string {
    const last = path.length - 1
    let shared = 0
    while (
      shared < last &&
      shared < this.#open.length - 1 &&
      this.#open[shared]?.current === path[shared]
    )
      shared += 1
    let text = this.#closeDownTo(shared + 1)
    this.#started = true
    for (let depth = shared; depth <= last; depth++) text += this.#step(path[depth] ?? 0, depth)
    return text
  }

  /** Begins the next member of the container at `depth`, opening it first where it is new. */
  #step(segment: string | number, depth: number): string {
    const kind = typeof segment === 'number' ? 'array' : 'object'
    const container = this.#open[depth]
    const label = kind === 'object' ? `${JSON.stringify(segment)}:` : ''
    if (container === undefined) {
      if (segment !== 0 && kind === 'array')
        throw new RangeError('an array begins after its first element')
      this.#open.push({ kind, current: segment, keys: new Set([segment]) })
      return (kind === 'array' ? '[' : '{') + label
    }
    if (
      container.kind !== kind ||
      container.keys.has(segment) ||
      (kind === 'array' && segment !== container.keys.size)
    ) {
      throw new RangeError('a path does not follow the one before it')
    }
    container.current = segment
    container.keys.add(segment)
    return `,${label}`
  }
}

function valueOf(piece: JsonObject): string | number | boolean | null | undefined {
  const { stringValue, numberValue, boolValue } = piece
  if (typeof stringValue === 'string') return stringValue
  if (typeof numberValue === 'number') return numberValue
  if (typeof boolValue === 'boolean') return boolValue
  return 'nullValue' in piece ? null : undefined
}

const SEGMENT = /\.([^.[\]]+)|\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]|\['((?:[^'\\]|\\.)*)'\]/g

/** The segments of `$.a[0]['b c']`. Throws `RangeError` for anything else. */
function parsePath(path: string): (string | number)[] {
  const segments: (string | number)[] = []
  let end = path.startsWith('$') ? 1 : 0
  for (const match of path.matchAll(SEGMENT)) {
    if (match.index !== end) break
    end += match[0].length
    segments.push(segmentOf(match))
  }
  if (end !== path.length || typeof segments[0] !== 'string')
    throw new RangeError('not a path into an object')
  return segments
}

function segmentOf([, name, index, doubleQuoted, singleQuoted]: RegExpExecArray): string | number {
  if (index !== undefined) return Number(index)
  return (name ?? doubleQuoted?.slice(1, -1) ?? singleQuoted ?? '').replace(/\\(.)/g, '$1')
}
