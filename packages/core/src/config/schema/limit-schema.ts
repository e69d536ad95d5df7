import { z } from 'zod'
import { calendarWindows, NANO_PER_DOLLAR, periodAt, scopes, units } from '../../limits/index.ts'
import { listed, meta } from './field-meta.ts'
import { durationBetween } from './field-values.ts'

const SHORTEST_SLIDING_MS = 1_000
const LONGEST_SLIDING_MS = 24 * 86_400_000
/** Counters hold integers that are exact everywhere, with room for what goes beyond a limit. */
const LARGEST_AMOUNT = 1_000_000_000_000_000
const LARGEST_DOLLARS = LARGEST_AMOUNT / NANO_PER_DOLLAR

/** Fields of a key's limit; a limit of the gateway also has a scope. */
function limitFields() {
  return {
    unit: z.enum(units).meta(
      meta({
        type: listed(units),
        description:
          'What is counted. `tokens` are those of input and output together, `usd` what they cost, `concurrency` the requests under way.',
      }),
    ),
    limit: z.number().meta(
      meta({
        type: 'number',
        description: 'How much there may be of it: a whole number, or dollars.',
      }),
    ),
    window: z
      .enum(calendarWindows)
      .optional()
      .meta(
        meta({
          type: listed(calendarWindows),
          default: 'none; one of `window` and `sliding` is needed, except for `concurrency`',
          description:
            'Resets with each of these, by the calendar of `timeZone`; `total` never resets.',
        }),
      ),
    sliding: durationBetween(SHORTEST_SLIDING_MS, LONGEST_SLIDING_MS)
      .optional()
      .meta(
        meta({
          type: 'duration, 1s to 24d',
          default: 'none',
          description: 'At any moment, counts what was used within this time before it.',
        }),
      ),
    timeZone: z
      .string()
      .optional()
      .meta(
        meta({
          type: 'IANA name',
          default: '`UTC`',
          description: 'Whose midnight days, weeks and months begin at.',
        }),
      ),
    alertAt: z
      .array(z.number().gt(0).max(10))
      .optional()
      .meta(
        meta({
          type: 'list of shares',
          default: 'none',
          description: 'Told to `onAlert` and `alertWebhook` once in each period: `[0.5, 0.8, 1]`.',
        }),
      ),
    mode: z
      .enum(['hard', 'soft'])
      .optional()
      .meta(
        meta({
          type: '`hard` or `soft`',
          default: '`hard`',
          description:
            'Soft limits refuse no request: the record of a request beyond one says `soft-limit`.',
        }),
      ),
  }
}

const oneOrMore = () => z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]).optional()

/** Limits of the gateway. */
export function limitsSchema() {
  return z.array(limitSchema())
}

/** One of them. */
export function limitSchema() {
  const values = z.strictObject(
    Object.fromEntries(scopes.map((scope) => [scope, oneOrMore()])) as Record<
      (typeof scopes)[number],
      ReturnType<typeof oneOrMore>
    >,
  )
  return z
    .strictObject({
      ...limitFields(),
      scope: z
        .union([z.enum(scopes), z.array(z.enum(scopes)), z.literal('all')])
        .optional()
        .meta(
          meta({
            type: `${listed(scopes)}, a list of them, or \`all\``,
            default: '`key`',
            description:
              'Each of these, or each combination, has a counter of its own; `all` is one for everybody.',
          }),
        ),
      only: values.optional().meta(
        meta({
          type: 'object',
          default: 'everybody',
          description: 'Only for requests of these: `{ team: support }`, `{ model: [a, b] }`.',
        }),
      ),
    })
    .superRefine(checkLimit)
}

/** Limits a provider sets us. What is under way at once is found out by its answers. */
export function providerLimitsSchema() {
  const fields = limitFields()
  return z.array(
    z
      .strictObject({
        ...fields,
        unit: fields.unit.exclude(['concurrency']).meta(
          meta({
            type: listed(units.filter((unit) => unit !== 'concurrency')),
            description: 'What is counted.',
          }),
        ),
        perModel: z
          .boolean()
          .optional()
          .meta(
            meta({
              type: 'boolean',
              default: 'false',
              description: 'For each model of the provider by itself.',
            }),
          ),
      })
      .superRefine(checkLimit),
  )
}

/** Limits of one key. */
export function keyLimitsSchema() {
  return z.array(z.strictObject(limitFields()).superRefine(checkLimit))
}

interface WrittenLimit {
  readonly unit: (typeof units)[number]
  readonly limit: number
  readonly window?: unknown
  readonly sliding?: unknown
  readonly timeZone?: string | undefined
}

function checkLimit(limit: WrittenLimit, context: z.core.$RefinementCtx): void {
  const report = (field: string, message: string, fix: string): void =>
    void context.addIssue({ code: 'custom', path: [field], message, params: { fix } })
  const isMoney = limit.unit === 'usd'
  const most = isMoney ? LARGEST_DOLLARS : LARGEST_AMOUNT
  if (!(limit.limit > 0 && limit.limit <= most))
    report(
      'limit',
      'This is no amount anything could be limited to.',
      `Write a number above 0, at most ${most}.`,
    )
  else if (
    isMoney
      ? Math.abs(toNano(limit.limit) / NANO_PER_DOLLAR - limit.limit) > 1e-10 * limit.limit
      : !Number.isInteger(limit.limit)
  )
    report(
      'limit',
      'There are no parts of what this counts.',
      isMoney ? 'Write at most nine digits behind the point.' : 'Write a whole number.',
    )
  const hasWindow = limit.window !== undefined
  const hasSliding = limit.sliding !== undefined
  if (limit.unit === 'concurrency' && (hasWindow || hasSliding))
    report('window', 'What is under way at once has no window.', 'Take it out.')
  if (limit.unit !== 'concurrency' && hasWindow === hasSliding)
    report(
      'window',
      'A limit has one window.',
      'Write either window, such as "minute", or sliding, such as "60s".',
    )
  if (limit.timeZone !== undefined && !isTimeZone(limit.timeZone))
    report(
      'timeZone',
      'There is no such time zone.',
      'Write an IANA name, such as "Europe/Berlin".',
    )
}

/** Dollars as they are counted. */
export function toNano(dollars: number): number {
  return Math.round(dollars * NANO_PER_DOLLAR)
}

function isTimeZone(name: string): boolean {
  try {
    periodAt('day', 0, name)
    return true
  } catch (error) {
    if (error instanceof RangeError) return false
    throw error
  }
}
