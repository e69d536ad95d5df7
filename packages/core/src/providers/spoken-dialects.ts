import type { CatalogueEntry, DialectName } from './catalogue/entry.ts'

/** Additional dialects of a service, and the models that are exceptions. */
export type SpokenFacts = Pick<CatalogueEntry, 'dialect' | 'alsoSpeaks' | 'exceptions'>

/** `dialectsFor` of a provider; absent where every model is spoken to in the one dialect. */
export function dialectsOf({
  dialect,
  alsoSpeaks,
  exceptions,
}: SpokenFacts): ((model: string) => readonly DialectName[]) | undefined {
  if (alsoSpeaks.length === 0 && exceptions.length === 0) return undefined
  const usual: readonly DialectName[] = Object.freeze([
    dialect,
    ...alsoSpeaks.filter((name) => name !== dialect),
  ])
  return (model) => exceptions.find(({ models }) => models.test(model))?.dialects ?? usual
}
