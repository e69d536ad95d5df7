import { type DialectName } from '@postern/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Chain, CLIENT_KEY, startChain } from './harness/chain.ts'
import { clientApiNames, clientApis } from './harness/client-apis.ts'
import { listen } from './harness/listen.ts'
import { failOnUncaught } from './harness/uncaught.ts'

failOnUncaught()

/**
 * Answers other than the requested kind, as a proxy in front of a provider would make them.
 */
interface Oddity {
  /** It does the opposite of what `stream` says. */
  readonly isOtherKind: boolean
  readonly contentType: string | undefined
  readonly prefix: string
}

const ODDITIES: Oddity[] = []
for (const isOtherKind of [true, false]) {
  for (const contentType of ['application/json', 'text/event-stream', 'text/plain', undefined]) {
    for (const prefix of contentType === 'application/json'
      ? ['', ': waiting\n\n', '\ufeff', '\n\n: one\n: two\n\n']
      : ['', ': waiting\n\n'])
      ODDITIES.push({ isOtherKind, contentType, prefix })
  }
}

/** The client of Gemini is reached by putting the gateway in the place of the global one. */
const { fetch: fetchProvider } = globalThis

const DIALECTS: readonly DialectName[] = [
  'openai-chat',
  'anthropic-messages',
  'openai-responses',
  'gemini',
  'cohere',
]

describe.each(DIALECTS)('a provider of %s', (dialect) => {
  let chain: Chain
  let oddity: Oddity
  let proxy: Awaited<ReturnType<typeof listen>>
  beforeAll(async () => {
    let fake = ''
    proxy = await listen(async (request, response) => {
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk as Buffer)
      const body = JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>
      const { url = '' } = request
      const isStream =
        dialect === 'gemini' ? url.includes(':streamGenerateContent') : body['stream'] === true
      const wanted = isStream !== oddity.isOtherKind
      if (dialect !== 'gemini') body['stream'] = wanted
      if (!wanted) delete body['stream_options']
      const path =
        dialect === 'gemini'
          ? url.replace(
              /:(?:streamGenerateContent|generateContent).*/,
              wanted ? ':streamGenerateContent?alt=sse' : ':generateContent',
            )
          : url
      const headers = Object.fromEntries(
        ['authorization', 'x-api-key', 'x-goog-api-key', 'anthropic-version'].flatMap((name) =>
          request.headers[name] === undefined ? [] : [[name, String(request.headers[name])]],
        ),
      )
      const answer = await fetchProvider(`${fake}${path}`, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
      response.writeHead(
        answer.status,
        oddity.contentType === undefined ? {} : { 'content-type': oddity.contentType },
      )
      response.end(oddity.prefix + (await answer.text()))
    })
    chain = await startChain({
      dialects: [dialect],
      addresses: { first: proxy.url },
      route: { retries: 0 },
    })
    fake = chain.provider('first').url
    chain.provider('first').reply({
      answer: {
        text: ['It is ', 'sunny.'],
        toolCalls: [{ name: 'weather', arguments: { city: 'Paris' } }],
      } as never,
    })
  })
  afterAll(async () => {
    await chain.close()
    await proxy.close()
  })

  it.each(
    clientApiNames.flatMap((api) => [true, false].map((isStream) => [api, isStream] as const)),
  )(
    'is understood by clients of %s (stream: %s), whatever it sends and calls it',
    async (api, isStream) => {
      const door = {
        url: 'http://gateway',
        apiKey: CLIENT_KEY,
        fetch: chain.gateway.fetch as typeof globalThis.fetch,
      }
      const fallen: string[] = []
      for (const one of ODDITIES) {
        oddity = one
        const read = await clientApis[api](door, { model: 'chain', isStream }).then(
          ({ text, tools }) => JSON.stringify([text, tools.map(({ name, args }) => [name, args])]),
          (error: unknown) => String(error),
        )
        if (read !== '["It is sunny.",[["weather",{"city":"Paris"}]]]')
          fallen.push(`${JSON.stringify(one)}: ${read}`)
      }
      expect(fallen).toEqual([])
    },
  )
})
