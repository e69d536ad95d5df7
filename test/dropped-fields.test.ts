import { createGateway, type Gateway } from '@postern/core'
import {
  CONFORMANCE_KEY,
  type DialectName,
  type FakeProvider,
  startFakeProvider,
} from '@postern/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { requestFields } from './harness/request-fields.ts'
import type { ClientApi } from './harness/shared-cases.ts'

const paths: Readonly<Record<ClientApi, string>> = {
  chat: '/v1/chat/completions',
  responses: '/v1/responses',
  anthropic: '/v1/messages',
  gemini: '/v1beta/models/main:generateContent',
}

/** The last speaks chat completions to the letter, where the others of this dialect may deviate. */
const targets: readonly {
  readonly name: string
  readonly dialect: DialectName
  readonly model: string
}[] = [
  { name: 'compatible', dialect: 'openai-chat', model: 'm1' },
  { name: 'responses', dialect: 'openai-responses', model: 'gpt-5' },
  { name: 'messages', dialect: 'anthropic-messages', model: 'm1' },
  { name: 'google', dialect: 'gemini', model: 'm1' },
  { name: 'commands', dialect: 'cohere', model: 'm1' },
  { name: 'cloud', dialect: 'bedrock-converse', model: 'm1' },
  { name: 'openai', dialect: 'openai-chat', model: 'gpt-4o' },
]

/**
 * Sent, and named for what of it was not: by what it stands for at this target, or without what it
 * was proven by.
 */
const PARTLY = /reasoning budget in tokens|reasoning signature|those that may not be called/

describe.each(targets)('what $name is not sent', ({ name, dialect, model }) => {
  let provider: FakeProvider
  let gateway: Gateway
  beforeAll(async () => {
    provider = await startFakeProvider({ dialect, validate: false })
    provider.reply({ answer: { text: 'ok' } })
    gateway = createGateway(
      {
        providers: { [name]: { baseUrl: provider.url, apiKey: 'canary', dialect, alsoSpeaks: [] } },
        routes: { main: { targets: [`${name}/${model}`], unsupported: 'drop' } },
        keys: { team: CONFORMANCE_KEY },
        log: 'silent',
        retries: 0,
      } as never,
      { environment: {} },
    )
  })
  afterAll(async () => {
    await gateway.close({ graceMs: 0 })
    await provider.close()
  })

  it.each(Object.keys(paths) as ClientApi[])(
    'is named, and nothing else is: requests of %s',
    async (api) => {
      const wrong: string[] = []
      for (const [, field, request, sent] of requestFields.filter(([from]) => from === api)) {
        const body = api === 'gemini' ? request : { ...request, model: 'main' }
        const response = await gateway.fetch(
          new Request(`http://gateway${paths[api]}`, {
            method: 'POST',
            headers: {
              'content-type': 'application/json',
              authorization: `Bearer ${CONFORMANCE_KEY}`,
            },
            body: JSON.stringify(body),
          }),
        )
        const answer = await response.text()
        const named = response.headers.get('x-postern-dropped')
        const isSent = sent.test(JSON.stringify(provider.journal.last().body))
        if (response.status !== 200) wrong.push(`${field}: ${answer}`)
        else if (!isSent && named === null) wrong.push(`${field} was not sent and is not named`)
        else if (isSent && named !== null && !PARTLY.test(named))
          wrong.push(`${field} was sent, and "${named}" is named`)
      }
      expect(wrong).toEqual([])
    },
  )
})

it('looks at every client API, and at 125 fields', () => {
  expect(new Set(requestFields.map(([api]) => api)).size).toBe(4)
  expect(requestFields.length).toBeGreaterThanOrEqual(125)
})
