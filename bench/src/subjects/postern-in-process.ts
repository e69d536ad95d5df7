/** Postern without a socket: `gateway.fetch`, called as an SDK calls it. */
import { createGateway } from '@postern/core'
import { answerLoads } from './in-process.ts'
import { benchKey, posternOptions } from './postern-options.ts'

const gateway = createGateway(posternOptions())
answerLoads({
  url: 'http://gateway.local/v1/chat/completions',
  key: benchKey,
  modelPrefix: 'provider/',
  fetch: (request) => gateway.fetch(request),
})
