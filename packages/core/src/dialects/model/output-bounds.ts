import type { JsonObject } from './json-object.ts'
import { invalid } from './invalid.ts'
import { isObject } from '../wire/json.ts'

/** How requests of one API bound their output, in the API's own spelling. */
export interface OutputBounds {
  /**
   * Spellings of the object that holds the bound; the first one is written where there is none.
   * @default the request itself
   */
  readonly within?: readonly string[]
  /** Spellings of the bound; the first one is written where there is none. */
  readonly names: readonly [string, ...string[]]
}

export interface RequestedOutput {
  /** Bound of one choice, in the API's own spelling; `undefined` where the request sets none. */
  readonly tokens: number | undefined
  /**
   * The largest number that any spelling of a bound mentions: a provider may go by another one than
   * the API does.
   */
  readonly mentioned: number
  readonly choices: number
}

/** Objects of a request that may hold bounds. */
const PLACES: ReadonlySet<string> = new Set([
  'generationconfig',
  'inferenceconfig',
  'textgenerationconfig',
  'additionalmodelrequestfields',
  'options',
  'parameters',
  'config',
])
/** Fields that bound the output of one choice, in any API. */
const BOUNDS: ReadonlySet<string> = new Set([
  'maxtokens',
  'maxcompletiontokens',
  'maxoutputtokens',
  'maxnewtokens',
  'maxgenlen',
  'maxtokenstosample',
  'maxtokencount',
  'npredict',
  'numpredict',
])
/** Fields with the number of generated answers, each of which is billed. */
const COUNTS: ReadonlySet<string> = new Set([
  'n',
  'bestof',
  'candidatecount',
  'numreturnsequences',
  'numgenerations',
])

/**
 * Lists in the body each of whose entries gets answers of its own: `/v1/completions` takes many
 * prompts at once.
 */
const PROMPTS: ReadonlySet<string> = new Set(['prompt', 'prompts', 'promptembeds'])

/** More than any provider generates, and low enough that sums of it stay exact. */
const MOST = 1_000_000_000

/**
 * `max_tokens`, `maxTokens` and `Max-Tokens` are one name: some servers take any case, and some
 * APIs two spellings.
 */
export function plainName(name: string): string {
  return name.replace(/[_-]/g, '').toLowerCase()
}

interface Mention {
  /** One step, or two. */
  readonly path: readonly [string] | readonly [string, string]
  readonly value: unknown
}

/**
 * Every field of the request, or of a settings object, with one of these names.
 */
function mentions(body: JsonObject, names: ReadonlySet<string>): Mention[] {
  const found: Mention[] = []
  for (const [field, value] of Object.entries(body)) {
    const name = plainName(field)
    if (names.has(name)) found.push({ path: [field], value })
    else if (PLACES.has(name) && isObject(value)) {
      for (const [inner, held] of Object.entries(value))
        if (names.has(plainName(inner))) found.push({ path: [field, inner], value: held })
    }
  }
  return found
}

/** Numbers in strings count too: some servers read them. */
function numberOf(value: unknown): number | undefined {
  const number = typeof value === 'string' || typeof value === 'number' ? Number(value) : Number.NaN
  return number > 0 ? Math.min(Math.ceil(number), MOST) : undefined
}

function largest(found: readonly Mention[]): number | undefined {
  return found.reduce<number | undefined>((most, { value }) => {
    const number = numberOf(value)
    return number === undefined || (most !== undefined && most >= number) ? most : number
  }, undefined)
}

/** Whether the API reads this field. */
function isOwn({ path }: Mention, { within, names }: OutputBounds): boolean {
  const [place, name] = path.length === 1 ? [undefined, path[0]] : path
  return (
    names.includes(name) &&
    (within === undefined ? place === undefined : place !== undefined && within.includes(place))
  )
}

/** Number of answers: choices times prompts. */
function choicesOf(body: JsonObject, counts: readonly Mention[]): number {
  let prompts = 0
  for (const [field, value] of Object.entries(body)) {
    // Numbers are the tokens of one prompt.
    if (Array.isArray(value) && typeof value[0] !== 'number' && PROMPTS.has(plainName(field)))
      prompts += value.length
  }
  return Math.min((largest(counts) ?? 1) * Math.max(1, prompts), MOST)
}

/**
 * Of contradicting fields the largest counts: which of them the provider reads is not known here.
 */
export function requestedOutput(body: JsonObject, bounds: OutputBounds): RequestedOutput {
  const found = mentions(body, BOUNDS)
  const isBounded = found.some(
    (mention) => typeof mention.value === 'number' && mention.value > 0 && isOwn(mention, bounds),
  )
  const mentioned = largest(found) ?? 0
  // Some servers read a negative number as no bound, even next to another bound.
  const isEndless = found.some(({ value }) => Number(value) < 0)
  return {
    tokens: isBounded && !isEndless ? mentioned : undefined,
    mentioned,
    choices: choicesOf(body, mentions(body, COUNTS)),
  }
}

/**
 * Bounds the output to `most` tokens over all choices: lowers every larger bound, in any spelling,
 * and sets the API's own field where it is missing. Returns the body itself when it asks for no
 * more. Throws `invalid_request` for more choices than tokens.
 */
export function boundOutput(body: JsonObject, bounds: OutputBounds, most: number): JsonObject {
  const counts = mentions(body, COUNTS)
  const choices = choicesOf(body, counts)
  const share = Math.floor(most / choices)
  if (share < 1)
    throw invalid(
      counts.map(({ path }) => path.join('.')).find(Boolean) ??
        (body['prompt'] === undefined ? 'n' : 'prompt'),
      `at most ${most}, the output tokens this request may get`,
      choices,
    )
  let bounded = body
  let isBounded = false
  for (const { path, value } of mentions(body, BOUNDS)) {
    const own = isOwn({ path, value }, bounds)
    const isFit = typeof value === 'number' && value > 0 && value <= share
    // A value that is no number bounds nothing.
    const isUnfit =
      !isFit &&
      value !== null &&
      (own || typeof value === 'number' || numberOf(value) !== undefined)
    if (isUnfit) bounded = withValue(bounded, path, share)
    isBounded ||= own && (isFit || isUnfit)
  }
  return isBounded ? bounded : withValue(bounded, ownPath(bounded, bounds), share)
}

function ownPath(body: JsonObject, { within, names: [name] }: OutputBounds): Mention['path'] {
  const [first] = within ?? []
  if (within === undefined || first === undefined) return [name]
  return [within.find((place) => isObject(body[place])) ?? first, name]
}

function withValue(
  body: JsonObject,
  [field, inner]: readonly [string, string?],
  value: number,
): JsonObject {
  if (inner === undefined) return { ...body, [field]: value }
  const held = body[field]
  return { ...body, [field]: { ...(isObject(held) ? held : {}), [inner]: value } }
}
