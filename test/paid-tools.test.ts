import type { DialectName } from '@postern/testing'
import { afterEach, describe, expect, it } from 'vitest'
import { type Chain, CLIENT_KEY, startChain } from './harness/chain.ts'

let chain: Chain
afterEach(() => chain.close())

interface Asking {
  readonly path: string
  readonly body: Record<string, unknown>
  /** A tool that a provider of this API runs itself, and charges for. */
  readonly tool: Record<string, unknown>
}

const said = [{ role: 'user', content: 'Report.' }]
const askings: Readonly<Partial<Record<DialectName, Asking>>> = {
  'openai-chat': {
    path: '/v1/chat/completions',
    body: { model: 'chain', messages: said },
    tool: { type: 'web_search' },
  },
  'openai-responses': {
    path: '/v1/responses',
    body: { model: 'chain', input: 'Report.' },
    tool: { type: 'web_search', external_web_access: true },
  },
  'anthropic-messages': {
    path: '/v1/messages',
    body: { model: 'chain', max_tokens: 50, messages: said },
    tool: { type: 'web_search_20250305', name: 'web_search' },
  },
  gemini: {
    path: '/v1beta/models/chain:generateContent',
    body: { contents: [{ role: 'user', parts: [{ text: 'Report.' }] }] },
    tool: { googleSearch: {} },
  },
}
const targets: readonly DialectName[] = [
  'openai-chat',
  'openai-responses',
  'anthropic-messages',
  'gemini',
  'bedrock-converse',
  'cohere',
]

async function send(
  target: DialectName,
  { path, body }: Asking,
  tools: readonly unknown[],
): Promise<Response> {
  chain = await startChain({
    dialects: [target],
    gateway: {
      keys: { client: CLIENT_KEY },
      unsupported: 'drop',
      limits: [{ unit: 'usd', window: 'month', limit: 50 }],
      prices: { 'first/*': { input: 1, output: 1 } },
    },
  })
  return chain.send(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...body, tools }),
  })
}

describe.each(Object.entries(askings) as [DialectName, Asking][])(
  'under a hard budget a tool that a provider runs, offered by a client of %s',
  (from, asking) => {
    it.each(targets.filter((to) => to !== from))(
      'is left out for %s and costs nothing',
      async (to) => {
        const response = await send(to, asking, [asking.tool])
        expect([response.status, chain.calls()]).toEqual([200, [1]])
        expect(response.headers.get('x-postern-dropped')).toContain('tools')
        expect(chain.provider('first').journal.last().body).not.toHaveProperty('tools')
      },
    )

    it('is refused where the provider gets it and its price is not known', async () => {
      const response = await send(from, asking, [asking.tool])
      expect([response.status, chain.records.at(-1)?.code, chain.calls()]).toEqual([
        400,
        'unpriced_parameter',
        [0],
      ])
      expect(await response.text()).toContain('tools[0] (')
    })

    it('is refused where it is spelled as one that Gemini takes of every client', async () => {
      const response = await send('gemini', asking, [{ ...asking.tool, googleSearch: {} }])
      expect([response.status, chain.records.at(-1)?.code, chain.calls()]).toEqual([
        400,
        'unpriced_parameter',
        [0],
      ])
    })
  },
)
