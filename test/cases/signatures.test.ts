import { createGateway, type Gateway } from '@postern/core'
import {
  CONFORMANCE_KEY,
  type DialectName,
  type FakeProvider,
  type FakeRequest,
  type ScriptedReply,
  startFakeProvider,
} from '@postern/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { clientApiNames, clientApis, type ClientReading } from '../harness/client-apis.ts'
import { type ClientApi, needsSharedCases, sharedCase } from '../harness/shared-cases.ts'

type Json = Record<string, unknown>

const dialects = ['anthropic-messages', 'openai-responses', 'gemini', 'bedrock-converse'] as const
const proofs: Readonly<Record<string, string>> = {
  one: Buffer.from('proof of one').toString('base64'),
  two: Buffer.from('proof of two').toString('base64'),
}
const parameters = { type: 'object', properties: {} }
const models: Readonly<Record<(typeof dialects)[number], string>> = {
  'anthropic-messages': 'claude-opus-4-6',
  'openai-responses': 'gpt-5.2',
  gemini: 'gemini-3-pro',
  'bedrock-converse': 'anthropic.claude-sonnet-4-5',
}

/** A conversation with one call, as a client of each API has it. */
const turns: Readonly<Record<ClientApi, { opening(): Json; next(raw: unknown): Json }>> = {
  chat: {
    opening: () => ({
      messages: [{ role: 'user', content: 'x' }],
      tools: [{ type: 'function', function: { name: 'f', parameters } }],
      reasoning_effort: 'low',
    }),
    next(raw) {
      const { message } = (
        raw as { choices: readonly { message: { tool_calls: readonly { id: string }[] } }[] }
      ).choices[0] as { message: { tool_calls: readonly { id: string }[] } }
      return {
        ...this.opening(),
        messages: [
          { role: 'user', content: 'x' },
          message,
          ...message.tool_calls.map(({ id }) => ({
            role: 'tool',
            tool_call_id: id,
            content: 'ok',
          })),
        ],
      }
    },
  },
  responses: {
    opening: () => ({
      input: [{ role: 'user', content: 'x' }],
      tools: [{ type: 'function', name: 'f', parameters, strict: false }],
      include: ['reasoning.encrypted_content'],
    }),
    next(raw) {
      const { output } = raw as { output: readonly { type: string; call_id?: string }[] }
      const results = output.flatMap(({ type, call_id: id }) =>
        type === 'function_call'
          ? [{ type: 'function_call_output', call_id: id, output: 'ok' }]
          : [],
      )
      return { ...this.opening(), input: [{ role: 'user', content: 'x' }, ...output, ...results] }
    },
  },
  anthropic: {
    opening: () => ({
      max_tokens: 5000,
      messages: [{ role: 'user', content: 'x' }],
      tools: [{ name: 'f', input_schema: parameters }],
    }),
    next(raw) {
      const { content } = raw as { content: readonly { type: string; id?: string }[] }
      const results = content.flatMap(({ type, id }) =>
        type === 'tool_use' ? [{ type: 'tool_result', tool_use_id: id, content: 'ok' }] : [],
      )
      return {
        ...this.opening(),
        messages: [
          { role: 'user', content: 'x' },
          { role: 'assistant', content },
          { role: 'user', content: results },
        ],
      }
    },
  },
  gemini: {
    opening: () => ({
      contents: [{ role: 'user', parts: [{ text: 'x' }] }],
      config: { tools: [{ functionDeclarations: [{ name: 'f', description: 'f' }] }] },
    }),
    next(raw) {
      const parts = (
        raw as readonly {
          candidates?: readonly {
            content?: { parts?: readonly { functionCall?: { id?: string; name?: string } }[] }
          }[]
        }[]
      ).flatMap((answer) => answer.candidates?.[0]?.content?.parts ?? [])
      const results = parts.flatMap(({ functionCall: call }) =>
        call === undefined
          ? []
          : [{ functionResponse: { ...call, args: undefined, response: { output: 'ok' } } }],
      )
      return {
        ...this.opening(),
        contents: [
          { role: 'user', parts: [{ text: 'x' }] },
          { role: 'model', parts },
          { role: 'user', parts: results },
        ],
      }
    },
  },
}

/** Answers with a proof of its own, and refuses every other one. */
function strict(own: string): (request: FakeRequest) => ScriptedReply {
  return ({ entry }) => {
    const text = JSON.stringify(entry.body)
    if (
      /postern[._]|cG9zdGVybjox/.test(text) ||
      Object.values(proofs).some((proof) => proof !== own && text.includes(proof))
    )
      return { status: 400, message: 'Invalid `signature` in `thinking` block' } as ScriptedReply
    return {
      answer: {
        reasoning: { text: 'hm', signature: own },
        toolCalls: [{ id: 'call_1', name: 'f', arguments: {}, signature: own }],
      },
    }
  }
}

describe.each(dialects)('proofs of two providers that speak %s', (dialect) => {
  const fakes: FakeProvider[] = []
  let gateway: Gateway

  beforeAll(async () => {
    const providers: Json = {}
    for (const [name, proof] of Object.entries(proofs)) {
      const fake = await startFakeProvider({ dialect: dialect as DialectName, validate: false })
      fake.reply(strict(proof))
      fakes.push(fake)
      providers[name] = { baseUrl: fake.url, apiKey: 'canary', dialect }
    }
    gateway = createGateway({
      providers,
      keys: { team: CONFORMANCE_KEY },
      log: 'silent',
      retries: 0,
    } as never)
  })
  afterAll(async () => {
    await gateway.close()
    await Promise.all(fakes.map((fake) => fake.close()))
  })

  const ask = (
    api: ClientApi,
    provider: string,
    request: Json,
    isStream: boolean,
  ): Promise<ClientReading> =>
    clientApis[api](
      { url: 'http://gateway', apiKey: CONFORMANCE_KEY, fetch: gateway.fetch as typeof fetch },
      { model: `${provider}/${models[dialect]}`, isStream, request },
    )

  it.each(
    clientApiNames.flatMap((api) =>
      ['one', 'two'].flatMap((first) =>
        [false, true].map((isStream) => ({ api, first, isStream })),
      ),
    ),
  )(
    'go back to $first alone, through $api (stream: $isStream)',
    async ({ api, first, isStream }) => {
      const other = first === 'one' ? 'two' : 'one'
      const opened = await ask(api, first, turns[api].opening(), isStream)
      expect(opened.tools).toHaveLength(1)
      const next = turns[api].next(opened.raw)
      await ask(api, other, next, isStream)
      await ask(api, first, next, isStream)
      // The SDK keeps the last fragment of a list it does not know, so a stream leaves no proof
      // that could go back.
      if (api === 'chat' && isStream) return
      expect(JSON.stringify(fakes[first === 'one' ? 0 : 1]?.journal.last().body)).toContain(
        proofs[first],
      )
    },
  )
})

describe('proofs of another service of the same dialect', () => {
  it('do not end a conversation that moves to Anthropic', async (context) => {
    needsSharedCases(context)
    const { message } = sharedCase('foreign-signature').json<{ error: { message: string } }>(
      'upstream.json',
    ).error
    const request = sharedCase('foreign-signature').json('request.json') as {
      model: string
      messages: readonly Json[]
    }
    const anthropic = await startFakeProvider({ dialect: 'anthropic-messages', validate: false })
    const minimax = await startFakeProvider({ dialect: 'anthropic-messages', validate: false })
    const gateway = createGateway({
      providers: {
        anthropic: { baseUrl: anthropic.url, apiKey: 'canary' },
        minimax: { baseUrl: minimax.url, apiKey: 'canary', dialect: 'anthropic-messages' },
      },
      keys: { team: CONFORMANCE_KEY },
      log: 'silent',
      retries: 0,
    })
    try {
      minimax.reply({
        answer: { reasoning: { text: 'hm', signature: proofs['one'] ?? '' }, text: 'hi' },
      })
      anthropic.reply(({ entry }) =>
        JSON.stringify(entry.body).includes('"thinking"')
          ? ({
              raw: {
                status: 400,
                body: JSON.stringify({
                  type: 'error',
                  error: { type: 'invalid_request_error', message },
                }),
              },
            } as ScriptedReply)
          : { answer: { text: 'ok' } },
      )
      const post = async (body: Json): Promise<Json> => {
        const response = await gateway.fetch(
          new Request('http://gateway/v1/messages', {
            method: 'POST',
            headers: { 'content-type': 'application/json', 'x-api-key': CONFORMANCE_KEY },
            body: JSON.stringify(body),
          }),
        )
        const answer = (await response.json()) as Json
        expect(response.status, JSON.stringify(answer)).toBe(200)
        return answer
      }
      const first = await post({ ...request, model: 'minimax/MiniMax-M2' })
      await post({
        ...request,
        messages: [
          ...request.messages,
          { role: 'assistant', content: first['content'] },
          { role: 'user', content: 'go on' },
        ],
      })
    } finally {
      await gateway.close()
      await Promise.all([anthropic.close(), minimax.close()])
    }
  })

  it('are kept apart by the accounts of one provider where they hold for one account', async () => {
    const provider = await startFakeProvider({ dialect: 'openai-responses', validate: false })
    const keys: Readonly<Record<string, string>> = {
      'Bearer account-a': proofs['one'] ?? '',
      'Bearer account-b': proofs['two'] ?? '',
    }
    const gateway = createGateway({
      providers: {
        accounts: {
          baseUrl: provider.url,
          apiKeys: ['account-a', 'account-b'],
          dialect: 'openai-responses',
        },
      },
      keys: { team: CONFORMANCE_KEY },
      log: 'silent',
      retries: 0,
    } as never)
    try {
      provider.reply((request) =>
        strict(keys[String(request.entry.headers['authorization'])] ?? '')(request),
      )
      const door = {
        url: 'http://gateway',
        apiKey: CONFORMANCE_KEY,
        fetch: gateway.fetch as typeof fetch,
      }
      // Keys are chosen by chance: twenty turns meet both in every order.
      for (const api of ['responses', 'anthropic'] as const) {
        for (let turn = 0; turn < 10; turn++) {
          const first = await clientApis[api](door, {
            model: 'accounts/gpt-5.2',
            isStream: turn % 2 === 0,
            request: turns[api].opening(),
          })
          await clientApis[api](door, {
            model: 'accounts/gpt-5.2',
            isStream: false,
            request: turns[api].next(first.raw),
          })
        }
      }
    } finally {
      await gateway.close()
      await provider.close()
    }
  })

  it('of a router go back to it as they came', async () => {
    const router = await startFakeProvider({ dialect: 'openai-chat', validate: false })
    const gateway = createGateway({
      providers: {
        openai: { baseUrl: router.url, apiKey: 'canary', alsoSpeaks: [] },
        openrouter: {
          baseUrl: router.url.replace('127.0.0.1', 'localhost'),
          apiKey: 'canary',
          alsoSpeaks: [],
        },
      },
      keys: { team: CONFORMANCE_KEY },
      log: 'silent',
      retries: 0,
    })
    const details = [
      {
        type: 'reasoning.text',
        text: 'hm',
        signature: proofs['one'],
        format: 'anthropic-claude-v1',
        index: 0,
      },
      { type: 'reasoning.encrypted', data: proofs['two'], format: 'google-gemini-v1', index: 1 },
    ]
    try {
      const door = {
        url: 'http://gateway',
        apiKey: CONFORMANCE_KEY,
        fetch: gateway.fetch as typeof fetch,
      }
      for (const api of clientApiNames) {
        const call = { id: 'call_1', type: 'function', function: { name: 'f', arguments: '{}' } }
        const message = {
          role: 'assistant',
          content: null,
          reasoning: 'hm',
          reasoning_details: details,
          tool_calls: [call],
        }
        router.enqueue({
          raw: {
            body: JSON.stringify({
              id: 'x',
              object: 'chat.completion',
              created: 1,
              model: 'm',
              choices: [{ index: 0, finish_reason: 'tool_calls', message }],
              usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
            }),
          },
        })
        const question = { model: 'openrouter/anthropic/claude-opus-4-6', isStream: false }
        const first = await clientApis[api](door, { ...question, request: turns[api].opening() })
        router.enqueue({ answer: { text: 'ok' } })
        await clientApis[api](door, { ...question, request: turns[api].next(first.raw) })
        const sent = JSON.stringify(router.journal.last().body)
        expect(sent, api).toContain(proofs['one'])
        router.enqueue({ answer: { text: 'ok' } })
        await clientApis[api](door, {
          ...question,
          model: 'openai/gpt-4.1',
          request: turns[api].next(first.raw),
        })
        if (api !== 'chat')
          expect(JSON.stringify(router.journal.last().body), api).not.toContain(proofs['one'])
      }
    } finally {
      await gateway.close()
      await router.close()
    }
  })
})
