import Anthropic from '@anthropic-ai/sdk'
import { GoogleGenAI } from '@google/genai'
import OpenAI from 'openai'
import { CLIENT_KEY } from './chain.ts'

/**
 * Streams one answer with an official client; gives its text, and throws what the client throws.
 */
export type StreamingClient = (origin: string) => Promise<string>

const QUESTION = 'Hello'
const MODEL = 'chain'

async function openaiChat(origin: string): Promise<string> {
  const client = new OpenAI({ baseURL: `${origin}/v1`, apiKey: CLIENT_KEY, maxRetries: 0 })
  const completion = await client.chat.completions
    .stream({ model: MODEL, messages: [{ role: 'user', content: QUESTION }] })
    .finalChatCompletion()
  return completion.choices[0]?.message.content ?? ''
}

async function openaiResponses(origin: string): Promise<string> {
  const client = new OpenAI({ baseURL: `${origin}/v1`, apiKey: CLIENT_KEY, maxRetries: 0 })
  const response = await client.responses
    .stream({ model: MODEL, input: QUESTION, store: false })
    .finalResponse()
  return response.output_text
}

async function anthropic(origin: string): Promise<string> {
  const client = new Anthropic({ baseURL: origin, apiKey: CLIENT_KEY, maxRetries: 0 })
  const message = await client.messages
    .stream({ model: MODEL, max_tokens: 1000, messages: [{ role: 'user', content: QUESTION }] })
    .finalMessage()
  return message.content.map((block) => (block.type === 'text' ? block.text : '')).join('')
}

async function googleGenai(origin: string): Promise<string> {
  const client = new GoogleGenAI({ apiKey: CLIENT_KEY, httpOptions: { baseUrl: origin } })
  let text = ''
  for await (const chunk of await client.models.generateContentStream({
    model: MODEL,
    contents: QUESTION,
  }))
    text += chunk.text ?? ''
  return text
}

export const streamingClients = {
  'OpenAI chat': openaiChat,
  'OpenAI responses': openaiResponses,
  Anthropic: anthropic,
  'Google GenAI': googleGenai,
} as const satisfies Record<string, StreamingClient>
