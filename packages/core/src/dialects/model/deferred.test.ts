import { describe, expect, it } from 'vitest'
import { asksToBeDeferred, isDeferredPath } from './deferred.ts'

describe('a path of a provider', () => {
  it.each([
    '/v1/batches',
    '/v1/batches/',
    '/v1/messages/batches',
    '/v1beta/models/m:batchGenerateContent',
    '/v1beta/models/m:batchEmbedText',
    '/v1/batch/jobs',
    '/v1/fine_tuning/jobs',
    '/v1/fine-tunes',
    '/v1/threads/runs',
    '/v1/threads/t/runs',
    '/v1/threads/t/runs/r/submit_tool_outputs',
    '/model-invocation-job',
    '/model/m/async-invoke',
    '/v1/projects/p/locations/l/batchPredictionJobs',
    '/async/chat/completions',
    '/v4/async/chat/completions',
    '/v1/models/m:predictLongRunning',
    '/v1/models/a/m/predictions',
  ])('is answered later: %s', (path) => expect(isDeferredPath(path)).toBe(true))

  it.each([
    '/v1/chat/completions',
    '/v1/responses',
    '/v1/messages',
    '/v1beta/models/batches:generateContent',
    '/model/runs/converse',
    '/v1/embeddings',
    '/v1/images/generations',
    '/v1/batches/b/cancel',
    '/async-models/chat',
  ])('is answered at once: %s', (path) => expect(isDeferredPath(path)).toBe(false))
})

it('is requested with `background` or `deferred`', () => {
  expect(
    [{ background: true }, { deferred: true }, { background: false }, { background: null }, {}].map(
      asksToBeDeferred,
    ),
  ).toEqual([true, true, false, false, false])
})
