import { createRequire } from 'node:module'
import type { Usage } from '../dialects/index.ts'
import { priceNameOf } from '../providers/index.ts'

/** Dollars for a million tokens. */
export interface ModelPrice {
  readonly input: number
  readonly output: number
  /** Of input read from the prompt cache. @default `input` */
  readonly cached?: number | undefined
  /** Of input written to it. @default `input` */
  readonly cacheWrite?: number | undefined
  /** Of input written to it for an hour. @default twice `input`, and not less than `cacheWrite` */
  readonly cacheWriteHour?: number | undefined
  /**
   * Dollars for each request that asks for what its tokens do not pay for: tools of the provider,
   * faster tiers, sound or pictures.
   * @default unknown: such requests are refused where a hard limit in `usd` applies
   */
  readonly surcharge?: number | undefined
}

/** The used part of `@pydantic/genai-prices`. */
interface PricePackage {
  calcPrice(
    usage: Readonly<Record<string, number>>,
    model: string,
    options: { readonly providerId: string },
  ): { readonly total_price: number } | null
}

const NANO = 1_000_000_000
/** Nano-dollars per token for a price of one dollar per million tokens. */
const NANO_PER_TOKEN = NANO / 1_000_000

/**
 * Prices of calls in whole nano-dollars: never a float, rounded up once. Prices of the
 * configuration go before those of the list that comes with the gateway, which knows tiers and
 * dates; a model neither knows has no price.
 */
export class PriceList {
  readonly #own: ReadonlyMap<string, ModelPrice>
  #listed: PricePackage | undefined

  /** @param own by `provider/model` or `provider/*` */
  constructor(own: ReadonlyMap<string, ModelPrice>) {
    this.#own = own
  }

  /** @param target `provider/model` */
  nanoDollars(target: string, told: Usage): number | undefined {
    const slash = target.indexOf('/')
    const provider = target.slice(0, slash)
    const own = this.#ownOf(target)
    const usage = consistent(told)
    const price =
      own === undefined
        ? this.#listedPrice(provider, target.slice(slash + 1), usage)
        : ownPrice(own, usage)
    return price === undefined ? undefined : Math.min(price, Number.MAX_SAFE_INTEGER)
  }

  /**
   * Surcharge of one request in addition to its tokens; `undefined` when it is not configured.
   */
  surcharge(target: string): number | undefined {
    const dollars = this.#ownOf(target)?.surcharge
    return dollars === undefined ? undefined : Math.ceil(dollars * NANO)
  }

  #ownOf(target: string): ModelPrice | undefined {
    return this.#own.get(target) ?? this.#own.get(`${target.slice(0, target.indexOf('/'))}/*`)
  }

  #listedPrice(provider: string, model: string, usage: Usage): number | undefined {
    const { cacheWriteTokens = 0, longCacheWriteTokens = 0 } = usage
    if (longCacheWriteTokens > 0) {
      // The list knows writes for minutes only; those for an hour cost twice the input: once as
      // input, and once more.
      const { longCacheWriteTokens: _, ...once } = {
        ...usage,
        cacheWriteTokens: cacheWriteTokens - longCacheWriteTokens,
      }
      const [price, more] = [
        this.#listedPrice(provider, model, once),
        this.#listedPrice(provider, model, { inputTokens: longCacheWriteTokens, outputTokens: 0 }),
      ]
      return price === undefined || more === undefined ? undefined : price + more
    }
    // 2 MB of data: only who has budgets is to carry them.
    this.#listed ??= createRequire(import.meta.url)('@pydantic/genai-prices') as PricePackage
    const counts = {
      input_tokens: usage.inputTokens,
      output_tokens: usage.outputTokens,
      ...given('cache_read_tokens', usage.cachedTokens),
      ...given('cache_write_tokens', usage.cacheWriteTokens),
    }
    const price = this.#listed.calcPrice(counts, model, { providerId: priceNameOf(provider) })
    return price === null || !Number.isFinite(price.total_price)
      ? undefined
      : Math.ceil(price.total_price * NANO)
  }
}

function ownPrice(
  price: ModelPrice,
  {
    inputTokens,
    outputTokens,
    cachedTokens = 0,
    cacheWriteTokens = 0,
    longCacheWriteTokens = 0,
  }: Usage,
): number {
  const {
    input,
    output,
    cached = input,
    cacheWrite = input,
    cacheWriteHour = Math.max(cacheWrite, 2 * input),
  } = price
  const fresh = Math.max(0, inputTokens - cachedTokens - cacheWriteTokens)
  const written =
    (cacheWriteTokens - longCacheWriteTokens) * cacheWrite + longCacheWriteTokens * cacheWriteHour
  return Math.ceil(
    (fresh * input + cachedTokens * cached + written + outputTokens * output) * NANO_PER_TOKEN,
  )
}

function given(name: string, value: number | undefined): Record<string, number> {
  return value === undefined || value === 0 ? {} : { [name]: value }
}

/**
 * Providers say anything: what was read from a cache or written to it is part of the input, and no
 * list of prices takes it otherwise.
 */
function consistent(usage: Usage): Usage {
  const { inputTokens, cachedTokens = 0, cacheWriteTokens = 0, longCacheWriteTokens = 0 } = usage
  if (cachedTokens + cacheWriteTokens <= inputTokens && longCacheWriteTokens <= cacheWriteTokens)
    return usage
  const cached = Math.min(cachedTokens, inputTokens)
  const written = Math.min(cacheWriteTokens, inputTokens - cached)
  return {
    ...usage,
    cachedTokens: cached,
    cacheWriteTokens: written,
    longCacheWriteTokens: Math.min(longCacheWriteTokens, written),
  }
}
