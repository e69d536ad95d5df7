import { CONFORMANCE_KEY, startFakeProvider } from '@postern/testing'
import { expect, it } from 'vitest'
import { expressHarness } from './harness/express.ts'
import { koaHarness } from './harness/koa.ts'

const body = JSON.stringify({ model: 'fake/model', messages: [{ role: 'user', content: 'Hello' }] })

it.each([
  ['Express', expressHarness()],
  ['Koa', koaHarness()],
])(
  'K2: %s says once that a parser before the gateway has limits of its own',
  async (_name, harness) => {
    const provider = await startFakeProvider({ dialect: 'openai-chat' })
    const warnings: string[] = []
    const ignore = (): void => undefined
    const log = {
      error: ignore,
      info: ignore,
      debug: ignore,
      warn: (message: string) => void warnings.push(message),
    }
    const gateway = {
      providers: { fake: { baseUrl: provider.url } },
      keys: { conformance: CONFORMANCE_KEY },
      log,
    }
    try {
      for (const bodyParser of [false, true]) {
        warnings.length = 0
        const application = await harness.start({ gateway, mountPath: '/llm', bodyParser })
        for (let call = 0; call < 2; call++) {
          const headers = {
            authorization: `Bearer ${CONFORMANCE_KEY}`,
            'content-type': 'application/json',
          }
          expect(
            (
              await fetch(`${application.url}/llm/v1/chat/completions`, {
                method: 'POST',
                headers,
                body,
              })
            ).status,
          ).toBe(200)
        }
        await application.close()
        expect(warnings.filter((message) => message.includes('body parser'))).toHaveLength(
          bodyParser ? 1 : 0,
        )
      }
    } finally {
      await provider.close()
    }
  },
)
