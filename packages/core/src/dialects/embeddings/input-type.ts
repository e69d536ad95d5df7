/** What vectors are for, where services differ in how they call it. */
export type Purpose = 'query' | 'document' | 'classification' | 'clustering' | 'similarity'

const purposes: Readonly<Record<string, Purpose>> = {
  query: 'query',
  search_query: 'query',
  retrieval_query: 'query',
  'retrieval.query': 'query',
  document: 'document',
  passage: 'document',
  search_document: 'document',
  retrieval_document: 'document',
  'retrieval.passage': 'document',
  classification: 'classification',
  clustering: 'clustering',
  separation: 'clustering',
  semantic_similarity: 'similarity',
  similarity: 'similarity',
  'text-matching': 'similarity',
}

/**
 * The service's word for what the client asks for in anybody's words; a word nobody shares passes
 * as it is.
 */
export function inputTypeFor(
  inputType: string | undefined,
  words: Readonly<Partial<Record<Purpose, string>>>,
): string | undefined {
  if (inputType === undefined) return undefined
  const purpose = Object.hasOwn(purposes, inputType.toLowerCase())
    ? purposes[inputType.toLowerCase()]
    : undefined
  return (purpose && words[purpose]) ?? inputType
}
