import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createGateway, type Gateway } from '@postern/core'
import { CONFORMANCE_KEY, type FakeProvider, startFakeProvider } from '@postern/testing'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { catalogue } from '../packages/core/src/providers/index.ts'
import { clientApiNames, clientApis, type ClientReading } from './harness/client-apis.ts'
import {
  conversations,
  CUSTOM_TOOL,
  LONG_TOOL,
  PATCH,
  THOUGHT,
} from './harness/service-conversations.ts'
import { type ChatBody, refusalsOf, servicesWithRules } from './harness/service-refusals.ts'
import type { ClientApi } from './harness/shared-cases.ts'

/** Field a service answers its thoughts in; most have `reasoning_content`. */
const thoughtFields: Readonly<Record<string, string>> = {
  groq: 'reasoning',
  together: 'reasoning',
  cerebras: 'reasoning',
  ollama: 'reasoning',
  vllm: 'reasoning',
  localai: 'reasoning',
  minimax: 'reasoning_details',
  snowflake: 'reasoning_details',
  openrouter: 'reasoning_details',
  'vercel-ai-gateway': 'reasoning_details',
}
/** Services that have no place for thoughts of earlier turns, or none for those of this model. */
const forgetful: ReadonlySet<string> = new Set(['mistral'])
const models: Readonly<Record<string, string>> = {
  groq: 'openai/gpt-oss-120b',
  siliconflow: 'moonshotai/Kimi-K2.6',
  deepseek: 'deepseek-v4-pro',
  moonshot: 'kimi-k2.6',
}

const services = catalogue
  .filter(({ dialect }) => dialect === 'openai-chat')
  .map(({ name }) => name)

/**
 * One server that answers for every service, below a path of its own, and refuses what that service
 * refuses.
 */
class Services {
  readonly #server: Server = createServer(
    (request, response) =>
      void this.#answer(request, response).catch((error: unknown) =>
        response.writeHead(500).end(String(error)),
      ),
  )
  readonly bodies: ChatBody[] = []

  async open(): Promise<string> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const service = request.url?.split('/')[1] ?? ''
    const body = JSON.parse(Buffer.concat(chunks).toString()) as ChatBody & { stream?: boolean }
    this.bodies.push(body)
    const why = refusalsOf(service).flatMap((refuses) => refuses(body) ?? [])
    if (why.length > 0) {
      response.writeHead(400, { 'content-type': 'application/json' }).end(
        JSON.stringify({
          error: { message: `${service}: ${why.join('; ')}`, type: 'invalid_request_error' },
        }),
      )
      return
    }
    const isFirst = !body.messages.some(({ role }) => role === 'tool')
    const message = isFirst
      ? firstAnswer(service, body)
      : { role: 'assistant', content: 'done', refusal: null, annotations: [] }
    const finish = isFirst ? 'tool_calls' : 'stop'
    const usage = { prompt_tokens: 5, completion_tokens: 3, total_tokens: 8 }
    const head = { id: 'chatcmpl-1', created: 1_780_000_000, model: body.model }
    if (body.stream !== true) {
      response.writeHead(200, { 'content-type': 'application/json' }).end(
        JSON.stringify({
          ...head,
          object: 'chat.completion',
          choices: [{ index: 0, message, finish_reason: finish }],
          usage,
        }),
      )
      return
    }
    const { tool_calls: calls, ...rest } = message as { tool_calls?: object[] }
    const chunk = (delta: object, reason: string | null): string =>
      `data: ${JSON.stringify({ ...head, object: 'chat.completion.chunk', choices: [{ index: 0, delta, finish_reason: reason }] })}\n\n`
    const deltas = [
      chunk(rest, null),
      ...(calls ?? []).map((call, index) => chunk({ tool_calls: [{ index, ...call }] }, null)),
      chunk({}, finish),
    ]
    response
      .writeHead(200, { 'content-type': 'text/event-stream' })
      .end(
        `${deltas.join('')}data: ${JSON.stringify({ ...head, object: 'chat.completion.chunk', choices: [], usage })}\n\ndata: [DONE]\n\n`,
      )
  }
}

/** Thinks, and calls every tool that is offered by the name it is offered under. */
function firstAnswer(service: string, body: ChatBody): object {
  const tools = (body['tools'] ?? []) as {
    type: string
    function?: { name: string; parameters?: { properties?: object } }
    custom?: { name: string }
  }[]
  const calls = tools.map((tool, at) => {
    const id = `callid00${at}`
    if (tool.type === 'custom')
      return { id, type: 'custom', custom: { name: tool.custom?.name, input: PATCH } }
    const isFreeText =
      JSON.stringify(Object.keys(tool.function?.parameters?.properties ?? {})) === '["input"]'
    return {
      id,
      type: 'function',
      function: {
        name: tool.function?.name,
        arguments: JSON.stringify(isFreeText ? { input: PATCH } : {}),
      },
    }
  })
  const field = thoughtFields[service] ?? 'reasoning_content'
  const thought =
    field === 'reasoning_details' ? [{ type: 'reasoning.text', text: THOUGHT, index: 0 }] : THOUGHT
  return {
    role: 'assistant',
    content: null,
    [field]: thought,
    tool_calls: calls,
    refusal: null,
    annotations: [],
  }
}

describe('a conversation with tools and reasoning', () => {
  const fakes = new Services()
  let other: FakeProvider
  let gateway: Gateway

  beforeAll(async () => {
    const url = await fakes.open()
    other = await startFakeProvider({ dialect: 'anthropic-messages', validate: false })
    gateway = createGateway({
      providers: {
        ...Object.fromEntries(
          services.map((name) => [
            name,
            { baseUrl: `${url}/${name}`, apiKey: 'canary', alsoSpeaks: [] },
          ]),
        ),
        other: { baseUrl: other.url, apiKey: 'canary', dialect: 'anthropic-messages' as const },
      },
      keys: { team: CONFORMANCE_KEY },
      log: 'silent',
      retries: 0,
      circuitBreaker: 'off',
      eventLoopLagLimit: 'off',
    })
  })
  afterAll(async () => {
    await gateway.close()
    await Promise.all([fakes.close(), other.close()])
  })
  beforeEach(() => {
    fakes.bodies.length = 0
  })

  const ask = (
    api: ClientApi,
    model: string,
    isStream: boolean,
    request: Record<string, unknown>,
  ): Promise<ClientReading> =>
    clientApis[api](
      { url: 'http://gateway', apiKey: CONFORMANCE_KEY, fetch: gateway.fetch as typeof fetch },
      { model, isStream, request },
    )

  it('is tried with every service that has rules', () => {
    expect(servicesWithRules.filter((name) => !services.includes(name))).toEqual([])
    expect(services.length).toBeGreaterThan(45)
  })

  describe.each(services)('%s', (service) => {
    const model = `${service}/${models[service] ?? 'm1'}`

    // Services without rules of their own differ in nothing but their name.
    it.each(
      clientApiNames.flatMap((api) =>
        (servicesWithRules.includes(service) ? [false, true] : [false]).map((isStream) => ({
          api,
          isStream,
        })),
      ),
    )('goes on through $api (stream: $isStream)', async ({ api, isStream }) => {
      const conversation = conversations[api]
      const first = await ask(api, model, isStream, conversation.opening())
      expect(first.tools.map(({ name }) => name)).toEqual(conversation.toolNames)
      if (conversation.toolNames.includes(CUSTOM_TOOL))
        expect(first.tools.find(({ name }) => name === CUSTOM_TOOL)?.args).toBe(PATCH)
      const second = await ask(api, model, isStream, conversation.next(first))
      expect(second.text).toBe('done')
      const sent = JSON.stringify(fakes.bodies.at(-1)?.messages)
      expect(sent.includes(THOUGHT)).toBe(!forgetful.has(service))
      expect(sent).not.toContain('parsed_arguments')
    })

    it.each(clientApiNames)(
      'goes on with what another provider has begun, through %s',
      async (api) => {
        const conversation = conversations[api]
        // Called by the names that they are offered under.
        other.reply(({ entry }) => {
          const tools = (
            entry.body as {
              tools: readonly { name: string; input_schema: { required?: readonly string[] } }[]
            }
          ).tools
          const toolCalls = tools.map(({ name, input_schema: { required } }, at) => ({
            id: `toolu_${at}`,
            name,
            arguments: required?.[0] === 'input' ? { input: PATCH } : {},
          }))
          return {
            answer: { reasoning: { text: 'foreign thought', signature: 'c2lnbmVk' }, toolCalls },
          }
        })
        const first = await ask(api, 'other/claude-opus-4-6', false, conversation.opening())
        expect(first.tools.map(({ name }) => name)).toEqual(conversation.toolNames)
        const second = await ask(api, model, false, conversation.next(first))
        expect(second.text).toBe('done')
      },
    )
  })
})

it('offers one name for each tool', () => {
  expect(LONG_TOOL.length).toBeGreaterThan(64)
})
