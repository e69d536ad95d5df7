import { otherFields, plainRerank, type RerankFormat } from '../../rerank/index.ts'

/** `/v2/rerank`, which never sends documents back. */
export const rerank: RerankFormat = (request, call) => {
  const { max_tokens_per_doc: most } = request.body
  return {
    path: '/v2/rerank',
    body: {
      model: call.model,
      ...plainRerank(request, call),
      ...(typeof most === 'number' ? { max_tokens_per_doc: most } : {}),
    },
    dropped: otherFields(request, ['max_tokens_per_doc']),
  }
}
