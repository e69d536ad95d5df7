import type { CatalogueEntry } from './entry.ts'
import { firstPartyRows } from './first-party.ts'
import { hostRows } from './hosts.ts'
import { localRows } from './local.ts'
import { makerRows } from './makers.ts'
import { compatibility } from './compatibility.ts'
import { powersFor } from '../powers.ts'

/*
 * Keys that are credentials of a whole account (GITHUB_TOKEN, CLOUDFLARE_API_TOKEN, SCW_SECRET_KEY,
 * ...) are left out on purpose: many processes hold one for other reasons, and finding it would
 * open a provider that no operator asked for.
 */
const rows = [...firstPartyRows, ...makerRows, ...hostRows, ...localRows]

/**
 * Every known provider. Reading it costs nothing; only those with a key or an address become
 * `Provider`s.
 */
export const catalogue: readonly CatalogueEntry[] = rows.map((row) => ({
  dialect: 'openai-chat',
  alsoSpeaks: [],
  exceptions: [],
  isLocal: false,
  auth: 'bearer',
  modelPrefixes: [],
  listModelsPath: '/models',
  quirks: compatibility[row.name] ?? {},
  powers: powersFor(row.name, true),
  ...row,
}))

const byName: ReadonlyMap<string, CatalogueEntry> = new Map(
  catalogue.map((entry) => [entry.name, entry]),
)

/** The entry of this name, if the gateway knows one. */
export function findInCatalogue(name: string): CatalogueEntry | undefined {
  return byName.get(name)
}
