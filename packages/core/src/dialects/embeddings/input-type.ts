/** Purpose of vectors, which services name differently. */
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
 * The service's word for the client's purpose, in any service's words; an unknown word passes as it
 * is.
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
