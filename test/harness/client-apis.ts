import Anthropic from '@anthropic-ai/sdk'
import { type GenerateContentResponse, GoogleGenAI } from '@google/genai'
import OpenAI from 'openai'
import type { ClientApi } from './shared-cases.ts'

/** A gateway as an SDK reaches it. */
export interface GatewayDoor {
  /** Without the version: `http://gateway`. */
  readonly url: string
  readonly apiKey: string
  readonly fetch: typeof globalThis.fetch
}

/** A client's view of an answer, in neutral words. */
export interface ClientReading {
  readonly text: string
  readonly tools: readonly {
    readonly id: string | undefined
    readonly name: string
    readonly args: unknown
  }[]
  /** In the words of chat completions where the API has one for it, else as the API says it. */
  readonly finish: string | undefined
  /**
   * The answer as the official SDK gives it: the whole message, with a stream put together by the
   * SDK.
   */
  readonly raw: unknown
}

export interface Question {
  readonly model: string
  readonly isStream: boolean
  /** The request in the words of the API, beside `model` and the stream. @default a greeting */
  readonly request?: Record<string, unknown>
}

type Ask = (door: GatewayDoor, question: Question) => Promise<ClientReading>

const GREETING = 'hello'

/** Every API that clients of the gateway speak, asked with its official SDK. */
export const clientApis: Readonly<Record<ClientApi, Ask>> = {
  chat: askChat,
  responses: askResponses,
  anthropic: askAnthropic,
  gemini: askGemini,
}
export const clientApiNames = Object.keys(clientApis) as readonly ClientApi[]

async function askChat(
  door: GatewayDoor,
  { model, isStream, request }: Question,
): Promise<ClientReading> {
  const body = {
    messages: [{ role: 'user', content: GREETING }],
    ...request,
    model,
  } as OpenAI.ChatCompletionCreateParamsNonStreaming
  const { chat } = openai(door)
  const answer = isStream
    ? await chat.completions.stream({ ...body, stream: true }).finalChatCompletion()
    : await chat.completions.create(body)
  const choice = answer.choices[0]
  const tools = (choice?.message.tool_calls ?? []).map((call) =>
    call.type === 'function'
      ? { id: call.id, name: call.function.name, args: parsed(call.function.arguments) }
      : { id: call.id, name: call.custom.name, args: call.custom.input },
  )
  return { text: choice?.message.content ?? '', tools, finish: choice?.finish_reason, raw: answer }
}

async function askResponses(
  door: GatewayDoor,
  { model, isStream, request }: Question,
): Promise<ClientReading> {
  const body = {
    input: GREETING,
    store: false,
    ...request,
    model,
  } as OpenAI.Responses.ResponseCreateParamsNonStreaming
  const { responses } = openai(door)
  const answer = isStream
    ? await responses.stream({ ...body, stream: true }).finalResponse()
    : await responses.create(body)
  const tools = answer.output.flatMap((item) => {
    if (item.type === 'function_call')
      return [{ id: item.call_id, name: item.name, args: parsed(item.arguments) }]
    return item.type === 'custom_tool_call'
      ? [{ id: item.call_id, name: item.name, args: item.input as unknown }]
      : []
  })
  const text = answer.output
    .flatMap((item) => (item.type === 'message' ? item.content : []))
    .map((part) => (part.type === 'output_text' ? part.text : ''))
    .join('')
  const finish =
    answer.status === 'completed'
      ? tools.length > 0
        ? 'tool_calls'
        : 'stop'
      : (incomplete[answer.incomplete_details?.reason ?? ''] ?? answer.status)
  return { text, tools, finish, raw: answer }
}

const incomplete: Readonly<Record<string, string>> = {
  max_output_tokens: 'length',
  content_filter: 'content_filter',
}

async function askAnthropic(
  door: GatewayDoor,
  { model, isStream, request }: Question,
): Promise<ClientReading> {
  const client = new Anthropic({
    baseURL: door.url,
    apiKey: door.apiKey,
    fetch: door.fetch,
    maxRetries: 0,
  })
  const body = {
    max_tokens: 100,
    messages: [{ role: 'user', content: GREETING }],
    ...request,
    model,
  } as Anthropic.MessageCreateParamsNonStreaming
  const answer = isStream
    ? await client.messages.stream(body).finalMessage()
    : await client.messages.create(body)
  const tools = answer.content.flatMap((block) =>
    block.type === 'tool_use' ? [{ id: block.id, name: block.name, args: block.input }] : [],
  )
  const text = answer.content.map((block) => (block.type === 'text' ? block.text : '')).join('')
  return {
    text,
    tools,
    finish: stopReasons[answer.stop_reason ?? ''] ?? answer.stop_reason ?? undefined,
    raw: answer,
  }
}

const stopReasons: Readonly<Record<string, string>> = {
  end_turn: 'stop',
  stop_sequence: 'stop',
  tool_use: 'tool_calls',
  max_tokens: 'length',
  refusal: 'content_filter',
}

/**
 * This SDK takes no `fetch`, so a gateway without a socket is reached by putting ours in the place
 * of the global one.
 */
async function askGemini(
  door: GatewayDoor,
  { model, isStream, request }: Question,
): Promise<ClientReading> {
  const client = new GoogleGenAI({ apiKey: door.apiKey, httpOptions: { baseUrl: door.url } })
  const body = { contents: [{ role: 'user', parts: [{ text: GREETING }] }], ...request, model }
  const answers: GenerateContentResponse[] = []
  await withFetch(door.fetch, async () => {
    if (isStream)
      for await (const chunk of await client.models.generateContentStream(body)) answers.push(chunk)
    else answers.push(await client.models.generateContent(body))
  })
  const parts = answers.flatMap((answer) => answer.candidates?.[0]?.content?.parts ?? [])
  const tools = parts.flatMap(({ functionCall: call }) =>
    call === undefined ? [] : [{ id: call.id, name: call.name ?? '', args: call.args as unknown }],
  )
  const text = parts.map((part) => (part.thought === true ? '' : (part.text ?? ''))).join('')
  const reason = answers.findLast((answer) => answer.candidates?.[0]?.finishReason !== undefined)
    ?.candidates?.[0]?.finishReason
  const finish =
    reason === 'STOP' && tools.length > 0 ? 'tool_calls' : (finishReasons[reason ?? ''] ?? reason)
  return { text, tools, finish, raw: answers }
}

const finishReasons: Readonly<Record<string, string>> = {
  STOP: 'stop',
  MAX_TOKENS: 'length',
  SAFETY: 'content_filter',
}

function openai({ url, apiKey, fetch }: GatewayDoor): OpenAI {
  return new OpenAI({ baseURL: `${url}/v1`, apiKey, fetch, maxRetries: 0 })
}

async function withFetch(fetch: typeof globalThis.fetch, run: () => Promise<void>): Promise<void> {
  const own = globalThis.fetch
  // Only what is meant for the gateway: the gateway's own calls do not use it.
  globalThis.fetch = fetch
  try {
    await run()
  } finally {
    globalThis.fetch = own
  }
}

function parsed(text: string): unknown {
  return JSON.parse(text) as unknown
}
