/**
 * An SDK without a gateway: the global `fetch` straight to the provider, in the same
 * process.
 */
import { upstreamUrl } from '../child.ts'
import { answerLoads } from './in-process.ts'

answerLoads({
  url: `${upstreamUrl()}/v1/chat/completions`,
  key: 'sk-test-bench',
  modelPrefix: '',
  fetch,
})
