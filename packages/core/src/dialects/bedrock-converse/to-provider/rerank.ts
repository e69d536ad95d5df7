import { otherFields, plainRerank, type RerankFormat } from '../../rerank/index.ts'

/** The format of a model; `undefined` for one that reranks nothing. */
export function rerankOf(model: string): RerankFormat | undefined {
  const [, maker] = /(?:^|[./])(cohere|amazon)\.rerank-/.exec(model) ?? []
  if (maker === undefined) return undefined
  return (request, call) => ({
    path: `/model/${encodeURIComponent(call.model)}/invoke`,
    // One of the two has versions of its API.
    body: { ...plainRerank(request, call), ...(maker === 'amazon' ? {} : { api_version: 2 }) },
    dropped: otherFields(request),
  })
}
