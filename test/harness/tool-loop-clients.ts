import { createAnthropic } from '@ai-sdk/anthropic'
import { createOpenAI } from '@ai-sdk/openai'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import Anthropic from '@anthropic-ai/sdk'
import {
  type Content,
  type FunctionCall,
  type GenerateContentResponse,
  GoogleGenAI,
  type Part,
} from '@google/genai'
import {
  type AIMessageChunk,
  type BaseMessage,
  HumanMessage,
  ToolMessage,
} from '@langchain/core/messages'
import { ChatOpenAI } from '@langchain/openai'
import {
  Agent,
  OpenAIProvider,
  Runner,
  setTracingDisabled,
  tool as agentTool,
} from '@openai/agents'
import { generateText, type LanguageModel, stepCountIs, streamText, tool as aiTool } from 'ai'
import OpenAI from 'openai'
import type { ResponseInputItem } from 'openai/resources/responses/responses'
import { z } from 'zod'

/** Settings of a client: the base URL ends in `/v1`. */
export interface Reach {
  readonly baseURL: string
  readonly apiKey: string
  readonly model: string
  readonly isStream: boolean
}

/**
 * Goes through a loop of tool calls with one official client, as its documentation says; tells the
 * final text.
 */
export type ToolLoopClient = (reach: Reach) => Promise<string>

const QUESTION = 'What is the weather in Paris and Rome?'
const NAME = 'get_weather'
const DESCRIPTION = 'The weather in a city'
const parameters = {
  type: 'object' as const,
  properties: { city: { type: 'string' } },
  required: ['city'],
  additionalProperties: false,
}
const shape = z.object({ city: z.string() })
const weather = ({ city }: { city: string }): string => `${city}: sunny`
const MOST_TURNS = 6

async function openaiChat({ baseURL, apiKey, model, isStream }: Reach): Promise<string> {
  const client = new OpenAI({ baseURL, apiKey, maxRetries: 0 })
  const messages: OpenAI.ChatCompletionMessageParam[] = [{ role: 'user', content: QUESTION }]
  const tools: OpenAI.ChatCompletionTool[] = [
    { type: 'function', function: { name: NAME, description: DESCRIPTION, parameters } },
  ]
  for (let turn = 0; turn < MOST_TURNS; turn++) {
    const request = { model, messages, tools }
    const completion = isStream
      ? await client.chat.completions.stream(request).finalChatCompletion()
      : await client.chat.completions.create(request)
    const message = completion.choices[0]?.message
    if (message === undefined) throw new Error('no choice')
    messages.push(message)
    if (message.tool_calls === undefined || message.tool_calls.length === 0)
      return message.content ?? ''
    for (const call of message.tool_calls) {
      if (call.type === 'function')
        messages.push({
          role: 'tool',
          tool_call_id: call.id,
          content: weather(JSON.parse(call.function.arguments) as { city: string }),
        })
    }
  }
  throw new Error('the loop did not end')
}

async function openaiResponses({ baseURL, apiKey, model, isStream }: Reach): Promise<string> {
  const client = new OpenAI({ baseURL, apiKey, maxRetries: 0 })
  const input: ResponseInputItem[] = [{ role: 'user', content: QUESTION }]
  const tools = [
    { type: 'function' as const, name: NAME, description: DESCRIPTION, parameters, strict: true },
  ]
  for (let turn = 0; turn < MOST_TURNS; turn++) {
    const request = {
      model,
      input,
      tools,
      store: false,
      include: ['reasoning.encrypted_content' as const],
    }
    const response = isStream
      ? await client.responses.stream(request).finalResponse()
      : await client.responses.create(request)
    input.push(...(response.output as ResponseInputItem[]))
    const calls = response.output.flatMap((item) => (item.type === 'function_call' ? [item] : []))
    if (calls.length === 0) return response.output_text
    for (const call of calls)
      input.push({
        type: 'function_call_output',
        call_id: call.call_id,
        output: weather(JSON.parse(call.arguments) as { city: string }),
      })
  }
  throw new Error('the loop did not end')
}

async function anthropicSdk({ baseURL, apiKey, model, isStream }: Reach): Promise<string> {
  const client = new Anthropic({ baseURL: baseURL.replace(/\/v1$/, ''), apiKey, maxRetries: 0 })
  const messages: Anthropic.MessageParam[] = [{ role: 'user', content: QUESTION }]
  for (let turn = 0; turn < MOST_TURNS; turn++) {
    const request = {
      model,
      max_tokens: 1000,
      messages,
      tools: [{ name: NAME, description: DESCRIPTION, input_schema: parameters }],
    }
    const message = isStream
      ? await client.messages.stream(request).finalMessage()
      : await client.messages.create(request)
    messages.push({ role: 'assistant', content: message.content })
    const calls = message.content.filter((block) => block.type === 'tool_use')
    if (calls.length === 0)
      return message.content.map((block) => (block.type === 'text' ? block.text : '')).join('')
    messages.push({
      role: 'user',
      content: calls.map((call) => ({
        type: 'tool_result',
        tool_use_id: call.id,
        content: weather(call.input as { city: string }),
      })),
    })
  }
  throw new Error('the loop did not end')
}

async function googleGenai({ baseURL, apiKey, model, isStream }: Reach): Promise<string> {
  const client = new GoogleGenAI({ apiKey, httpOptions: { baseUrl: baseURL.replace(/\/v1$/, '') } })
  const contents: Content[] = [{ role: 'user', parts: [{ text: QUESTION }] }]
  const config = {
    tools: [
      {
        functionDeclarations: [
          { name: NAME, description: DESCRIPTION, parametersJsonSchema: parameters },
        ],
      },
    ],
  }
  for (let turn = 0; turn < MOST_TURNS; turn++) {
    const request = { model, contents, config }
    const responses: GenerateContentResponse[] = []
    if (isStream)
      for await (const chunk of await client.models.generateContentStream(request))
        responses.push(chunk)
    else responses.push(await client.models.generateContent(request))
    const parts = responses.flatMap((response) => response.candidates?.[0]?.content?.parts ?? [])
    contents.push({ role: 'model', parts })
    const calls = parts.flatMap((part) => part.functionCall ?? [])
    if (calls.length === 0)
      return parts.map((part) => (part.thought === true ? '' : (part.text ?? ''))).join('')
    contents.push({ role: 'user', parts: calls.map(functionResponse) })
  }
  throw new Error('the loop did not end')
}

function functionResponse({ id, name, args }: FunctionCall): Part {
  return {
    functionResponse: {
      ...(id !== undefined && { id }),
      name: name ?? '',
      response: { output: weather(args as { city: string }) },
    },
  }
}

/** The AI SDK runs the loop itself. */
function aiSdk(modelOf: (reach: Reach) => LanguageModel): ToolLoopClient {
  return async (reach) => {
    const tools = {
      [NAME]: aiTool({ description: DESCRIPTION, inputSchema: shape, execute: weather }),
    }
    // Unless told otherwise it sends only the ids of items that it believes are stored at OpenAI.
    const providerOptions = { openai: { store: false } }
    const request = {
      model: modelOf(reach),
      prompt: QUESTION,
      tools,
      stopWhen: stepCountIs(MOST_TURNS),
      maxRetries: 0,
      providerOptions,
    }
    if (!reach.isStream) return (await generateText(request)).text
    const failures: unknown[] = []
    const result = streamText({ ...request, onError: ({ error }) => void failures.push(error) })
    const text = await result.text
    if (failures.length > 0) throw failures[0]
    return text
  }
}

/** So does the agents SDK. */
function agents(useResponses: boolean): ToolLoopClient {
  return async ({ baseURL, apiKey, model, isStream }) => {
    setTracingDisabled(true)
    const openAIClient = new OpenAI({ baseURL, apiKey, maxRetries: 0 })
    const execute = (input: { city: string }): Promise<string> => Promise.resolve(weather(input))
    const agent = new Agent({
      name: 'Forecaster',
      instructions: 'Answer briefly.',
      model,
      tools: [agentTool({ name: NAME, description: DESCRIPTION, parameters: shape, execute })],
    })
    const runner = new Runner({ modelProvider: new OpenAIProvider({ openAIClient, useResponses }) })
    if (!isStream)
      return (await runner.run(agent, QUESTION, { maxTurns: MOST_TURNS })).finalOutput ?? ''
    const result = await runner.run(agent, QUESTION, { stream: true, maxTurns: MOST_TURNS })
    await result.completed
    return result.finalOutput ?? ''
  }
}

async function gathered(stream: AsyncIterable<AIMessageChunk>): Promise<AIMessageChunk> {
  let whole: AIMessageChunk | undefined
  for await (const chunk of stream) whole = whole === undefined ? chunk : whole.concat(chunk)
  if (whole === undefined) throw new Error('no chunk')
  return whole
}

function langchain(useResponsesApi: boolean): ToolLoopClient {
  return async ({ baseURL, apiKey, model, isStream }) => {
    const tools = [
      { type: 'function' as const, function: { name: NAME, description: DESCRIPTION, parameters } },
    ]
    const chat = new ChatOpenAI({
      model,
      apiKey,
      maxRetries: 0,
      useResponsesApi,
      configuration: { baseURL },
    }).bindTools(tools)
    const messages: BaseMessage[] = [new HumanMessage(QUESTION)]
    for (let turn = 0; turn < MOST_TURNS; turn++) {
      const message = isStream
        ? await gathered(await chat.stream(messages))
        : await chat.invoke(messages)
      messages.push(message)
      if (message.tool_calls === undefined || message.tool_calls.length === 0) return message.text
      for (const call of message.tool_calls) {
        messages.push(
          new ToolMessage({
            tool_call_id: call.id ?? '',
            content: weather(call.args as { city: string }),
          }),
        )
      }
    }
    throw new Error('the loop did not end')
  }
}

/** Every client by name. */
export const toolLoopClients: Readonly<Record<string, ToolLoopClient>> = {
  'openai chat': openaiChat,
  'openai responses': openaiResponses,
  '@anthropic-ai/sdk': anthropicSdk,
  '@google/genai': googleGenai,
  '@ai-sdk/openai-compatible': aiSdk(({ baseURL, apiKey, model }) =>
    createOpenAICompatible({ name: 'postern', baseURL, apiKey })(model),
  ),
  '@ai-sdk/openai chat': aiSdk(({ baseURL, apiKey, model }) =>
    createOpenAI({ baseURL, apiKey }).chat(model),
  ),
  '@ai-sdk/openai responses': aiSdk(({ baseURL, apiKey, model }) =>
    createOpenAI({ baseURL, apiKey })(model),
  ),
  '@ai-sdk/anthropic': aiSdk(({ baseURL, apiKey, model }) =>
    createAnthropic({ baseURL, apiKey })(model),
  ),
  '@openai/agents chat': agents(false),
  '@openai/agents responses': agents(true),
  '@langchain/openai chat': langchain(false),
  '@langchain/openai responses': langchain(true),
}
